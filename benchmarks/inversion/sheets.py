"""The reconstructions of a result, a PNG file for each network and set: the images above, a row for each attack."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from benchmarks.harness import Result
from benchmarks.inversion.figures import Line, gained, lines
from benchmarks.inversion.report import sheet_name
from benchmarks.inversion.sizes import SHOWN

SIDE, GAP, LEFT, BELOW = 64, 6, 250, 14
GREY, WHITE = (96, 96, 96), (255, 255, 255)
Row = tuple[str, Sequence[bytes | None], Sequence[str]]
"""What it is, PNG files, and what stands below each."""


def sheets(result: Result) -> dict[str, bytes]:
    """PNG files by name."""
    places = dict.fromkeys((line.place, line.data) for line in lines(result))
    return {sheet_name(place): _drawn(_rows(result, place, data)) for place, data in places}


def _rows(result: Result, place: str, data: str) -> list[Row]:
    parts = [cell for cell in result.cells if cell.figures and cell.configuration["part"] == "truth"]
    truth = [cell.figures["pictures"] for cell in parts if cell.figures and cell.configuration["data"] == data]
    first: list[Row] = [("the images", [base64.b64decode(item) for item in found], []) for found in truth[:1]]
    own = [line for line in lines(result) if line.place == place and gained(result, line)]
    return [*first, *(_row(result, line) for line in own)]


def _row(result: Result, line: Line) -> Row:
    found = {item["number"]: item for item in gained(result, line)}
    chosen = [found[number] for number in range(SHOWN) if number in found]
    pictures = [base64.b64decode(item["picture"]) if "picture" in item else None for item in chosen]
    return f"{line.method}, {line.knowledge}", pictures, [f"SSIM {item['ssim']:.2f}" for item in chosen]


def _drawn(rows: Sequence[Row]) -> bytes:
    high = SIDE + BELOW + GAP
    sheet = Image.new("RGB", (LEFT + SHOWN * (SIDE + GAP), len(rows) * high + GAP), WHITE)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default_imagefont()
    for number, (title, pictures, notes) in enumerate(rows):
        y = GAP + number * high
        draw.text((GAP, y + SIDE // 2 - 6), title, fill=GREY, font=font)
        for place, picture in enumerate(pictures):
            x = LEFT + place * (SIDE + GAP)
            if picture is None:
                draw.rectangle((x, y, x + SIDE, y + SIDE), outline=GREY)
            else:
                with Image.open(io.BytesIO(picture)) as opened:
                    sheet.paste(opened.convert("RGB").resize((SIDE, SIDE), Image.Resampling.NEAREST), (x, y))
        for place, note in enumerate(notes):
            draw.text((LEFT + place * (SIDE + GAP), y + SIDE + 1), note, fill=GREY, font=font)
    written = io.BytesIO()
    sheet.save(written, "PNG", optimize=True)
    return written.getvalue()
