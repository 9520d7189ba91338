"""The lock of a convolution: its normalised output is scaled and shifted by γ and β, which follow from a secret key.

H. Ren and others, "Gradient Leakage Defense with Key-Lock Module for Federated Learning", arXiv:2305.04095, and the
authors' code (Rand2AI/FedKL, ``backbone/KL_layer_block.py``). With normalisation without affine parameters,

    γ = act(W_s · k_γ + b_s),   β = act(W_b · k_β + b_b),   out = γ ⊙ norm(conv(x)) + β.

In a chain, the first layer takes the member's key as both of its keys, and each later one takes γ and β of the one
before it. γ and β do not depend on the images, so a network computes them before its forward pass: ``locks(key)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from orchestrator.errors import ConfigurationError

KEY_LENGTH = 1024
"""Entries of a key, each uniform in [0, 1)."""
NAMES = frozenset({"scale_fc", "shift_fc"})
"""The lock's own modules: what they hold is never sent."""

Activation = Literal["relu", "sigmoid"]
Lock = tuple[Tensor, Tensor]
"""γ and β [channels] of one layer."""
Locks = tuple[Lock, ...]
"""Of every locked layer of a network, in the order of its forward pass."""


class LockedConv(nn.Module):
    """Convolution, batch normalisation without affine parameters, and the lock.

    Args:
        key_length: entries of each of its two keys: :data:`KEY_LENGTH` where the chain begins, then the channels of
            the locked layer before it.
        before: channels of its input. after: of its output.
        activation: of γ and β; the paper's default is ReLU.
    """

    def __init__(
        self,
        key_length: int,
        before: int,
        after: int,
        kernel: int,
        stride: int = 1,
        padding: int = 0,
        *,
        bias: bool = True,
        activation: Activation = "relu",
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, stride, padding, bias=bias)
        self.norm = nn.BatchNorm2d(after, affine=False)
        self.scale_fc = nn.Linear(key_length, after)
        self.shift_fc = nn.Linear(key_length, after)
        self.activation = activation

    def lock(self, scale_key: Tensor, shift_key: Tensor) -> Lock:
        """γ and β [after] of two keys [key_length]."""
        activate = torch.relu if self.activation == "relu" else torch.sigmoid
        return activate(self.scale_fc(scale_key)), activate(self.shift_fc(shift_key))

    def forward(self, values: Tensor, lock: Lock) -> Tensor:
        """Images [batch, before, height, width] to [batch, after, …] under γ and β."""
        norm, training = self.norm, self.norm.training
        if training and norm.num_batches_tracked is not None:
            norm.num_batches_tracked.add_(1)
        # γ and β in the place of affine parameters: the same formula, at a third of the lock's cost in time or less
        return functional.batch_norm(
            self.conv(values), norm.running_mean, norm.running_var, *lock, training, norm.momentum or 0.0, norm.eps
        )


class Lockable(nn.Module):
    """A network with locked layers, or with none: ``net(images, net.locks(key))`` fits both."""

    def locked_layers(self) -> list[LockedConv]:
        """In the order of the forward pass, which is the one in which a network makes its modules."""
        return [module for module in self.modules() if isinstance(module, LockedConv)]

    def locks(self, key: Tensor) -> Locks:
        """γ and β of each locked layer for a key [KEY_LENGTH]; of the chain's first both keys are ``key``."""
        locks: list[Lock] = []
        keys = (key, key)
        for layer in self.locked_layers():
            keys = layer.lock(*keys)
            locks.append(keys)
        return tuple(locks)

    def turns(self, locks: Locks) -> Iterator[Lock]:
        """The locks one after another, for a forward pass.

        Raises:
            ConfigurationError: not as many as this network has locked layers.
        """
        wanted = len(self.locked_layers())
        if len(locks) != wanted:
            raise ConfigurationError(
                f"{len(locks)} locks for a network with {wanted} locked layers", mend="give net.locks(key)"
            )
        return iter(locks)


def through(layer: nn.Module, values: Tensor, locks: Iterator[Lock]) -> Tensor:
    """A layer's output; a locked layer takes its turn of the locks."""
    output: Tensor = layer(values, next(locks)) if isinstance(layer, LockedConv) else layer(values)
    return output


def is_lock(name: str) -> bool:
    """Whether a parameter of that name belongs to a lock."""
    return not NAMES.isdisjoint(name.split("."))


def split(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """A network's tensors by name, as (what others may see, the lock's)."""
    return _chosen(tensors, lock=False), _chosen(tensors, lock=True)


def _chosen(tensors: Mapping[str, Tensor], *, lock: bool) -> dict[str, Tensor]:
    names: Iterable[str] = (name for name in tensors if is_lock(name) is lock)
    return {name: tensors[name] for name in names}
