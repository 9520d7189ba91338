"""Colour patches: crops of a few photographs that come with scikit-image, 32×32 unless told.

They stand in for CIFAR, which no package carries. The class of a patch is the photograph it was cut from, so that there
are as many classes as photographs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from orchestrator.cache import cache_folder
from orchestrator.data.images.pictures import Pictures
from orchestrator.errors import DataError, EnvironmentMissing

NAMES = ("astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "rocket.jpg")
"""All of them, in the order of their classes."""
SIDE = 32
HALVED = 3
"""How many times smaller photographs are made before, so that a patch shows more than a surface."""
LEAST = 0.12
"""Standard deviation, of pixels in [0, 1], from which a patch shows something."""


def patches(
    names: Sequence[str] = NAMES, folder: Path | None = None, *, side: int = SIDE, every: int | None = None
) -> Pictures:
    """All patches of these photographs that show something, photograph by photograph, row by row.

    Args:
        folder: where the files are; None is the cache.
        every: pixels from one patch to the next; None for ``side``, where patches do not overlap.

    Raises:
        DataError: a photograph is not there or is none, or no patch shows anything.
        EnvironmentMissing: Pillow is not installed.
    """
    place = folder or cache_folder() / "data" / "photographs"
    cut = [(_cut(_photograph(place / name), side, every or side), NAMES.index(name)) for name in names]
    pixels = np.concatenate([found for found, _ in cut])
    labels = np.concatenate([np.full(len(found), label) for found, label in cut])
    return Pictures.of(pixels, labels, len(NAMES))


def _photograph(path: Path) -> np.ndarray:
    """uint8 [height, width, 3], made smaller by means over squares."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise EnvironmentMissing(
            "reading photographs needs the package pillow", mend="install LoRAnchor with the extra privacy"
        ) from error
    try:
        with Image.open(path) as opened:
            whole = np.asarray(opened.convert("RGB"), dtype=np.float64)
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(
            f"{path} cannot be read as a photograph: {error}",
            mend="run `.venv/bin/python -m tools.fetch photographs`, or check the folder",
        ) from error
    height, width = (size // HALVED for size in whole.shape[:2])
    parts = whole[: height * HALVED, : width * HALVED].reshape(height, HALVED, width, HALVED, 3)
    smaller: np.ndarray = np.rint(parts.mean((1, 3))).astype(np.uint8)
    return smaller


def _cut(photograph: np.ndarray, side: int, every: int) -> np.ndarray:
    """uint8 [patches, 3, side, side]."""
    if min(photograph.shape[:2]) < side:
        raise DataError(f"a photograph of {photograph.shape[1]}×{photograph.shape[0]} has no patch of {side} pixels")
    windows = np.lib.stride_tricks.sliding_window_view(photograph, (side, side), axis=(0, 1))[::every, ::every]
    found = windows.reshape(-1, 3, side, side)
    telling: np.ndarray = found[found.reshape(len(found), -1).std(1) >= LEAST * 255]
    return telling
