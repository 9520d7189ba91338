"""The tables of `make bench-aggregation`."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.aggregation.figures import (
    cells_of,
    exponent,
    factors,
    limits,
    overlap,
    present,
    read_bytes,
    share,
    update_bytes,
)
from benchmarks.aggregation.rows import LINEAR, US
from benchmarks.harness import Outcome, Report, Result, Table
from benchmarks.harness.tables import Value

NOT_MEASURED = "not measured"
DURATIONS = "Median of the turns; contestants took turns, and factors are between runs of one turn."


def report(result: Result) -> Report:
    """A function of the result alone."""
    made = [_dense(result, "dense mean"), _dense(result, "multi-krum"), _truncation(result)]
    tables = [_held(result), *made, _sealed(result), _growth(result), _gpu(result)]
    introduction = (
        "The fold beside the aggregators of other systems, in one run and turn by turn. P is the size of one update; "
        "extra memory is the peak of anonymous pages while a contestant works, so mapped files are not in it, and "
        "what it was given in memory neither."
    )
    return Report("Aggregation", introduction, tables, _limits(result))


def _held(result: Result) -> Table:
    rows: list[Sequence[Value]] = [
        [limit.what, limit.wanted, f"{limit.measured:.2f}", "holds" if limit.holds else "does not hold"]
        for limit in limits(result)
    ]
    note = (
        "The machine is virtual, its memory bandwidth is shared, and other work may run beside: figures near a limit "
        "fall on either side of it from run to run, and the load average at the start of each cell is in the data. Of "
        "eight updates the mean also writes one for eight that it reads, which the share of bandwidth leaves out."
    )
    return Table("What must hold", ["figure", "wanted", "measured", "in this run"], rows, note)


def _limits(result: Result) -> list[str]:
    found = [
        "Networks, disks and chains: all files are in the page cache.",
        "Which method gives the better model: the numbers in the updates are random.",
        "The peers' other ways of aggregating, in particular on GPUs, and NVFlare's example of a QR decomposition, "
        "which is not in its package.",
    ]
    gpu = [cell for cell in cells_of(result, "gpu") if "missing" not in (cell.figures or {})[US]]
    return found if gpu else [*found, "Any GPU: there was none."]


def _dense(result: Result, row: str) -> Table:
    rows: list[Sequence[Value]] = []
    for cell in cells_of(result, row):
        found = cell.figures or {}
        rows.append(_bandwidth(cell))
        for name, figures in found.items():
            if name != "bandwidth":
                rows.append([f"{cell.configuration['updates']} × {name}", *_dense_values(cell, name, figures)])
    columns = ["updates × contestant", "ms", "GB/s read", "share of bandwidth", "extra memory, P", "times ours"]
    size = f"{8 * 4 * 2**20 / 1e6:.1f} MB of fp32"
    titles = {"dense mean": "Weighted mean of dense updates", "multi-krum": "Multi-Krum on dense updates"}
    notes = {
        "dense mean": f"P is {size}. {DURATIONS} LoRAnchor reads mapped files that were verified before the clock "
        "started, and puts its sums where those of the turn before lie, as whoever folds again and again can; they are "
        "counted as extra memory. In the two rows below it the sums get new memory each time, and files are mapped "
        "meanwhile, too. The peers, which have no such choice, have all updates in memory before the clock starts.",
        "multi-krum": f"P is {size}, f = 1, all but one are kept. {DURATIONS} Ours is one Gram matrix and the mean of "
        "what is kept.",
    }
    return Table(titles[row], columns, rows, notes[row], digits=2)


def _bandwidth(cell: Outcome) -> list[Value]:
    figures = (cell.figures or {})["bandwidth"]
    seconds = statistics.median(figures["seconds"])
    size = figures["bytes"][0]
    return [f"{cell.configuration['updates']} × (reading memory)", seconds * 1e3, size / seconds / 1e9, 1.0, "–", "–"]


def _dense_values(cell: Outcome, name: str, figures: Mapping[str, Any]) -> list[Value]:
    if "missing" in figures:
        return ["did not run", "–", "–", "–", figures["missing"]]
    seconds = statistics.median(figures["seconds"])
    times: Value = "–" if name == US else statistics.median(factors(cell.figures or {}, name))
    extra = figures["extra_bytes"] / update_bytes(cell)
    return [seconds * 1e3, read_bytes(cell) / seconds / 1e9, share(cell, name), extra, times]


def _truncation(result: Result) -> Table:
    rows: list[Sequence[Value]] = []
    for cell in cells_of(result, "truncation"):
        found = cell.figures or {}
        for name, figures in found.items():
            label = f"{cell.configuration['side']}² {name}"
            if "missing" in figures:
                rows.append([label, "did not run", "–", figures["missing"]])
                continue
            times: Value = "–" if name == US else statistics.median(factors(found, name))
            rows.append([label, statistics.median(figures["seconds"]) * 1e3, f"{figures['error'][0]:.6f}", times])
    note = f"One module, 8 updates of ranks 4, 8, 16 and 32 in turn, cut to rank 16. {DURATIONS} Ours uses one thread."
    columns = ["module and contestant", "ms", "relative error", "times ours"]
    return Table("Mixed ranks cut to one", columns, rows, note, digits=1)


def _sealed(result: Result) -> Table:
    rows: list[Sequence[Value]] = []
    for cell in cells_of(result, "sealed"):
        found = cell.figures or {}
        alone, whole, dense = (found[name] for name in ("stages alone", "factor fold", "dense fold"))
        size = cell.configuration["updates"] * alone["update_bytes"][0]
        middle = {name: statistics.median(alone[name]) for name in ("verify", "open", "fold")}
        for name, seconds in middle.items():
            rows.append([f"{name} alone", seconds, size / seconds / 1e9, seconds / sum(middle.values()), "–"])
        pairs = zip(whole["seconds"], whole["sync"], strict=True)
        net = statistics.median(total - sync for total, sync in pairs)
        held = whole["extra_bytes"] / whole["update_bytes"][0]
        rows.append(["verify → open → factor fold", net, size / net / 1e9, "–", held])
        rows.append(["of the slowest stage's throughput", "–", "–", overlap(found), "–"])
        rows.append(["bringing the file to the disk", statistics.median(whole["sync"]), "–", "–", "–"])
        seconds = statistics.median(dense["seconds"])
        checking = (middle["verify"] + middle["open"]) / 2  # side by side on two threads
        rows.append(["verify → open → dense fold", seconds, size / seconds / 1e9, "–", "–"])
        rows.append(["dense fold: share of multiplying", "–", "–", max(0.0, 1 - checking / seconds), "–"])
    note = (
        "64 sealed updates of 16 modules of 4096² at rank 16 (P = 8.4 MB). Stages alone run on one thread, the whole "
        "on two; making the file is part of the fold, bringing it to the disk is not, and files of earlier turns are "
        "removed between turns. The factor fold stacks factors into one adapter, the dense fold multiplies out."
    )
    columns = ["stage", "s", "GB/s", "share", "extra memory, P"]
    return Table("Sealed updates: verify → open → fold", columns, rows, note, digits=3)


def _growth(result: Result) -> Table:
    rows: list[Sequence[Value]] = []
    for cell in cells_of(result, "growth"):
        figures, method = (cell.figures or {})[US], cell.configuration["method"]
        wanted = "0.9 to 1.1" if method in LINEAR else "printed only"
        if "missing" in figures:
            rows.append([method, cell.configuration["axis"], figures["missing"], "–", wanted])
            continue
        sizes = list(figures["by_size"][0])
        times = [statistics.median(turn[size] for turn in figures["by_size"]) for size in sizes]
        listed = ", ".join(f"{size}: {seconds * 1e3:.1f}" for size, seconds in zip(sizes, times, strict=True))
        rows.append([method, cell.configuration["axis"], listed, exponent(figures), wanted])
    note = (
        "Exponents by least squares on logarithms, over the sizes shown. Sums go into memory that is there: giving out "
        "new pages takes some systems as long as many updates, and is no growth of a method. Parameters grow by the "
        "number of modules, or layers. The numbers of updates are such that reading them takes longer than "
        "writing one sum, or making the one product of ffa, which cost the same for any number. Shapley values fold "
        "every subset, so their time doubles with each update: the exponent is that of the range measured."
    )
    return Table("How time grows", ["method", "over", "size: ms", "exponent", "wanted"], rows, note, digits=2,
                 left=frozenset({0, 1, 2}))  # fmt: skip


def _gpu(result: Result) -> Table:
    rows: list[Sequence[Value]] = []
    for cell in cells_of(result, "gpu"):
        label = f"Llama-3-8B all-linear, rank 16, {cell.configuration['updates']} updates"
        for _, figures in present(cell.figures or {}):
            fold, copy = statistics.median(figures["fold"]), statistics.median(figures["copy"])
            rows.append([label, fold, copy / fold, max(figures["memory"]) / 2**30])
    rows = rows or [["Llama-3-8B all-linear, rank 16, 64 updates", NOT_MEASURED, NOT_MEASURED, NOT_MEASURED]]
    note = "Factors come from memory; the sums stay on the device."
    return Table("On a GPU", ["shapes", "s", "share of copy bandwidth", "GPU memory, GiB"], rows, note)
