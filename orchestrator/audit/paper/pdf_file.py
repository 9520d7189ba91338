"""Just enough of PDF 1.7: pages of text in the standard fonts, rectangles and lines. The same bytes for the same pages.

The standard fonts need not be embedded; Helvetica's widths are from Adobe's metrics (``helvetica.json``, WinAnsi codes
from 32 on, thousandths of the size).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

Font = Literal["Helvetica", "Helvetica-Bold", "Courier"]
FONTS: tuple[Font, ...] = ("Helvetica", "Helvetica-Bold", "Courier")
WIDTH, HEIGHT = 595.28, 841.89
"""A4, in points."""
_COURIER = 600


@cache
def _widths() -> dict[str, list[int]]:
    data = files("orchestrator.audit.paper").joinpath("helvetica.json").read_text("utf-8")
    return {str(name): list(map(int, found)) for name, found in json.loads(data).items()}


def encoded(text: str) -> bytes:
    """In the fonts' encoding; what it lacks is a question mark, and no control character goes through."""
    data = text.encode("cp1252", "replace")
    return bytes(code if code >= 32 else 32 for code in data)


def width_of(text: str, font: Font, size: float) -> float:
    """In points."""
    data = encoded(text)
    if font == "Courier":
        return len(data) * _COURIER * size / 1000
    widths = _widths()[font]
    return sum(widths[code - 32] for code in data) * size / 1000


class Page:
    """One page. x from the left, y from the top, in points; colours are ``#rrggbb``."""

    def __init__(self) -> None:
        self._operators: list[bytes] = []

    def text(self, x: float, y: float, text: str, font: Font, size: float, colour: str) -> None:
        """One line, whose baseline is at ``y``."""
        safe = encoded(text).replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        place = f"BT {_colour(colour)} rg /F{FONTS.index(font) + 1} {_n(size)} Tf {_n(x)} {_n(HEIGHT - y)} Td ("
        self._operators.append(place.encode() + safe + b") Tj ET")

    def rectangle(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Filled; ``y`` is its upper edge."""
        corner = f"{_n(x)} {_n(HEIGHT - y - height)} {_n(width)} {_n(height)}"
        self._operators.append(f"{_colour(colour)} rg {corner} re f".encode())

    def line(self, x: float, y: float, to_x: float, to_y: float, colour: str, thick: float = 0.5) -> None:
        """Straight."""
        ends = f"{_n(x)} {_n(HEIGHT - y)} m {_n(to_x)} {_n(HEIGHT - to_y)} l"
        self._operators.append(f"{_colour(colour)} RG {_n(thick)} w {ends} S".encode())

    @property
    def content(self) -> bytes:
        return b"\n".join(self._operators)


def pdf_file(pages: Sequence[Page], title: str, language: str) -> bytes:
    """The file. It names no time of making and has no random id."""
    fonts = " ".join(f"/F{place} {place + 4} 0 R" for place in range(1, len(FONTS) + 1))
    first = 5 + len(FONTS)
    kids = " ".join(f"{first + 2 * place} 0 R" for place in range(len(pages)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) /ViewerPreferences << /DisplayDocTitle true >> >>".encode(),
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        b"<< /Title <" + (b"\xfe\xff" + title.encode("utf-16-be")).hex().encode() + b"> /Producer (LoRAnchor) >>",
        f"<< /Font << {fonts} >> >>".encode(),
    ]
    objects += [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode() for name in FONTS
    ]
    for place, page in enumerate(pages):
        box = f"/MediaBox [0 0 {_n(WIDTH)} {_n(HEIGHT)}] /Resources 4 0 R /Contents {first + 2 * place + 1} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} >>".encode())
        data = zlib.compress(page.content, 9)
        head = f"<< /Length {len(data)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + data + b"\nendstream")
    return _numbered(objects)


def _numbered(objects: Sequence[bytes]) -> bytes:
    """Objects from 1 on, and the table of where each begins."""
    made = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, item in enumerate(objects, start=1):
        places.append(len(made))
        made += f"{number} 0 obj\n".encode() + item + b"\nendobj\n"
    table = len(made)
    made += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    made += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    made += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 3 0 R >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(made)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _colour(name: str) -> str:
    return " ".join(_n(int(name[at : at + 2], 16) / 255) for at in (1, 3, 5))
