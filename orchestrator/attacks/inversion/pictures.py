"""Reconstructions to look at: PNG files of small images, and sheets of them as SVG. Needs no other library."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import torch
from torch import Tensor

from orchestrator.errors import DataError

SIDE, GAP, LEFT, LINE = 56, 4, 230, 12
GREY = "#808080"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a sheet: what it is, PNG files (None where there is none), and what stands below each."""

    title: str
    images: Sequence[bytes | None]
    notes: Sequence[str] = ()


def png(image: Tensor) -> bytes:
    """A PNG file of pixels [channels, height, width] in [0, 1], grey or in colour.

    Raises:
        DataError: it has neither one nor three channels.
    """
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise DataError(f"no picture has the shape {tuple(image.shape)}: one or three channels, rows, columns")
    channels, height, width = image.shape
    bytes_ = (image.detach().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    lines = b"".join(b"\0" + line.tobytes() for line in bytes_)
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def sheet(title: str, rows: Sequence[Row]) -> str:
    """SVG text of rows of pictures, each enlarged without smoothing."""
    columns = max((len(row.images) for row in rows), default=0)
    high = SIDE + LINE + GAP
    size = f"{LEFT + columns * (SIDE + GAP)} {len(rows) * high + GAP}"
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img">']
    lines.append(f"<title>{escape(title)}</title>")
    lines.append(f"<desc>{escape('; '.join(_in_words(row) for row in rows))}</desc>")
    for number, row in enumerate(rows):
        lines += _row(row, number * high + GAP)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _in_words(row: Row) -> str:
    return f"{row.title}: {', '.join(row.notes)}" if row.notes else row.title


def _row(row: Row, y: int) -> list[str]:
    text = f'font-family="sans-serif" font-size="10" fill="{GREY}"'
    lines = [f'<text x="4" y="{y + SIDE // 2 + 3}" {text}>{escape(row.title)}</text>']
    for place, image in enumerate(row.images):
        x = LEFT + place * (SIDE + GAP)
        if image is None:
            lines.append(f'<rect x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{GREY}"/>')
        else:
            data = base64.b64encode(image).decode()
            lines.append(
                f'<image x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" style="image-rendering:pixelated" '
                f'href="data:image/png;base64,{data}"/>'
            )
        if place < len(row.notes):
            lines.append(
                f'<text x="{x + SIDE // 2}" y="{y + SIDE + LINE - 2}" text-anchor="middle" {text}>'
                f"{escape(row.notes[place])}</text>"
            )
    return lines


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
