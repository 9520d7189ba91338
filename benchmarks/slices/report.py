"""Tables of `make bench-slices`, from its result alone."""

from __future__ import annotations

from benchmarks.harness import Interval, Report, Result, Table, t_interval, values_of
from benchmarks.harness.tables import Value

SLICES = (1, 2, 4, 8, 16)
TOGETHER = (1, 10)
ORDERS = (1, 2, 4)
MEASURED = (1, 2, 3, 6)
"""Divisors of MiniLM's six layers."""
FAR, NEAR = 4.0, 1.0
"""A mean misses the closed form where it is that many half-widths of its 95 % interval off, and so many points."""

INTRODUCTION = """\
A member whose task has `training.slices` trains block i of its adapted layers on slice i of its samples. When a sample
is withdrawn, its slice and the later ones are trained again, and the result has the bits of a training that had never
seen it. Slices come from the product's own plan, by a hash of each sample.

**Streams** (no training): 200 random samples of 2,000 are withdrawn, one by one or ten at a time. Given are the steps
that are trained again, in per cent of training in full each time. *Closed form*: of stage k, with b samples at once, a
share of 1 − (1 − k/S)^b; for one sample it comes to (S + 1)/(2·S). *Several orders*: the same slices trained in 2 or 4
different orders (S3T keeps some, matched; here chosen greedily), of which the one that needs the fewest steps is made
whole again; their first training is counted. *Survives*: requests that are met by cutting blocks off alone, with no
training at all, until no order has a block left; S3T's way to serve meanwhile. The product keeps one order.

**Trainings**: one organisation's VADER sentences, MiniLM, the same steps in all, sliced and not, with the loss on its
held-out sentences; then one sample of the middle slice is withdrawn."""

SHOWN_NOT = (
    "Requests that know the slices: whoever knows a member's task and texts can choose samples of the first one.",
    "Slices of unequal worth, or heads that want more steps than a stage has.",
    "Deletion from contributions that a member trained on top of: they begin elsewhere, so all their slices are"
    " trained again.",
    "Disk: each kept order holds an adapter, and the heads once a stage.",
    "Seconds of a quiet machine: other work may have run beside the trainings.",
)


def report(result: Result) -> Report:
    tables = [*(_streams(result, together) for together in TOGETHER), _survival(result), _trainings(result)]
    return Report("Withdrawing samples, slice by slice", INTRODUCTION, tables, SHOWN_NOT)


def broken(result: Result) -> list[str]:
    """One order costs what the closed form says; a later training is cheaper with it than without."""
    found = []
    for slices in SLICES:
        for together in TOGETHER:
            one, form = _share(result, "1 orders", slices, together), _share(result, "expected", slices, together).mean
            if one.mean is None or form is None or one.low is None:
                continue
            if abs(one.mean - form) > max(FAR * (one.mean - one.low), NEAR):
                found.append(
                    f"{slices} slices, {together} at once: {one.mean:.1f} %, the closed form says {form:.1f} %"
                )
    return found


def _streams(result: Result, together: int) -> Table:
    columns = ["slices", "closed form", *map(_orders, ORDERS)]
    rows: list[list[Value]] = [
        [
            str(slices),
            _share(result, "expected", slices, together).mean,
            *(_share(result, f"{kept} orders", slices, together) if kept <= slices else "–" for kept in ORDERS),
        ]
        for slices in SLICES
    ]
    how = "one by one" if together == 1 else f"{together} at a time"
    return Table(f"Steps trained again, {how}, % of full trainings", columns, rows, digits=1)


def _survival(result: Result) -> Table:
    rows: list[list[Value]] = []
    for slices in SLICES:
        where = {"part": "stream", "slices": slices, "together": 1}
        alive = {kept: values_of(result.cells, f"alive {kept}", **where) for kept in ORDERS if kept <= slices}
        rows.append([str(slices), *(t_interval(alive[kept]) if kept in alive else "–" for kept in ORDERS)])
    note = "To be expected with B orders that begin differently: S·(1 + 1/2 + … + 1/B) − 1."
    return Table("Requests that it survives without training", ["slices", *map(_orders, ORDERS)], rows, note, digits=1)


def _trainings(result: Result) -> Table:
    columns = ["slices", "held-out loss", "accuracy, %", "loss after", "stages again", "seconds again, % of all"]
    rows: list[list[Value]] = [["untrained", _over(result, "loss before", MEASURED[0]), "–", "–", "–", "–"]]
    for slices in MEASURED:
        rows.append(
            [
                str(slices),
                _over(result, "loss", slices),
                _over(result, "accuracy", slices, 100),
                _over(result, "loss after", slices),
                _over(result, "stages again", slices),
                _seconds(result, slices),
            ]
        )
    return Table("Quality, and one sample of the middle slice withdrawn", columns, rows)


def _orders(kept: int) -> str:
    return f"{kept} order{'s' * (kept > 1)}"


def _share(result: Result, figure: str, slices: int, together: int) -> Interval:
    where = {"part": "stream", "slices": slices, "together": together}
    found, full = (values_of(result.cells, name, **where) for name in (figure, "full"))
    return t_interval([100 * one / all_ for one, all_ in zip(found, full, strict=True)])


def _over(result: Result, figure: str, slices: int, factor: float = 1.0) -> Interval:
    return t_interval([factor * item for item in values_of(result.cells, figure, part="training", slices=slices)])


def _seconds(result: Result, slices: int) -> Interval:
    where = {"part": "training", "slices": slices}
    again, first = (values_of(result.cells, name, **where) for name in ("seconds again", "seconds"))
    return t_interval([100 * one / other for one, other in zip(again, first, strict=True)])
