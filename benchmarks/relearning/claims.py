"""The paper's claims beside what was measured here. The verdicts follow from the figures by the rules below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.harness import Result
from benchmarks.relearning.figures import ended, excess, listed, mean, spearman, unlearned, values
from benchmarks.relearning.sizes import ORDINARY, PRETRAINED, RETRAINED, WEIGHT_SPACE

HEADROOM = 10.0
"""Points that the pretrained model must know more of the forget set than the retrained one; else all is void."""
RECOVERED = 10.0
"""Points above the retrained model under the same attack, from which a method counts as recovered."""
UNMOVED = 5.0
"""Points within which the retrained model counts as unmoved by the attack."""
CORRELATED = -0.5
"""Rank correlation with what was recovered, up to which a diagnostic counts as predicting it."""
AGREES, PARTLY, DIFFERS = "agrees", "in part", "differs"
BEST = ("weight-distortion", "weight-distance")
Claim = tuple[str, str, str]
"""What the paper says, what was measured here, and the verdict."""


def claims(result: Result) -> list[Claim]:
    """Those that the finished cells allow to judge."""
    parts = (_retrained, _ordinary, _weight_space, _best, _diagnostics, _cost)
    return [claim for part in parts for claim in part(result)] if ended(result, RETRAINED, 0) else []


def broken(result: Result) -> list[str]:
    """Without headroom the experiment is void."""
    before, after = (values(result, name, "forget") for name in (PRETRAINED, RETRAINED))
    if not before or not after or mean(before) - mean(after) >= HEADROOM:
        return []
    return [
        f"void: on the forget set the pretrained model is right in {mean(before):.1f} %, the retrained one in "
        f"{mean(after):.1f} %; they must differ by {HEADROOM:.0f} points"
    ]


def _retrained(result: Result) -> Iterator[Claim]:
    before, after = mean(values(result, RETRAINED, "forget")), mean(ended(result, RETRAINED, 0))
    measured = f"{before:.1f} % before the retain-only attack, {after:.1f} % at its end"
    verdict = AGREES if abs(after - before) <= UNMOVED else DIFFERS
    yield "A model retrained without the forget set stays where it is, at about 50 %", measured, verdict


def _ordinary(result: Result) -> Iterator[Claim]:
    there = _of(result, ORDINARY)
    if there:
        recovered = [name for name in there if mean(excess(result, name, 0)) >= RECOVERED]
        said = "Ordinary unlearning recovers when fine-tuned on retained data only: from about 50 % to nearly 100 %"
        yield said, _ways(result, there), _verdict(recovered, there)


def _weight_space(result: Result) -> Iterator[Claim]:
    there, ordinary = _of(result, WEIGHT_SPACE), _of(result, ORDINARY)
    if there and ordinary:
        usual = mean([mean(excess(result, name, 0)) for name in ordinary])
        less = [name for name in there if mean(excess(result, name, 0)) < usual]
        measured = f"{_ways(result, there)}; less than the mean of the ordinary ones: {_joined(less)}"
        yield "Methods that act in weight space recover less than ordinary ones", measured, _verdict(less, there)


def _best(result: Result) -> Iterator[Claim]:
    there, everything = _of(result, BEST), unlearned(result)
    if len(there) == len(BEST) and len(everything) > len(BEST):
        order = sorted(everything, key=lambda name: mean(excess(result, name, 0)))
        first = [name for name in BEST if order.index(name) < -(-len(order) // 3)]
        places = ", ".join(f"{name} is number {order.index(name) + 1} of {len(order)}" for name in BEST)
        measured = f"{places}, least recovered first: {', '.join(order)}"
        yield "Weight distortion and weight-distance regularisation resist best", measured, _verdict(first, BEST)


def _diagnostics(result: Result) -> Iterator[Claim]:
    there = unlearned(result)
    recovered = [mean(excess(result, name, 0)) for name in there]
    for figure, word in (("distance", "The distance to the pretrained model"), ("barrier", "The loss barrier to it")):
        found = spearman([mean(values(result, name, figure)) for name in there], recovered) if len(there) > 2 else None
        if found is not None:
            measured = f"rank correlation with what is recovered by the retain-only attack: {found:.2f}"
            verdict = AGREES if found <= CORRELATED else DIFFERS
            yield f"{word} predicts resistance", f"{measured} ({len(there)} methods)", verdict


def _cost(result: Result) -> Iterator[Claim]:
    there = _of(result, BEST)
    if there and values(result, PRETRAINED, "test"):
        before = mean(values(result, PRETRAINED, "test"))
        costs = {name: before - mean(values(result, name, "test")) for name in there}
        measured = ", ".join(f"{name} {cost:+.1f}" for name, cost in costs.items())
        dear = [name for name, cost in costs.items() if cost > 0]
        yield "They cost some test accuracy", f"points below the pretrained model: {measured}", _verdict(dear, there)


def _of(result: Result, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in listed(result) and excess(result, name, 0)]


def _ways(result: Result, names: Sequence[str]) -> str:
    reference = mean(ended(result, RETRAINED, 0))
    ways = (
        f"{name} {mean(values(result, name, 'forget')):.1f} → {mean(ended(result, name, 0)):.1f} %" for name in names
    )
    return f"{', '.join(ways)}, retrained {reference:.1f} %"


def _verdict(agreeing: Sequence[str], all_of_them: Sequence[str]) -> str:
    if len(agreeing) == len(all_of_them):
        return AGREES
    return PARTLY if agreeing else DIFFERS


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
