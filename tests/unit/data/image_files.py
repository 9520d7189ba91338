"""Small files in the formats of real image sets."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

CLASSES = 10


def idx(array: np.ndarray) -> bytes:
    """A uint8 array as an idx file has it."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes((0, 0, 8, array.ndim)) + sizes + array.astype(np.uint8).tobytes()


def pictures_of(
    count: int, seed: int, size: int = 28, classes: int = CLASSES, every: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Grey squares that a network can tell apart: each class is bright in a stripe of its own; pixels and labels.

    Args:
        classes: how many of ten there are images of.
        every: one in so many images of class 0 shows another class, so that it can only be learnt by heart; 0: none.
    """
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    pixels = draw.integers(0, 60, (count, size, size))
    for place, label in enumerate(labels):
        shown = 1 if every and label == 0 and place // classes % every == 0 else label
        pixels[place, :, 2 * shown : 2 * shown + 3] += 150
    return pixels.astype(np.uint8), labels.astype(np.uint8)


def fashion_folder(
    folder: Path,
    training: int = 40,
    test: int = 20,
    *,
    packed: bool = True,
    size: int = 28,
    classes: int = CLASSES,
    every: int = 0,
) -> Path:
    """A folder as the set-up lays out Fashion-MNIST, with stripes in it; ``every`` is of the training images only."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (part, count) in enumerate((("train", training), ("t10k", test))):
        pixels, labels = pictures_of(count, seed, size, classes, every if part == "train" else 0)
        for name, array in ((f"{part}-images-idx3-ubyte", pixels), (f"{part}-labels-idx1-ubyte", labels)):
            content = idx(array)
            (folder / f"{name}.gz" if packed else folder / name).write_bytes(
                gzip.compress(content, mtime=0) if packed else content
            )
    return folder


def cifar_records(labels: list[list[int]], seed: int = 0) -> bytes:
    """Records with these label bytes and random pixels."""
    draw = np.random.default_rng(seed)
    return b"".join(bytes(item) + draw.integers(0, 256, 3072, dtype=np.uint8).tobytes() for item in labels)
