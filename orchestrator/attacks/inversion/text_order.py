"""The order of tokens: what the second layer reads depends on all that came before, and must lie in its span, too.

Greedy, as DAGER decodes: each known token is tried at the next place, and stays where it lies in the span.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from orchestrator.attacks.inversion.spans import Probe, distance
from orchestrator.attacks.inversion.text_view import TextView

FITS = 0.1
"""Sine of the angle up to which a token counts as the next; the first layer's test has left few to choose from."""
CLOSE, JUMP, EVEN = 10.0, 30.0, 1e-3
"""Of these, such as are at most so many times as far as the nearest one; a text ends where even that is so many times
as far as any token before it. Nearer than the last, all count."""
BEAMS = 8
"""Beginnings that are followed at once."""
OPENING = 4
"""Tokens that two texts of one batch do not begin with alike."""
Prefix = tuple[int, ...]


def ordered(view: TextView, probes: Sequence[Probe], tokens: Sequence[int], *, limit: int, texts: int = 1) -> list[int]:
    """Tokens in order, one text after another; empty where no token can be the first.

    Args:
        probes: of the second layer. tokens: that are in the texts. limit: tokens of a text. texts: how many there are.
    """
    return _joined(_decoded(view, probes, tokens, limit), texts) if probes else []


def _decoded(view: TextView, probes: Sequence[Probe], tokens: Sequence[int], limit: int) -> list[Prefix]:
    """Follow all beginnings that fit, until none can go on; those of most distinct tokens first.

    A text that begins with one token several times reads the same each time, so that length alone would say nothing.
    """
    live: list[tuple[float, Prefix]] = [(0.0, ())]
    ended: list[Prefix] = []
    for _ in range(limit):
        grown: list[tuple[float, Prefix]] = []
        for worst, prefix in live:
            far = distance(probes, _read(view, prefix, tokens)).tolist()
            edge = _edge(min(far), worst if prefix else FITS)
            fitting = [
                (max(worst, one), (*prefix, token)) for one, token in zip(far, tokens, strict=True) if one < edge
            ]
            grown += fitting
            if not fitting:
                ended.append(prefix)
        live = sorted(grown)[:BEAMS]
    everything = [*ended, *(prefix for _, prefix in live)]
    return sorted(everything, key=lambda prefix: (len(set(prefix)), len(prefix)), reverse=True)


def _edge(nearest: float, worst: float) -> float:
    """How far a next token may be: no more than others there, and than those before it, allow."""
    if nearest > max(EVEN, JUMP * worst):
        return 0.0
    return min(FITS, max(CLOSE * nearest, EVEN))


def _joined(prefixes: Sequence[Prefix], texts: int) -> list[int]:
    """The first of those that begin alike, for so many texts."""
    apart: dict[Prefix, Prefix] = {}
    for prefix in prefixes:
        apart.setdefault(prefix[:OPENING], prefix)
    return [token for prefix in list(apart.values())[:texts] for token in prefix]


def _read(view: TextView, prefix: Prefix, tokens: Sequence[int]) -> Tensor:
    """What the second layer's adapters read of each token after a prefix."""
    return view.locked(view.modules(1)[0], view.second_inputs(prefix, tokens)).cpu()
