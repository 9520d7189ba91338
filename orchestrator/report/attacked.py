"""What the page says of an evaluation by attack: the verdict, the curves, and every row, measured or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.report.curves import CurveChart, relearning_charts
from orchestrator.report.evaluation import RETRAINED, ROLES, SETS, UNLEARNED, Attack, Estimate, Evaluation

NO_REFERENCE = "no reference"
NOT_MEASURED = "not measured"
VERDICTS = {
    "passed": "Under attack this model could not be told from the retrained one, within the limits of the gate.",
    "failed": "Something was measured that must not be. Why:",
    "not judged": "Neither passed nor failed: what a verdict needs was not there. Why:",
}
TONES = {"passed": "good", "failed": "bad", "not judged": "mark"}
ATTACKS = {"loss": "loss", "min_k_plus_plus": "Min-K%++", "rmia": "RMIA", "lira": "LiRA"}
_EXTRACTION = {
    "strength": "Extraction strength",
    "exact": "Exact memorisation",
    "canary_strength": "Canaries: extraction strength",
    "exposure": "Canaries: exposure, bits",
}

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its name, and a cell a column; a cell that is no figure says why."""

    name: str
    cells: Cells


@dataclass(frozen=True, slots=True)
class Attacked:
    """The evaluation, for the page."""

    found: Evaluation
    verdict: str
    tone: str
    sentence: str
    limits: str
    charts: tuple[CurveChart, ...]
    accuracy: tuple[Row, ...]
    relearning: tuple[Row, ...]
    known: tuple[Row, ...]
    beside: tuple[Row, ...]


def attacked(found: Evaluation) -> Attacked:
    """All of it in words and geometry."""
    gate = found.gate
    return Attacked(
        found=found,
        verdict=gate.verdict,
        tone=TONES[gate.verdict],
        sentence=VERDICTS[gate.verdict],
        limits=_limits(found),
        charts=relearning_charts(found.attacks),
        accuracy=tuple(_accuracy(found, name) for name in SETS),
        relearning=tuple(_attack(found, attack) for attack in found.attacks),
        known=tuple(_known(found)),
        beside=tuple(_beside(found)),
    )


def _limits(found: Evaluation) -> str:
    gate = found.gate
    if gate.attacked is None or gate.retain is None:
        return "What passes is not recorded."
    level = "the interval" if gate.level is None else f"the {100 * gate.level:g} % interval"
    return (
        f"What passes: {level} of the gap to the retrained model under attack lies within ± {gate.attacked:g} points at"
        f" every k, and retain accuracy is at most {gate.retain:g} points below the retrained model's."
    )


def _accuracy(found: Evaluation, name: str) -> Row:
    shares = [found.accuracy.get(role, {}).get(name) for role in ROLES]
    cells = [
        _missing(found, role) if share is None else f"{100 * share:.2f} %"
        for role, share in zip(ROLES, shares, strict=True)
    ]
    gap = found.gaps.get(name)
    return Row(name, (*cells, _missing(found, RETRAINED) if gap is None else f"{gap:+.2f}"))


def _missing(found: Evaluation, role: str) -> str:
    """Why a cell has no figure."""
    return NO_REFERENCE if role == RETRAINED and not found.referenced else NOT_MEASURED


def _attack(found: Evaluation, attack: Attack) -> Row:
    ends = [
        _missing(found, role) if role not in attack.end else _estimate(attack.end[role], ".2f")
        for role in (UNLEARNED, RETRAINED)
    ]
    gap = _missing(found, RETRAINED) if attack.gap is None else _estimate(attack.gap, "+.2f")
    widest = _missing(found, RETRAINED) if attack.widest is None else f"{attack.widest:+.2f}"
    return Row(f"k = {attack.k}", (*ends, gap, widest))


def _estimate(one: Estimate, form: str) -> str:
    if one.mean is None:
        return NOT_MEASURED
    if one.low is None or one.high is None:
        return f"{one.mean:{form}} (one seed, no interval)" if one.n == 1 else f"{one.mean:{form}} (no interval)"
    return f"{one.mean:{form}} [{one.low:{form}}, {one.high:{form}}]"


def _known(found: Evaluation) -> Iterator[Row]:
    """What is still known of the forget set, by role."""
    for name in dict.fromkeys((*ATTACKS, *found.membership)):
        by_role, label = found.membership.get(name), ATTACKS.get(name, name)
        if by_role is None:
            # What needs other models without the data was not to be had; of the rest it depends on the kind of model.
            why = NO_REFERENCE if name in ("rmia", "lira") else NOT_MEASURED
            yield Row(f"Membership, {label}: AUC", (why,) * len(ROLES))
            continue
        guesses = [(role, by_role.get(role)) for role in ROLES]
        yield Row(
            f"Membership, {label}: AUC",
            tuple(_missing(found, r) if g is None or g.auc is None else f"{g.auc:.3f}" for r, g in guesses),
        )
        yield Row(
            f"Membership, {label}: found at 1 % false alarms",
            tuple(_missing(found, r) if g is None or g.tpr is None else f"{100 * g.tpr:.1f} %" for r, g in guesses),
        )
    for name, label in _EXTRACTION.items():
        yield Row(label, tuple(_cell(found, role, found.extraction.get(role, {}).get(name)) for role in ROLES))


def _cell(found: Evaluation, role: str, value: float | None) -> str:
    if value is not None:
        return f"{value:.3f}"
    return _missing(found, role) if found.extraction else NOT_MEASURED


def _beside(found: Evaluation) -> Iterator[Row]:
    """The unlearned model beside the original and the retrained one."""
    others = (ROLES[0], RETRAINED)
    near = [(role, found.neighbours.get(role)) for role in others]
    yield Row(
        "Distance of the weights",
        tuple(_missing(found, r) if n is None or n.distance is None else f"{n.distance:.4f}" for r, n in near),
    )
    for name in ("retain", "forget"):
        barriers: Mapping[str, float | None] = {r: None if n is None else n.barriers.get(name) for r, n in near}
        cells = tuple(_missing(found, r) if value is None else f"{value:.4f}" for r, value in barriers.items())
        yield Row(f"Loss barrier, {name}, nats", cells)
    quality = found.forget_quality.get("p_value")
    yield _of_retrained(found, "Forget quality: p-value", _small(quality))
    for name, label in ATTACKS.items():
        leak = found.priv_leak.get(name)
        if name in found.membership or leak is not None:
            yield _of_retrained(found, f"PrivLeak, {label}", None if leak is None else f"{leak:+.1f}")
    yield _of_retrained(found, "ToW", None if found.tow is None else f"{found.tow:.1f}")


def _small(p_value: float | None) -> str | None:
    """Documents hold millionths, so a smaller one reads 0 there."""
    if p_value is None:
        return None
    return f"{p_value:.4g}" if p_value else "under 0.000001"


def _of_retrained(found: Evaluation, name: str, cell: str | None) -> Row:
    """A row that only the retrained model gives a meaning."""
    return Row(name, ("", _missing(found, RETRAINED) if cell is None else cell))
