"""Tables of `make bench-quality`, from its result alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.harness import NOT_RUN, Interval, Report, Result, Table, t_interval, values_of
from benchmarks.harness.tables import Value
from benchmarks.quality.cells import CENTRALISED, DEFAULT, LOCAL, rows
from benchmarks.quality.worlds import RANK, WORLDS, World

PLOT = "quality.svg"
SPLITS = {"domains": "by domain", "iid": "IID", "one": "all in one place"}
LINEAGES = {"chained": "chained", "isolated": "isolated", "none": "–"}

INTRODUCTION = f"""\
What the common model is worth, by method, by how the data lie, and by lineage: whole federations in one process, with
the daemon's workbench, the ledger's verdicts, weights and manifests, and the fold; without chains and IPFS. Every
organisation has the same number of steps in all; `{CENTRALISED}` has all their data and all their steps. Held-out
sets are the organisations' own ones, by domain or era, in every row. All members are honest, verdicts look at structure
only, weights are uniform, the rank is {RANK}.

`{LOCAL}` is each organisation's own model, measured on everybody's held-out sets, and on its own set alone in the
column "own". With one model for all, "own" is the mean over organisations. With lineage `isolated` a member trains on
from the base and its own last contribution, which the new one holds as well, so its rank grows by {RANK} each round.

![Means and intervals of all methods]({PLOT})"""

SHOWN_NOT = (
    "Larger models, longer training, other tasks: these are small models that were trained for minutes, and "
    "differences between methods may turn around elsewhere.",
    "Adversaries, privacy noise, members that miss rounds.",
    "What is significant: an interval of three seeds is wide, and one seed has none. Seeds decide the split into "
    "training and held-out samples, the start of each adapter and the order of batches.",
    "Tuning: every method has the packaged experiment's learning rate; `ffa` and `rolora`, which train one factor at a "
    "time, have three times as much.",
)


def report(result: Result) -> Report:
    tables = [table for data, world in WORLDS.items() for table in _tables(result, data, world)]
    return Report("Quality of the common model", INTRODUCTION, tables, SHOWN_NOT)


def _tables(result: Result, data: str, world: World) -> Iterator[Table]:
    yield _levels(result, data, world)
    yield _differences(result, data, world)
    yield _rounds(result, data, world)


def shown(result: Result) -> list[dict[str, Any]]:
    """Rows of all tables."""
    return list(rows(full=result.preset == "full"))


def figures(result: Result, data: str, figure: str, row: dict[str, Any]) -> list[Any]:
    """One figure over seeds."""
    return values_of(result.cells, figure, data=data, **row)


def _name(row: dict[str, Any]) -> list[Value]:
    return [row["method"], SPLITS[row["split"]], LINEAGES[row["lineage"]]]


def _levels(result: Result, data: str, world: World) -> Table:
    wanted = (world.metric, f"own_{world.metric}", f"whole_{world.metric}")
    listed: list[Sequence[Value]] = []
    for row in shown(result):
        means: list[Value] = [t_interval(figures(result, data, name, row)) for name in wanted]
        listed.append([*_name(row), *means, _error(figures(result, data, "error", row))])
    columns = ["method", "split", "lineage", f"{world.metric}, mean of organisations", "own", "all samples"]
    note = (
        f"{world.rounds} rounds of {world.steps} steps of {world.batch} samples for each organisation. "
        f"{_counts(result, data)}The last column is ‖exact ΔW − the method's‖ / ‖exact ΔW‖ of the last fold."
    )
    return Table(world.title, [*columns, "error of ΔW"], listed, note, left=frozenset({0, 1, 2}))


def _counts(result: Result, data: str) -> str:
    found = values_of(result.cells, "samples", data=data)
    if not found:
        return ""
    return "Held-out samples: " + ", ".join(f"{name} {count}" for name, count in found[0].items()) + ". "


def _error(values: Sequence[float]) -> Value:
    if not values:
        return NOT_RUN
    return "0" if max(values) == 0 else f"{sum(values) / len(values):.2f}"


def _differences(result: Result, data: str, world: World) -> Table:
    """Seed by seed, so that what a split is worth by luck falls out."""
    unit, factor = ("points", 100.0) if world.metric == "accuracy" else ("nats", 1.0)
    listed: list[Sequence[Value]] = []
    for row in shown(result)[1:]:
        listed.append([*_name(row), difference(result, data, world.metric, row, factor)])
    note = f"Each row less `{DEFAULT}`, by domain, chained, with the same seed. " + (
        "Above 0 is better." if world.metric == "accuracy" else "Below 0 is better."
    )
    title = f"{world.title}: differences in {world.metric}"
    return Table(title, ["method", "split", "lineage", unit], listed, note, 2, left=frozenset({0, 1, 2}))


def difference(result: Result, data: str, figure: str, row: dict[str, Any], factor: float) -> Interval:
    """Of a row to the default one, by seed."""
    first = shown(result)[0]
    pairs = (
        (figures(result, data, figure, {**row, "seed": seed}), figures(result, data, figure, {**first, "seed": seed}))
        for seed in result.seeds
    )
    return t_interval([factor * (one[0] - other[0]) for one, other in pairs if one and other])


def _rounds(result: Result, data: str, world: World) -> Table:
    figure = {"accuracy": "accuracies", "loss": "losses"}[world.metric]
    listed: list[Sequence[Value]] = []
    for row in shown(result):
        found = figures(result, data, figure, row)
        means: list[Value] = [sum(column) / len(column) for column in zip(*found, strict=True)]
        listed.append([*_name(row), *(means or [NOT_RUN] * (world.rounds + 1))])
    columns = ["method", "split", "lineage", "base", *(f"round {number}" for number in range(1, world.rounds + 1))]
    title = f"{world.title}: {world.metric} by round"
    return Table(title, columns, listed, "Means over seeds and organisations.", left=frozenset({0, 1, 2}))
