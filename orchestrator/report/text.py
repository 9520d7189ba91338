"""How figures are written on the page."""

from __future__ import annotations

import re
from collections.abc import Callable

NOT_RECORDED = "not recorded"
_LONG = re.compile(r"(0x[0-9a-f]{64}|Qm[1-9A-HJ-NP-Za-km-z]{44})(?![0-9A-Za-z])")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:Z|\+00:00)", re.ASCII)
_BYTES = ("bytes", "kB", "MB", "GB", "TB")


def count(value: float) -> str:
    """1234567 → ``1,234,567``."""
    return f"{value:,.0f}"


def compact(value: float) -> str:
    """For the labels of axes: 250000 → ``250k``."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def size(value: float) -> str:
    """1900000 → ``1.9 MB`` (powers of ten)."""
    unit = 0
    while value >= 1000 and unit < len(_BYTES) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_BYTES[0]}" if unit == 0 else f"{value:.3g} {_BYTES[unit]}"


def duration(value: float) -> str:
    """75.2 → ``1 min 15 s``."""
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def seconds(value: float) -> str:
    """For the labels of axes: 50 → ``50 s``."""
    return f"{value:g} s"


def tokens(wei: int) -> str:
    """Wei as whole tokens of 18 decimals, to four places and never rounded up: 1500000000000000000 → ``1.5``."""
    whole, rest = divmod(wei, 10**18)
    places = f"{rest:018d}"[:4].rstrip("0")
    if wei and not whole and not places:
        return "under 0.0001"
    return f"{whole:,}.{places}" if places else f"{whole:,}"


def exact_tokens(wei: int) -> str:
    """Wei as tokens, every digit: 1000000000000000001 → ``1.000000000000000001``."""
    whole, rest = divmod(wei, 10**18)
    return f"{whole}.{rest:018d}".rstrip("0").rstrip(".")


def share(value: float) -> str:
    """0.3333 → ``33.3 %`` (with a space that does not break)."""
    return f"{100 * value:.1f}\u00a0%"


def figure(metric: str) -> Callable[[float], str]:
    """The way to write a held-out figure: losses to three places, accuracies in per cent."""
    return share if metric == "accuracy" else lambda value: f"{value:.3f}"


def change(metric: str, before: float, after: float) -> str:
    """The difference with its sign: ``-0.270`` or ``+10.0 points``."""
    if metric == "accuracy":
        return f"{100 * (after - before):+.1f} points"
    return f"{after - before:+.3f}"


def clock(time: str) -> str:
    """``2025-01-02T03:04:05+00:00`` → ``2025-01-02 03:04:05 UTC``; what is no such time stays as it is."""
    found = _TIME.fullmatch(time)
    return f"{found[1]} {found[2]} UTC" if found else time


def words(name: str) -> str:
    """``round_1`` → ``round 1``."""
    return name.replace("_", " ")


def parts(sentence: str) -> list[tuple[bool, str]]:
    """A sentence cut into digests and CIDs (true) and what stands between them (false)."""
    cut = _LONG.split(sentence)
    return [(index % 2 == 1, part) for index, part in enumerate(cut) if part]


def clipped(name: str, limit: int = 18) -> str:
    """A name for a plot's margin: cut where it would not fit."""
    return name if len(name) <= limit else name[: limit - 1] + "…"
