"""The findings as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from orchestrator.unlearning.evaluation.findings import ORIGINAL, RETRAINED, ROLES, UNLEARNED, Findings
from orchestrator.unlearning.evaluation.statistics import Interval, t_interval

NO_REFERENCE = "no reference"
NAMES = {"loss": "loss", "min_k_plus_plus": "Min-K%++", "rmia": "RMIA", "lira": "LiRA"}


def show(findings: Findings, console: Console) -> None:
    """Print all tables and the verdict."""
    for table in (_accuracies(findings), _attacks(findings), _privacy(findings), _weights(findings)):
        console.print(table)
    console.print(f"Gate: {findings.gate.verdict}", style="bold", markup=False, highlight=False)
    for reason in findings.gate.reasons:
        console.print(f"  {reason}", markup=False, highlight=False)


def _accuracies(findings: Findings) -> Table:
    table = _table("Accuracy, %", "set", *ROLES, "gap, points")
    for name in ("forget", "retain", "test"):
        shares = [findings.accuracy[role][name] if role in findings.accuracy else None for role in ROLES]
        gap = None if shares[2] is None or shares[1] is None else 100 * (shares[1] - shares[2])
        table.add_row(name, *(_percent(share) for share in shares), _signed(gap))
    return table


def _attacks(findings: Findings) -> Table:
    table = _table("Held-out forget accuracy after relearning, %", "k", UNLEARNED, RETRAINED, "gap, points", "widest")
    for k in sorted({attack.k for attack in findings.relearning}):
        gaps = findings.gaps(k)
        mine, other = (findings.attacked(k, role) for role in (UNLEARNED, RETRAINED))
        gap = _interval(t_interval(gaps) if gaps else None, "+.2f")
        table.add_row(str(k), _interval(mine), _interval(other), gap, _signed(findings.widest(k)))
    return table


def _privacy(findings: Findings) -> Table:
    table = _table("What is still known of the forget set", "figure", *ROLES)
    for row in _privacy_rows(findings):
        table.add_row(*row)
    return table


def _privacy_rows(findings: Findings) -> Iterator[Sequence[str]]:
    for name, by_role in findings.membership.items():
        found = [by_role.get(role) for role in ROLES]
        yield (f"{NAMES[name]}: AUC", *(NO_REFERENCE if one is None else f"{one.auc:.3f}" for one in found))
        rates = [NO_REFERENCE if one is None else f"{100 * one.tpr[0.01]:.1f} %" for one in found]
        yield (f"{NAMES[name]}: TPR at 1 % FPR", *rates)
    for name in ("rmia", "lira"):
        if name not in findings.membership:
            yield (f"{NAMES[name]}: AUC", *([NO_REFERENCE] * len(ROLES)))
    for label, member in (
        ("extraction strength", "strength"),
        ("exact memorisation", "exact"),
        ("canaries: extraction strength", "canary_strength"),
        ("canaries: exposure, bits", "exposure"),
    ):
        values = [getattr(findings.extraction.get(role), member, None) for role in ROLES]
        if any(value is not None for value in values):
            yield (label, *(NO_REFERENCE if value is None else f"{value:.3f}" for value in values))


def _weights(findings: Findings) -> Table:
    table = _table("Unlearned model beside the others", "figure", ORIGINAL, RETRAINED)
    near = [findings.neighbours.get(role) for role in (ORIGINAL, RETRAINED)]
    table.add_row("distance of the weights", *(NO_REFERENCE if one is None else f"{one.distance:.4f}" for one in near))
    for name in ("retain", "forget"):
        barriers = [NO_REFERENCE if one is None else f"{one.barriers[name]:.4f}" for one in near]
        table.add_row(f"loss barrier, {name}, nats", *barriers)
    quality = findings.forget_quality
    table.add_row("forget quality, KS p-value", "", NO_REFERENCE if quality is None else f"{quality.p_value:.4g}")
    for name, leak in findings.priv_leak.items():
        table.add_row(f"PrivLeak, {NAMES[name]}", "", NO_REFERENCE if leak is None else f"{leak:+.1f}")
    tow = findings.tow_to_retrained
    table.add_row("ToW (De Min and others)", "", NO_REFERENCE if tow is None else f"{tow:.1f}")
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _percent(share: float | None) -> str:
    return NO_REFERENCE if share is None else f"{100 * share:.2f}"


def _signed(points: float | None) -> str:
    return NO_REFERENCE if points is None else f"{points:+.2f}"


def _interval(found: Interval | None, form: str = ".2f") -> str:
    if found is None:
        return NO_REFERENCE
    if found.low is None or found.high is None:
        return f"{found.mean:{form}} (one seed)"
    return f"{found.mean:{form}} [{found.low:{form}}, {found.high:{form}}]"
