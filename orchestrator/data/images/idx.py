"""Files in idx format, as MNIST and its successors come: a magic number, sizes, then bytes; packed by gzip or not.

Nothing of a file is believed before it is compared: sizes are bounded, and what follows them must be exactly so long.
Format: http://yann.lecun.com/exdb/mnist/ (section "The IDX file format").
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from orchestrator.errors import DataError

UNSIGNED_BYTE = 0x08
LARGEST = 1 << 30
"""Bytes of one file, unpacked; Fashion-MNIST has 47 million."""


def read_idx(path: Path, axes: int) -> np.ndarray:
    """The array of unsigned bytes in a file.

    Args:
        axes: how many it must have: 3 for grey images (count, rows, columns), 1 for labels.

    Returns:
        uint8, read-only, in the file's shape.

    Raises:
        DataError: no such file, not idx of unsigned bytes with so many axes, or cut short, or longer than it says.
    """
    content = _unpacked(path)
    start = 4 + 4 * axes
    if len(content) < start or content[:4] != bytes((0, 0, UNSIGNED_BYTE, axes)):
        raise DataError(f"{path} is no idx file of unsigned bytes with {axes} axes", mend="check the data folder")
    shape = tuple(int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes))
    if math.prod(shape) != len(content) - start:
        stated = "×".join(map(str, shape))
        raise DataError(f"{path} states {stated} bytes and holds {len(content) - start}", mend="fetch it again")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}", mend="check the data folder, or fetch it again") from error
    if len(content) > LARGEST:
        raise DataError(f"{path} unpacks to more than {LARGEST} bytes")
    return content
