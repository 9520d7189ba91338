"""Tables of `make bench-audit`, from its result alone, and the limits that they are held to."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2

from benchmarks.harness import Outcome, Report, Result, Table
from benchmarks.harness.tables import Value

GOAL, SECONDS, BYTES = 10_000, 60.0, 500 * 10**6
"""A bundle of so many rounds is checked in so many seconds and so many bytes of memory."""
GROWTH = 1.5
"""Seconds a round may grow by this from a tenth of the rounds on."""

INTRODUCTION = """\
What `loranchor audit verify --bundle` takes for the bundle of a long history: {members} members, each with a
contribution, a release, verdicts on all and an award in each round. Keys, signatures, transactions, records, trees,
manifests, awards, state proof and lines are made by the package's own code; events stand in for the contracts. Each
cell is the verb in a process of its own, its start included. Where everything is disclosed the ledger's rules are
applied as well, and manifests are recomputed for each checkpoint."""

SHOWN_NOT = (
    "Histories with revocations, compactions or changes of members: they change manifests in the middle, and what "
    "comes after is hashed again; with hardenings, compactions, scores as weights or isolated lineage all of it is.",
    "A whole disclosure of a long history: maps of the ledger's state are copied for each record, in the square of the "
    "rounds, and beyond 200,000 records the rules are not applied, which the audit says.",
    "Making a bundle of a long history from real chains: it reads everything and recomputes it, as an audit does.",
    "What the machine does beside: seconds are by the clock; processor seconds stand beside them.",
)


def report(result: Result) -> Report:
    members = result.cells[0].configuration["members"]
    return Report(
        "Checking a bundle", INTRODUCTION.format(members=members), [_costs(result), _proofs(result), _claims(result)],
        SHOWN_NOT,
    )  # fmt: skip


def broken(result: Result) -> list[str]:
    """The limits that do not hold."""
    return [f"{claim}: {found}" for claim, found, holds in _judged(result) if holds is False]


def _costs(result: Result) -> Table:
    columns = ["disclosed, rounds", "records", "file, MB", "seconds", "processor seconds", "ms a round", "peak, MB"]
    return Table("Time and memory", columns, [_cost(cell) for cell in result.cells], digits=2)


def _cost(cell: Outcome) -> list[Value]:
    rounds, found = cell.configuration["rounds"], cell.figures
    name = f"{cell.configuration['disclosed']}, {rounds:,}"
    if found is None:
        return [name, *[None] * 6]
    size, peak = found["bytes"] / 10**6, found["peak_bytes"] / 10**6
    times = found["seconds"], found["processor_seconds"], 1000 * found["seconds"] / rounds
    return [name, found["records"], size, *times, round(peak)]


def _proofs(result: Result) -> Table:
    columns = ["disclosed, rounds", "leaves", "log₂", "consistency, hashes", "inclusion, hashes", "bytes at most"]
    note = "The longest proof of the bundle; a hash has 32 bytes. Without disclosed records there is none of inclusion."
    return Table("Sizes of proofs", columns, [_proof(cell) for cell in result.cells], note, digits=1)


def _proof(cell: Outcome) -> list[Value]:
    name, found = f"{cell.configuration['disclosed']}, {cell.configuration['rounds']:,}", cell.figures
    if found is None:
        return [name, *[None] * 5]
    longest = max(found["consistency"], found["inclusion"])
    return [name, found["records"], log2(found["records"]), found["consistency"], found["inclusion"], 32 * longest]


def _claims(result: Result) -> Table:
    words = {True: "holds", False: "does not hold", None: "not measured"}
    rows: list[list[Value]] = [[claim, found, words[holds]] for claim, found, holds in _judged(result)]
    return Table("Limits", ["limit", "measured", "verdict"], rows, left=frozenset({0, 1}))


def _judged(result: Result) -> Iterator[tuple[str, str, bool | None]]:
    for name in dict.fromkeys(cell.configuration["disclosed"] for cell in result.cells):
        cells = [cell for cell in result.cells if cell.configuration["disclosed"] == name]
        largest = max(cells, key=lambda cell: cell.configuration["rounds"])
        if largest.configuration["rounds"] >= GOAL:
            yield _goal(name, largest)
            yield _linear(name, cells)
    yield _logarithmic(result)


def _goal(name: str, cell: Outcome) -> tuple[str, str, bool | None]:
    claim = f"{GOAL:,} rounds, {name} disclosed, in {SECONDS:.0f} s and {BYTES // 10**6} MB"
    if cell.figures is None:
        return claim, "–", None
    seconds, peak = cell.figures["seconds"], cell.figures["peak_bytes"]
    return claim, f"{seconds:.1f} s, {peak / 10**6:.0f} MB", seconds <= SECONDS and peak <= BYTES


def _linear(name: str, cells: list[Outcome]) -> tuple[str, str, bool | None]:
    claim = f"seconds a round grow by less than {GROWTH} from a tenth of the rounds on, {name} disclosed"
    done = {cell.configuration["rounds"]: cell.figures["seconds"] for cell in cells if cell.figures is not None}
    most = max(done, default=0)
    if most // 10 not in done:
        return claim, "–", None
    growth = (done[most] / most) / (done[most // 10] / (most // 10))
    return claim, f"{growth:.2f}", growth < GROWTH


def _logarithmic(result: Result) -> tuple[str, str, bool | None]:
    claim = "no proof has more hashes than 2 log₂ of the leaves"
    found = [cell.figures for cell in result.cells if cell.figures is not None]
    if not found:
        return claim, "–", None
    worst = max(max(item["consistency"], item["inclusion"]) / log2(item["records"]) for item in found)
    return claim, f"{worst:.2f} log₂", worst <= 2
