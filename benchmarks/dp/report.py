"""Tables of `make bench-dp`, from its result alone."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.dp.opinions import ACCOUNTANTS, SETTINGS
from benchmarks.harness import Report, Result, Table
from benchmarks.harness.tables import Value

WITHIN = 2.0
"""Per cent that the two opinions may differ by."""

INTRODUCTION = """\
ε of Gaussian noise on Poisson samples, composed over steps, as the policy `dp` computes and records it
(`orchestrator/privacy/dp/accounting.py`, which asks Opacus), beside dp-accounting: its RDP accountant for `rdp`, its
privacy loss distributions for `prv`. A noise multiplier of 1 is noise with the clipping norm as its standard deviation;
a rate of 1 is unit `member`, one step a training."""

SHOWN_NOT = (
    "That noise was added: an accountant believes its input, and so does the contract. ε is its member's own word.",
    "That both are right: they agree, and were written by different people, from the same papers.",
    "Whether an ε is small enough for some purpose.",
)


def report(result: Result) -> Report:
    tables = [_table(result, name) for name in ACCOUNTANTS]
    return Report("ε by two accountants", INTRODUCTION, tables, SHOWN_NOT)


def broken(result: Result) -> list[str]:
    """Every pair within :data:`WITHIN` per cent."""
    found = []
    for cell in result.cells:
        off = None if cell.figures is None else _off(cell.figures)
        if off is not None and abs(off) > WITHIN:
            found.append(f"{dict(cell.configuration)}: the two differ by {off:.2f} %")
    return found


def _table(result: Result, accountant: str) -> Table:
    rows: list[list[Value]] = []
    for noise, rate, steps, delta in SETTINGS:
        where = {"accountant": accountant, "noise": noise, "rate": rate, "steps": steps, "delta": delta}
        figures = next((cell.figures for cell in result.cells if dict(cell.configuration) == where), None)
        told: list[Value] = [None] * 3 if figures is None else [figures["ours"], figures["second"], _off(figures)]
        rows.append([f"{noise:g}", f"{rate:g}", f"{steps}", f"{delta:g}", *told])
    columns = ["noise multiplier", "rate", "steps", "δ", "ε, Opacus", "ε, dp-accounting", "difference, %"]
    note = "" if accountant == "rdp" else "Ours is an upper bound: half a per cent is the numerical error it adds."
    return Table(f"Accountant `{accountant}`", columns, rows, note)


def _off(figures: Mapping[str, float]) -> float:
    return 100 * (figures["ours"] / figures["second"] - 1)
