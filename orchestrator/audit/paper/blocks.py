"""The parts of a report, the same for a page and for paper."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Tone = Literal["good", "bad", "mark", "plain"]


@dataclass(frozen=True)
class Title:
    """What stands on top. ``facts``: name and value, one line each."""

    brand: str
    text: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Verdict:
    """The answer, in a box."""

    tone: Tone
    headline: str
    text: str


@dataclass(frozen=True)
class Tiles:
    """A few figures: name, value, note."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Heading:
    """A chapter. ``fresh``: on a page of its own, on paper."""

    text: str
    fresh: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A few sentences; ``tone`` other than plain puts them in a box."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """A cell of a table: a badge where it has a tone, and what is set small below."""

    text: str
    tone: Tone = "plain"
    small: str = ""


@dataclass(frozen=True)
class Table:
    """``widths`` are shares of the line; columns in ``right`` are figures, those in ``code`` digests and the like."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[float, ...]
    right: frozenset[int] = frozenset()
    code: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its parts in the order of the chart's series, and what is written at its end."""

    name: str
    parts: tuple[float, ...]
    label: str


@dataclass(frozen=True)
class Bars:
    """A chart of horizontal bars. ``series``: names of the parts, by colour. ``described``: for who cannot see it."""

    title: str
    series: tuple[str, ...]
    bars: tuple[Bar, ...]
    described: str


Block = Title | Verdict | Tiles | Heading | Paragraph | Bullets | Table | Bars


@dataclass(frozen=True)
class Paper:
    """A report.

    Attributes:
        language: ``en`` or ``ja``. footer: on every page of paper. about: what the file says of itself.
    """

    language: str
    title: str
    footer: str
    blocks: tuple[Block, ...] = field(default_factory=tuple)
