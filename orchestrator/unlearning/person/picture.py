"""A support picture from a file into memory, and nowhere else: nothing here writes, logs or names what it read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from orchestrator.errors import DataError, EnvironmentMissing

MOST_BYTES = 20 * 2**20
MOST_PIXELS = 40_000_000


def read_picture(path: Path, channels: int, height: int, width: int) -> Tensor:
    """uint8 (1, channels, height, width), cut to the middle in the shape asked for and brought to its size.

    Args:
        channels: 1 for grey, 3 for colour.

    Raises:
        DataError: the file cannot be read, is larger than 20 MiB or 40 million pixels, or is no picture.
        EnvironmentMissing: Pillow is not installed.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise EnvironmentMissing("Pillow is not installed", mend="pip install 'loranchor[privacy]'") from error
    content = _content(path)
    try:
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise DataError(f"{path} has {opened.width}×{opened.height} pixels", mend="give a smaller picture")
            pixels = np.asarray(opened.convert("L" if channels == 1 else "RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} is no picture that can be read", mend="give a JPEG, PNG or PGM file") from error
    whole = torch.from_numpy(pixels.copy()).reshape(*pixels.shape[:2], channels).permute(2, 0, 1).unsqueeze(0)
    return fitted(whole, height, width)


def fitted(pixels: Tensor, height: int, width: int) -> Tensor:
    """The middle of pictures (…, height, width) in this shape, each new pixel the mean of what it covers."""
    high, wide = pixels.shape[-2:]
    tall = min(high, max(1, round(wide * height / width)))
    broad = min(wide, max(1, round(high * width / height)))
    top, left = (high - tall) // 2, (wide - broad) // 2
    middle = pixels[..., top : top + tall, left : left + broad].float()
    return functional.interpolate(middle, (height, width), mode="area").round().clamp(0, 255).to(torch.uint8)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}", mend="check the file") from error
    if len(content) > MOST_BYTES:
        raise DataError(f"{path} is larger than {MOST_BYTES // 2**20} MiB", mend="give a smaller picture")
    return content
