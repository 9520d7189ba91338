"""Small images as SVG, so that a page needs no other file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

GREYS = 12
_GAP = 2


def grid_svg(rows: Sequence[Any]) -> str:
    """Images side by side, a row each, in shades of grey.

    Args:
        rows: each [images, channels, height, width] with values in [0, 1], as tensors or arrays; channels are averaged.
    """
    paths: dict[int, list[str]] = {}
    height, width = (int(size) for size in rows[0].shape[2:])
    for line, images in enumerate(rows):
        for column, image in enumerate(images):
            _paint(image.mean(0).tolist(), column * (width + _GAP), line * (height + _GAP), paths)
    across = max(len(images) for images in rows) * (width + _GAP) - _GAP
    down = len(rows) * (height + _GAP) - _GAP
    drawn = "".join(f'<path fill="{_shade(level)}" d="{"".join(parts)}"/>' for level, parts in sorted(paths.items()))
    return f'<svg class="plot" viewBox="0 0 {across} {down}" role="img" shape-rendering="crispEdges">{drawn}</svg>'


def _paint(image: list[list[float]], left: int, top: int, paths: dict[int, list[str]]) -> None:
    """Runs of one shade as rectangles of one path."""
    for y, line in enumerate(image):
        levels = [min(GREYS - 1, int(max(0.0, value) * GREYS)) for value in line]
        start = 0
        for x in range(1, len(levels) + 1):
            if x == len(levels) or levels[x] != levels[start]:
                run = f"M{left + start} {top + y}h{x - start}v1h-{x - start}z"
                paths.setdefault(levels[start], []).append(run)
                start = x


def _shade(level: int) -> str:
    value = round(255 * level / (GREYS - 1))
    return f"#{value:02x}{value:02x}{value:02x}"
