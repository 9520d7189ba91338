"""CIFAR-10 and CIFAR-100 in their *binary* version: records of one or two label bytes and 3,072 bytes of pixels.

The python version is a pickle, which runs whatever its author wrote; it is not read. A. Krizhevsky, "Learning Multiple
Layers of Features from Tiny Images", 2009; https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from orchestrator.errors import DataError

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
LARGEST = 1 << 28
"""Bytes of one file; the largest of the real ones has 154 million."""


def read_records(files: Sequence[Path], labels: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """All records of these files, in order.

    Args:
        labels: label bytes at the beginning of a record; the last one counts (CIFAR-100: coarse, then fine).
        classes: how many the last label may name.

    Returns:
        Pixels uint8 [images, 3, 32, 32], labels uint8 [images].

    Raises:
        DataError: a file is not there, does not consist of whole records, or has a label out of range.
    """
    parts = [_records(file, labels + PIXELS) for file in files]
    records = np.concatenate(parts)
    named = records[:, labels - 1]
    if int(named.max()) >= classes:
        raise DataError(
            f"{files[0].parent} has label {int(named.max())}, but {classes} classes", mend="check which data set it is"
        )
    return records[:, labels:].reshape(-1, *SHAPE), named


def _records(file: Path, size: int) -> np.ndarray:
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise DataError(
            f"{file} cannot be read: {error.strerror or error}", mend="unpack the *binary* version there"
        ) from error
    if not content or len(content) % size or len(content) > LARGEST:
        raise DataError(
            f"{file} has {len(content)} bytes, no number of records of {size}", mend="unpack the *binary* version there"
        )
    return np.frombuffer(content, dtype=np.uint8).reshape(-1, size)
