"""A report on paper: A4, the same bytes for the same report, with nothing to install."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from orchestrator.audit.paper.bars import THICK, laid_out
from orchestrator.audit.paper.blocks import (
    Bars,
    Block,
    Bullets,
    Cell,
    Heading,
    Paper,
    Paragraph,
    Table,
    Tiles,
    Title,
    Tone,
    Verdict,
)
from orchestrator.audit.paper.flow import LINE, MARGIN, Piece, Type, paged, space, wrapped, write
from orchestrator.audit.paper.pdf_file import HEIGHT, WIDTH, Page, pdf_file, width_of
from orchestrator.errors import ConfigurationError

SOFT, RULE, ACCENT, PALE = "#55616d", "#dfe4e7", "#0d6470", "#f2f6f7"
TONES: dict[Tone, tuple[str, str]] = {
    "good": ("#17703a", "#e8f5ec"),
    "bad": ("#b3261e", "#fdeceb"),
    "mark": ("#8a4b08", "#fdf3e3"),
    "plain": ("#17202a", "#ffffff"),
}
"""Ink and paper."""
SERIES = ("#0d6470", "#c98a2b", "#b9c4ca")
BODY = Type()
SMALL = Type(7.4, SOFT, leading=1.35)
CELL_LINES = 40
"""Of a cell at the most."""


def pdf_of(paper: Paper) -> bytes:
    """The document.

    Raises:
        ConfigurationError: its language needs letters that the standard fonts lack.
    """
    if paper.language != "en":
        raise ConfigurationError(
            f"no font is packaged for a PDF in {paper.language!r}", mend="make the HTML page, and print it to PDF"
        )
    pages = paged(piece for block in paper.blocks for piece in _pieces(block))
    for number, page in enumerate(pages, start=1):
        _furniture(page, paper.footer, f"{number} / {len(pages)}")
    return pdf_file(pages, paper.title, paper.language)


def _furniture(page: Page, footer: str, number: str) -> None:
    page.rectangle(0, 0, WIDTH, 7, ACCENT)
    page.line(MARGIN, HEIGHT - 42, MARGIN + LINE, HEIGHT - 42, RULE)
    look = Type(7.5, SOFT)
    write(page, MARGIN, HEIGHT - 36, wrapped(footer, look, LINE - 40)[:1], look)
    write(page, MARGIN + LINE - width_of(number, look.font, look.size), HEIGHT - 36, [number], look)


def _pieces(block: Block) -> Iterator[Piece]:
    match block:
        case Title():
            yield from _title(block)
        case Verdict():
            look = Type(15, TONES[block.tone][0], "Helvetica-Bold", 1.3)
            yield _box(((block.headline, look), (block.text, BODY)), block.tone)
            yield space(12)
        case Tiles():
            yield _tiles(block)
            yield space(6)
        case Heading():
            yield space(13)
            yield from _lines(block.text, Type(12.5, font="Helvetica-Bold"), need=300 if block.fresh else 180)
            yield space(3)
        case Paragraph(text=text, tone="plain"):
            yield from _lines(text, BODY)
            yield space(5)
        case Paragraph(text=text, tone=tone):
            yield space(5)
            yield _box(((text, BODY),), tone)
        case Bullets():
            for item in block.items:
                yield from _bullet(item)
        case Table():
            yield from _table(block)
            yield space(6)
        case Bars():
            yield _chart(block)
            yield from _lines(block.described, Type(8.4, SOFT))


def _lines(text: str, look: Type, need: float = 0.0) -> Iterator[Piece]:
    for line in wrapped(text, look, LINE):
        yield Piece(look.step, _writing(MARGIN, [line], look), need)
        need = 0.0


def _writing(x: float, lines: Sequence[str], look: Type) -> Callable[[Page, float], None]:
    def draw(page: Page, y: float) -> None:
        write(page, x, y, lines, look)

    return draw


def _title(block: Title) -> Iterator[Piece]:
    yield from _lines(block.brand, Type(9.5, ACCENT, "Helvetica-Bold"))
    yield from _lines(block.text, Type(18.5, font="Helvetica-Bold", leading=1.3))
    yield space(6)
    left, look = LINE * 0.2, Type(8.4, leading=1.45)
    for name, value in block.facts:
        lines = wrapped(value, look, LINE - left)

        def draw(page: Page, y: float, name: str = name, lines: Sequence[str] = lines) -> None:
            write(page, MARGIN, y, [name], Type(8.4, SOFT))
            write(page, MARGIN + left, y, lines, look)

        yield Piece(look.step * len(lines) + 2, draw)
    yield space(10)


def _box(parts: Sequence[tuple[str, Type]], tone: Tone) -> Piece:
    ink, paper = TONES[tone]
    set_ = [(wrapped(text, look, LINE - 26), look) for text, look in parts]
    height = sum(len(lines) * look.step for lines, look in set_) + 18

    def draw(page: Page, y: float) -> None:
        page.rectangle(MARGIN, y, LINE, height, paper)
        page.rectangle(MARGIN, y, 3.5, height, ink)
        y += 8
        for lines, look in set_:
            y = write(page, MARGIN + 14, y, lines, look)

    return Piece(height, draw)


def _tiles(block: Tiles) -> Piece:
    gap = 9.0
    width = (LINE - gap * (len(block.items) - 1)) / len(block.items)
    name, note, value = Type(8, SOFT, leading=1.3), SMALL, Type(19, font="Helvetica-Bold", leading=1.25)
    cells = [
        (figure, wrapped(what, name, width - 14), wrapped(more, note, width - 14)) for what, figure, more in block.items
    ]
    height = 14 + value.step + max(len(what) * name.step + len(more) * note.step for _, what, more in cells)

    def draw(page: Page, y: float) -> None:
        for place, (figure, what, more) in enumerate(cells):
            x = MARGIN + place * (width + gap)
            page.rectangle(x, y, width, height, PALE)
            page.rectangle(x, y, width, 2, ACCENT)
            below = write(page, x + 8, y + 7, [figure], value)
            write(page, x + 8, write(page, x + 8, below, what, name), more, note)

    return Piece(height, draw)


def _bullet(text: str) -> Iterator[Piece]:
    for place, line in enumerate(wrapped(text, BODY, LINE - 12)):

        def draw(page: Page, y: float, line: str = line, first: bool = not place) -> None:
            if first:
                write(page, MARGIN + 1, y, ["•"], Type(colour=ACCENT))
            write(page, MARGIN + 12, y, [line], BODY)

        yield Piece(BODY.step, draw)
    yield space(3.4)


def _table(block: Table) -> Iterator[Piece]:
    look = Type(7.8, SOFT, "Helvetica-Bold")
    head = _row([[(name, look)] for name in block.head], block, ACCENT, 0.9)
    rows = [_row([_parts(cell, at, block) for at, cell in enumerate(row)], block, RULE, 0.4) for row in block.rows]
    yield Piece(head.height, head.draw, need=head.height + (rows[0].height if rows else 0))
    for row in rows:
        yield Piece(row.height, row.draw, repeat=head)


def _parts(cell: Cell, column: int, block: Table) -> list[tuple[str, Type]]:
    code = column in block.code and cell.text.startswith("0x")
    if code:
        look = Type(7.4, font="Courier", leading=1.5)
    else:
        look = Type(8.8, TONES[cell.tone][0], "Helvetica" if cell.tone == "plain" else "Helvetica-Bold", 1.38)
    return [(cell.text, look), *([(cell.small, SMALL)] if cell.small else [])]


def _row(cells: Sequence[Sequence[tuple[str, Type]]], block: Table, rule: str, thick: float) -> Piece:
    lefts = [MARGIN + LINE * sum(block.widths[:at]) for at in range(len(cells))]
    rooms = [LINE * share - (8 if at < len(cells) - 1 else 0) for at, share in enumerate(block.widths)]
    set_ = [
        [(wrapped(text, look, room, CELL_LINES), look) for text, look in parts]
        for parts, room in zip(cells, rooms, strict=True)
    ]
    height = 8 + max(sum(len(lines) * look.step for lines, look in parts) for parts in set_)

    def draw(page: Page, y: float) -> None:
        for at, parts in enumerate(set_):
            below = y + 4
            for lines, look in parts:
                for line in lines:
                    right = rooms[at] - width_of(line, look.font, look.size) if at in block.right else 0
                    below = write(page, lefts[at] + right, below, [line], look)
        page.line(MARGIN, y + height, MARGIN + LINE, y + height, rule, thick)

    return Piece(height, draw)


def _chart(block: Bars) -> Piece:
    made, head = laid_out(block, LINE), 16.0
    look, ink = Type(8, SOFT), Type(8)

    def draw(page: Page, y: float) -> None:
        write(page, MARGIN, y, [block.title], Type(9.2, font="Helvetica-Bold"))
        top = y + head
        x = MARGIN + made.left
        for place, name in enumerate(block.series):
            page.rectangle(x, top + 5, 8, 8, SERIES[place])
            write(page, x + 12, top + 4.5, [name], look)
            x += 30 + width_of(name, look.font, look.size)
        for at, text in made.ticks:
            page.line(MARGIN + at, top + 20, MARGIN + at, top + made.height - 15, RULE)
            middle = width_of(text, look.font, look.size) / 2
            write(page, MARGIN + at - middle, top + made.height - 12, [text], look)
        for item in made.rectangles:
            page.rectangle(MARGIN + item.x, top + item.y, item.width, THICK, SERIES[item.series])
        for row in made.rows:
            name = wrapped(row.name, ink, made.left - 8)[0]
            write(page, MARGIN + made.left - 6 - width_of(name, ink.font, ink.size), top + row.y - 4.6, [name], ink)
            write(page, MARGIN + row.end + 5, top + row.y - 4.6, [row.label], look)

    return Piece(head + made.height + 2, draw)
