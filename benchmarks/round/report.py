"""Tables of `make bench-round`, from its result alone, and the limits that its figures must keep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.harness import Report, Result, Table
from benchmarks.harness.tables import Value
from benchmarks.round.idle import MOST_CPU, MOST_RSS

SIZES = (3, 10, 25, 50)
IDLE = "idle"
MOST_EXPONENT = 1.1
GROWING = {
    "CPU seconds": ("cpu",),
    "bytes on IPFS": ("sent", "received"),
    "transactions": ("private", "public"),
}
"""What may grow at most linearly, and the figures that make it up."""
MEBI = 1 << 20

INTRODUCTION = """\
What a round costs an organisation's daemon apart from training and scoring: a workbench of the benchmark's own gives a
prepared delta of 1.86 MB at once (what the demo's updates weigh) and the same score to everybody; it opens the
contributions that the real one opens. All else is real: Anvil and Ganache with a block a second, IPFS nodes, one
process for each daemon with its journal, keystore, API and 16 prekeys. Three daemons have an IPFS node each; from ten
on they share three nodes and one worker pool, which here is the prepared deltas. A round begins when it is opened and
ends when everybody has submitted, released, judged, attested, claimed its award, destroyed its prekey and evaluated
the model. All figures of a round are of one daemon, the mean over all of them unless said otherwise."""

SHOWN_NOT = (
    "Training, folding, scoring and evaluating, and the talk between a daemon and its worker process.",
    "Networks: all runs on the loopback of one machine, whose cores daemons, chains and IPFS nodes share. Wall times"
    " are those of development chains with a block a second, and of a machine on which other jobs ran, too.",
    "The CPU seconds of chains and IPFS nodes.",
    "Members that estimate gas at once: here one daemon does at a time, since Ganache sometimes tries an estimate that"
    " meets the making of a block hundreds of times, and keeps everybody waiting. What is left of that is in the"
    " seconds of effects and in wall times.",
    "Later rounds, whose manifests are longer: this is the first one.",
    "Bytes between IPFS nodes: what is counted is what a daemon gives to its node and takes from it.",
    "Spread: each size is played once, and an exponent over two sizes is no more than their quotient. A fixed cost,"
    " such as following empty blocks, lowers an exponent; parts that grow faster show only once they weigh something.",
)


def report(result: Result) -> Report:
    tables = [
        _costs(result),
        _exponents(result),
        _where(result, "cpu by", "CPU seconds of a daemon, by what they went to", "all else"),
        _where(result, "seconds by", "Seconds from the beginning of an effect to its end", ""),
        _calls(result),
        _idle(result),
    ]
    return Report("A round's overhead, and a daemon at rest", INTRODUCTION, tables, SHOWN_NOT)


def broken(result: Result) -> list[str]:
    """At most linear growth, one transaction a member and phase, and a modest daemon at rest."""
    found = [
        f"{name} of a daemon grow as n^{exponent:.2f}, the limit is {MOST_EXPONENT}"
        for name, parts in GROWING.items()
        if (exponent := exponent_of(result, parts)) is not None and exponent > MOST_EXPONENT
    ]
    for size, figures in _rounds(result).items():
        found += [
            f"{call} was sent {count:g} times by one of {size} daemons"
            for call, count in figures["calls"].items()
            if count > 1
        ]
    rest = _resting(result)
    if rest is not None and rest["rss"] > MOST_RSS:
        found.append(f"a daemon at rest has {rest['rss'] / 1e6:.0f} MB resident, the limit is {MOST_RSS / 1e6:.0f}")
    if rest is not None and rest["share"] >= MOST_CPU:
        found.append(f"a daemon at rest takes {rest['share']:.2%} of a core, the limit is {MOST_CPU:.0%}")
    return found


def exponent_of(result: Result, parts: Sequence[str]) -> float | None:
    """Slope of the sum of figures in n, both as logarithms, by least squares; None with less than two sizes."""
    points = [
        (math.log(size), math.log(sum(figures[part] for part in parts))) for size, figures in _rounds(result).items()
    ]
    if len(points) < 2:
        return None
    middle = [sum(axis) / len(points) for axis in zip(*points, strict=True)]
    spread = sum((x - middle[0]) ** 2 for x, _ in points)
    return float(sum((x - middle[0]) * (y - middle[1]) for x, y in points) / spread)


def _rounds(result: Result) -> dict[int, Mapping[str, Any]]:
    """Figures by the number of daemons, of the cells that have some."""
    return {
        cell.configuration["daemons"]: cell.figures
        for cell in result.cells
        if cell.figures is not None and cell.configuration["part"] != IDLE
    }


def _resting(result: Result) -> Mapping[str, Any] | None:
    return next((cell.figures for cell in result.cells if cell.configuration["part"] == IDLE), None)


def _costs(result: Result) -> Table:
    columns = ["of a daemon", *(f"n = {size}" for size in SIZES)]
    rounds = _rounds(result)
    rows: list[list[Value]] = [
        [label, *(_shown(rounds.get(size), name, scale) for size in SIZES)] for label, name, scale in _LINES
    ]
    loads = {cell.configuration.get("daemons"): cell.machine.get("load") for cell in result.cells if cell.machine}
    rows.append(["load average of the machine before", *(loads.get(size) for size in SIZES)])
    note = (
        "CPU seconds follow the wall time, too: a daemon looks at both chains once a second, and a loaded machine makes"
        " rounds long. One daemon closes the round, one brings the checkpoint to the public chain and one publishes the"
        " awards; the one that opened it did so beside its daemon, which is not counted."
    )
    return Table("What a round costs", columns, rows, note, digits=2)


_LINES = (
    ("CPU, s", "cpu", 1.0),
    ("CPU of the busiest, s", "most cpu", 1.0),
    ("given to IPFS, MiB", "sent", 1 / MEBI),
    ("taken from IPFS, MiB", "received", 1 / MEBI),
    ("requests to chains", "rpc requests", 1.0),
    ("RPC calls in them", "rpc calls", 1.0),
    ("bytes of RPC, MiB", "rpc bytes", 1 / MEBI),
    ("private transactions", "private", 1.0),
    ("private transactions, most", "most private", 1.0),
    ("private gas, thousands", "private gas", 1e-3),
    ("public transactions", "public", 1.0),
    ("public transactions, most", "most public", 1.0),
    ("public gas, thousands", "public gas", 1e-3),
    ("resident memory, most, MB", "rss", 1e-6),
    ("wall time of the round, s", "wall", 1.0),
    ("private blocks of the round", "blocks", 1.0),
)


def _shown(figures: Mapping[str, Any] | None, name: str, scale: float) -> Value:
    return None if figures is None else float(figures[name]) * scale


def _exponents(result: Result) -> Table:
    sizes = ", ".join(str(size) for size in _rounds(result)) or "none"
    others = {"bytes of RPC": ("rpc bytes",), "requests to chains": ("rpc requests",), "private gas": ("private gas",)}
    rows: list[list[Value]] = [
        [name, exponent_of(result, parts), MOST_EXPONENT if name in GROWING else "none"]
        for name, parts in {**GROWING, **others}.items()
    ]
    note = (
        "A figure of one daemon grows as n to this power, by least squares. In a round every member judges every"
        " update, so that all verdicts together are n², and each daemon reads all of them: that part of the bytes of"
        " RPC is quadratic by design, and small."
    )
    return Table(f"How it grows (n = {sizes})", ["figure of a daemon", "exponent", "limit"], rows, note, digits=2)


def _where(result: Result, name: str, title: str, rest: str) -> Table:
    rounds = _rounds(result)
    parts = sorted(
        {part for figures in rounds.values() for part in figures[name]},
        key=lambda part: -max(figures[name].get(part, 0.0) for figures in rounds.values()),
    )
    rows: list[list[Value]] = [
        [part, *(None if size not in rounds else float(rounds[size][name].get(part, 0.0)) for size in SIZES)]
        for part in parts
    ]
    if rest:
        rows.append([rest, *(None if size not in rounds else _rest(rounds[size]) for size in SIZES)])
    return Table(title, ["what", *(f"n = {size}" for size in SIZES)], rows or [["none", *(None for _ in SIZES)]])


def _rest(figures: Mapping[str, Any]) -> float:
    return float(figures["cpu"] - sum(figures["cpu by"].values()))


def _calls(result: Result) -> Table:
    rounds = _rounds(result)
    names = sorted({call for figures in rounds.values() for call in figures["calls"]})
    rows = [[name, *_counts(rounds, name)] for name in names]
    title = "Transactions of the daemon that sent the most of a kind"
    return Table(title, ["call", *(f"n = {size}" for size in SIZES)], rows or [["none", *(None for _ in SIZES)]])


def _counts(rounds: Mapping[int, Mapping[str, Any]], name: str) -> Iterator[Value]:
    for size in SIZES:
        yield None if size not in rounds else int(rounds[size]["calls"].get(name, 0))


def _idle(result: Result) -> Table:
    rest = _resting(result)
    rows: list[list[Value]] = [
        ["resident memory, MB", None if rest is None else rest["rss"] / 1e6, MOST_RSS / 1e6],
        ["share of one core, %", None if rest is None else rest["share"] * 100, MOST_CPU * 100],
    ]
    note = "`loranchor daemon run` with its API and without a worker, both chains making an empty block a second."
    return Table("A daemon at rest", ["", "figure", "limit"], rows, note, digits=2)
