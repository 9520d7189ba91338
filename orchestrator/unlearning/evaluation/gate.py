"""The gate: is an unlearned model, under attack, one that nobody tells from the retrained one?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from orchestrator.unlearning.evaluation.statistics import LEVEL, t_interval

Verdict = Literal["passed", "failed", "not judged"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What passes, in points: the interval of the gap under attack within ± ``attacked``, at every k; a retain gap of
    at most ``retain`` below the retrained model."""

    attacked: float = 5.0
    retain: float = 2.0
    level: float = LEVEL


@dataclass(frozen=True, slots=True)
class Gate:
    """The verdict; ``reasons`` says in a sentence each why it is not "passed"."""

    verdict: Verdict
    reasons: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether something was measured that must not be."""
        return self.verdict == "failed"


NO_REFERENCE = "no retrained reference was given"


def judge(attacked: Mapping[int, Sequence[float]], retain_gaps: Sequence[float], limits: Limits | None = None) -> Gate:
    """Judge gaps to the retrained model.

    One seed has no interval: it can fail, as no interval around a gap beyond the limit lies within it, but not pass.

    Args:
        attacked: by k, the gap of held-out forget accuracy under attack in points, one a seed.
        retain_gaps: unlearned minus retrained retain accuracy in points, one a seed; being better is no fault.
        limits: what passes.
    """
    bounds = limits or Limits()
    if not attacked or not retain_gaps:
        return Gate("not judged", (NO_REFERENCE,))
    failures = [*_retain_failures(retain_gaps, bounds), *_attack_failures(attacked, bounds)]
    if failures:
        return Gate("failed", tuple(failures))
    single = [k for k, gaps in attacked.items() if len(gaps) < 2]
    if single:
        return Gate("not judged", (f"at k = {', '.join(map(str, single))} one seed gives no interval",))
    return Gate("passed", ())


def _retain_failures(gaps: Sequence[float], limits: Limits) -> Iterator[str]:
    mean = t_interval(gaps, limits.level).mean
    if not mean >= -limits.retain:
        yield f"retain accuracy is {-mean:.2f} points below the retrained model's, at most {limits.retain:g} pass"


def _attack_failures(attacked: Mapping[int, Sequence[float]], limits: Limits) -> Iterator[str]:
    for k, gaps in sorted(attacked.items()):
        found = t_interval(gaps, limits.level)
        low = found.mean if found.low is None else found.low
        high = found.mean if found.high is None else found.high
        if not (-limits.attacked <= low and high <= limits.attacked):
            where = f"{low:+.2f}" if found.low is None else f"in [{low:+.2f}, {high:+.2f}]"
            yield f"under attack with k = {k} the gap is {where} points, ± {limits.attacked:g} pass"
