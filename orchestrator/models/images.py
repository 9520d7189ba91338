"""The networks for images, by name, with initial values that are the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from orchestrator.errors import ConfigurationError
from orchestrator.models.lenet import LeNet
from orchestrator.models.resnet_cifar import SHAPES, CifarResNet
from orchestrator.models.seeded import seeded_uniform
from orchestrator.models.vgg import Vgg16
from orchestrator.privacy.keylock.layer import Lockable, is_lock

_MAKERS: dict[str, Callable[[int, int, int, bool], Lockable]] = {
    "lenet": lambda classes, channels, side, locked: LeNet(classes, channels, side, locked=locked),
    "lenet-relu": lambda classes, channels, side, locked: LeNet(
        classes, channels, side, locked=locked, activation="relu"
    ),
    "resnet20": lambda classes, channels, _, locked: CifarResNet(SHAPES["resnet20"], classes, channels, locked=locked),
    "resnet18": lambda classes, channels, _, locked: CifarResNet(SHAPES["resnet18"], classes, channels, locked=locked),
    "vgg16": lambda classes, channels, _, locked: Vgg16(classes, channels, locked=locked),
}
NAMES = tuple(sorted(_MAKERS))


def build(name: str, classes: int, channels: int, locked: bool, *, side: int = 32, seed: int = 0) -> Lockable:
    """A network, called as ``net(images, net.locks(key))``, whether it is locked or not.

    Args:
        name: one of :data:`NAMES`. classes: of its last layer. channels: of an image.
        locked: with the key-lock; the shared parameters have the same values as without it.
        side: of a square image, pixels. seed: of the initial values, those of the lock included: a member draws its
            own lock from a secure generator (:mod:`orchestrator.privacy.keylock.keys`).

    Raises:
        ConfigurationError: no such network.
    """
    if name not in _MAKERS:
        raise ConfigurationError(f"no network {name!r}", mend=f"choose one of {', '.join(NAMES)}")
    net = _MAKERS[name](classes, channels, side, locked)
    shapes = {path: parameter.shape for path, parameter in net.named_parameters()}
    with torch.no_grad():
        for path, parameter in net.named_parameters():
            weight = shapes[path.removesuffix("bias") + "weight"] if path.endswith("bias") else parameter.shape
            parameter.copy_(_initial(path, parameter, math.prod(weight[1:]), seed))
    return net


def _initial(path: str, parameter: Tensor, fan_in: int, seed: int) -> Tensor:
    """Convolutions with He's deviation; layers and locks, biases of these too, as torch does, U(±1/√fan-in)."""
    shape = tuple(parameter.shape)
    if parameter.ndim < 2 and not is_lock(path):
        return torch.zeros(shape) if path.endswith("bias") else torch.ones(shape)
    gain = 2.0 if parameter.ndim == 4 else 1.0 / 3.0
    return seeded_uniform(seed, _shared_name(path), shape, math.sqrt(gain / fan_in))


def _shared_name(path: str) -> str:
    """One name for a convolution with and without its lock."""
    return path.replace(".conv.", ".").replace(".0.weight", ".weight")
