"""Cases to attack: a freshly made network, one member's key, and one image with its class.

Networks are as yet untrained, which is when most leaks. A LeNet has weights and biases U(−½, ½), as in the authors'
code of arXiv 1906.08935; a ResNet has its own. Five cases in a row share a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from orchestrator.attacks.inversion.victim import ImageVictim
from orchestrator.data.images import Pictures, load_images
from orchestrator.data.images.photographs import NAMES, patches
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.models.images import build
from orchestrator.models.seeded import seeded_uniform
from orchestrator.privacy.keylock.layer import KEY_LENGTH, Lockable, is_lock

FASHION, PHOTOGRAPHS = "fashion-mnist", "photographs"
SETS = (FASHION, PHOTOGRAPHS)
VICTIMS, OTHERS = NAMES[:2], NAMES[2:]
"""Photographs that are attacked, and those that a generator may learn from."""
EVERY = 8
"""Pixels between the patches that a generator learns from."""
SHARING = 5
"""Cases that share a network."""
BOUND = 0.5


@dataclass(frozen=True)
class Case:
    """One image of a victim: pixels float64 [1, *shape] in [0, 1], label int64 [1]."""

    victim: ImageVictim
    image: Tensor
    label: Tensor


def case(data: str, network: str, number: int, *, locked: bool, seed: int = 0, folder: Path | None = None) -> Case:
    """The case of that number.

    Args:
        data: of :data:`SETS`. network: as of :func:`orchestrator.models.images.build`. number: from 0.
        seed: of the order of images, networks and keys. folder: of the images; None is the cache.

    Raises:
        ConfigurationError: no such data or network. DataError: there are not so many images, or no files.
    """
    pictures = attacked(data, folder)
    if number >= len(pictures):
        raise DataError(f"{data} has {len(pictures)} images to attack, none has number {number}")
    place = int(torch.randperm(len(pictures), generator=torch.Generator().manual_seed(seed))[number])
    image = pictures.pixels[place : place + 1].double() / 255
    shape = (int(image.shape[1]), int(image.shape[2]), int(image.shape[3]))
    model = fresh(network, pictures.classes, shape, locked=locked, seed=1_000 * seed + number // SHARING)
    key = torch.rand(KEY_LENGTH, generator=torch.Generator().manual_seed(1_000 * seed + number)) if locked else None
    return Case(ImageVictim(model, shape, pictures.classes, key), image, pictures.labels[place : place + 1])


def fresh(network: str, classes: int, shape: tuple[int, int, int], *, locked: bool, seed: int) -> Lockable:
    """An untrained network; the shared weights of one with a lock are those of one without."""
    model = build(network, classes, shape[0], locked, side=shape[1], seed=seed)
    if network.startswith("lenet"):
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if not is_lock(name):
                    known = name.replace(".conv.", ".")
                    parameter.copy_(seeded_uniform(seed, known, tuple(parameter.shape), BOUND / 3**0.5))
    return model


@lru_cache(maxsize=4)
def attacked(data: str, folder: Path | None = None) -> Pictures:
    """Images that members of the evaluation train on: test images, or patches of the first photographs."""
    _check(data)
    return load_images(FASHION, folder)[1] if data == FASHION else patches(VICTIMS, folder)


def others(data: str, folder: Path | None = None) -> Pictures:
    """Images of the same kind that a generator may learn from, and no victim has."""
    _check(data)
    return load_images(FASHION, folder)[0] if data == FASHION else patches(OTHERS, folder, every=EVERY)


def _check(data: str) -> None:
    if data not in SETS:
        raise ConfigurationError(f"no images {data!r} to attack", mend=f"choose one of {', '.join(SETS)}")
