"""Text and boxes one below the other, over as many pages as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from orchestrator.audit.paper.pdf_file import HEIGHT, WIDTH, Font, Page, encoded, width_of

MARGIN = 51.0
LINE = WIDTH - 2 * MARGIN
"""How wide a line of text is."""
TOP, BOTTOM = 50.0, HEIGHT - 54.0
_SUBSTITUTES = {"ε": "epsilon", "→": "to", "≥": "at least", "≤": "at most", "−": "-", "✓": "", "✗": "", "Σ": "sum of"}

Draw = Callable[[Page, float], None]


@dataclass(frozen=True)
class Piece:
    """What stays on one page.

    Attributes:
        height: in points. draw: puts it on a page with its upper edge at y. need: room that must be left on the page,
            for what has to follow. repeat: is drawn again where a page begins with this piece. blank: only room.
    """

    height: float
    draw: Draw
    need: float = 0.0
    repeat: Piece | None = None
    blank: bool = False


def space(height: float) -> Piece:
    """Room, which the top of a page does without."""
    return Piece(height, lambda page, y: None, blank=True)


def paged(pieces: Iterable[Piece]) -> list[Page]:
    """One below the other."""
    pages, y = [Page()], TOP
    for piece in pieces:
        if y + max(piece.height, piece.need) > BOTTOM and y > TOP:
            pages.append(Page())
            y = TOP
            if piece.repeat is not None:
                piece.repeat.draw(pages[-1], y)
                y += piece.repeat.height
        if piece.blank and y == TOP:
            continue
        piece.draw(pages[-1], y)
        y += piece.height
    return pages


@dataclass(frozen=True)
class Type:
    """How text looks. ``leading``: from line to line, in sizes."""

    size: float = 9.4
    colour: str = "#17202a"
    font: Font = "Helvetica"
    leading: float = 1.42

    @property
    def step(self) -> float:
        return self.size * self.leading


def plain(text: str) -> str:
    """What the standard fonts can write."""
    for letter, word in _SUBSTITUTES.items():
        text = text.replace(letter, word)
    return encoded(text).decode("cp1252", "replace")


def wrapped(text: str, look: Type, width: float, most: int = 400) -> list[str]:
    """Lines no wider than that; a word that is wider is cut. Of more than ``most`` lines the rest is left out."""
    lines, line = [], ""
    for word in plain(text).split(" "):
        tried = f"{line} {word}" if line else word
        if width_of(tried, look.font, look.size) <= width:
            line = tried
            continue
        if line:
            lines.append(line)
        *full, line = _cut(word, look, width)
        lines += full
    lines.append(line)
    return lines if len(lines) <= most else [*lines[: most - 1], "…"]


def _cut(word: str, look: Type, width: float) -> list[str]:
    """A word in parts that fit."""
    parts, part = [], ""
    for letter in word:
        if part and width_of(part + letter, look.font, look.size) > width:
            parts.append(part)
            part = ""
        part += letter
    return [*parts, part]


def write(page: Page, x: float, y: float, lines: Sequence[str], look: Type) -> float:
    """Lines from the upper edge ``y`` on; returns the lower edge."""
    for line in lines:
        page.text(x, y + look.size * 0.95, line, look.font, look.size, look.colour)
        y += look.step
    return y
