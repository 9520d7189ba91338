"""From what contestants did to the figures of the tables, and the limits that they must keep."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.aggregation.rows import LAYER_BYTES, LINEAR, US
from benchmarks.harness import Outcome, Result

Found = Mapping[str, Mapping[str, Any]]

SHARE = 0.5
"""Of the measured read bandwidth that the dense mean must reach."""
PEAK = 2.0
"""Updates' bytes that the dense mean may hold."""
MEAN_FACTOR, KRUM_FACTOR, TRUNCATION_FACTOR = 4.0, 5.0, 10.0
"""How many times as long the peer must take."""
OVERLAP = 0.6
"""Of the slowest stage's own throughput that the factor fold must reach."""
GROWTH = (0.9, 1.1)
ALIKE = 1e-5
"""Relative difference up to which two results, or two errors, are the same."""


def cells_of(result: Result, row: str) -> list[Outcome]:
    """Finished cells of a row."""
    return [cell for cell in result.cells if cell.configuration["row"] == row and cell.figures is not None]


def factors(found: Found, name: str) -> list[float]:
    """How many times as long as ours a contestant took, turn by turn."""
    return [theirs / ours for theirs, ours in zip(found[name]["seconds"], found[US]["seconds"], strict=True)]


def read_bytes(cell: Outcome) -> int:
    """Bytes of all dense updates of a cell."""
    return int(cell.configuration["updates"] * update_bytes(cell))


def update_bytes(cell: Outcome) -> int:
    return int(cell.configuration["layers"] * LAYER_BYTES)


def share(cell: Outcome, name: str) -> float:
    """Of the bandwidth of the same turn, the median."""
    found, size = cell.figures or {}, read_bytes(cell)
    pairs = zip(found[name]["seconds"], found["bandwidth"]["seconds"], strict=True)
    return _median(size / own / (found["bandwidth"]["bytes"][0] / whole) for own, whole in pairs)


def _median(values: Iterable[float]) -> float:
    return float(statistics.median(values))


def present(found: Found) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Contestants that ran."""
    return ((name, figures) for name, figures in found.items() if "missing" not in figures)


def overlap(found: Found) -> float:
    """Throughput of the factor fold over that of the slowest stage alone, the median of the turns."""
    alone, whole = found["stages alone"], found["factor fold"]
    slowest = [max(parts) for parts in zip(*(alone[name] for name in ("verify", "open", "fold")), strict=True)]
    net = [total - sync for total, sync in zip(whole["seconds"], whole["sync"], strict=True)]
    return _median(one / other for one, other in zip(slowest, net, strict=True))


def exponent(figures: Mapping[str, Any]) -> float:
    """Slope of log time over log size, by least squares on the medians of the turns."""
    sizes = [int(size) for size in figures["by_size"][0]]
    times = [statistics.median(turn[str(size)] for turn in figures["by_size"]) for size in sizes]
    xs, ys = [math.log(size) for size in sizes], [math.log(seconds) for seconds in times]
    mean_x, mean_y = statistics.mean(xs), statistics.mean(ys)
    above = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - mean_x) ** 2 for x in xs)


def alike(found: Found) -> bool:
    """Whether all contestants came to the same result."""
    checks = [figures["check"][0] for name, figures in present(found) if name != "bandwidth"]
    return all(
        abs(value - ours) <= ALIKE * max(abs(ours), 1)
        for check in checks
        for value, ours in zip(check, checks[0], strict=True)
    )


def broken(result: Result) -> Sequence[str]:
    """Limits that the result does not keep."""
    return [*_means(result), *_krums(result), *_truncations(result), *_rest(result)]


def _means(result: Result) -> Iterator[str]:
    for cell in cells_of(result, "dense mean"):
        found, where = cell.figures or {}, f"dense mean of {cell.configuration['updates']}"
        if not alike(found):
            yield f"{where}: the contestants' results differ"
        if (reached := share(cell, US)) < SHARE:
            yield f"{where}: {reached:.2f} of the read bandwidth, at least {SHARE} is wanted"
        if (held := found[US]["extra_bytes"] / update_bytes(cell)) > PEAK:
            yield f"{where}: it held {held:.1f} updates, at most {PEAK} are allowed"
        yield from _slower(found, "flwr aggregate", MEAN_FACTOR, where)


def _krums(result: Result) -> Iterator[str]:
    for cell in cells_of(result, "multi-krum"):
        found = cell.figures or {}
        if not alike(found):
            yield "multi-krum: the contestants' results differ"
        yield from _slower(found, "flwr aggregate_krum", KRUM_FACTOR, "multi-krum")


def _truncations(result: Result) -> Iterator[str]:
    for cell in cells_of(result, "truncation"):
        found = cell.figures or {}
        for name, figures in present(found):
            if figures["error"][0] < found[US]["error"][0] - ALIKE:
                yield f"truncation: {name} has a smaller error"
        for name in ("peft svd", "chorus-fl FedExLoRA"):
            yield from _slower(found, name, TRUNCATION_FACTOR, "truncation")


def _rest(result: Result) -> Iterator[str]:
    for cell in cells_of(result, "sealed"):
        if (reached := overlap(cell.figures or {})) < OVERLAP:
            yield f"factor fold: {reached:.2f} of the slowest stage's throughput, at least {OVERLAP} is wanted"
    for cell in cells_of(result, "growth"):
        figures = (cell.figures or {})[US]
        if cell.configuration["method"] in LINEAR and "missing" not in figures:
            slope = exponent(figures)
            if not GROWTH[0] <= slope <= GROWTH[1]:
                what = f"{cell.configuration['method']} over {cell.configuration['axis']}"
                yield f"{what}: grows with exponent {slope:.2f}, wanted is {GROWTH[0]} to {GROWTH[1]}"


def _slower(found: Found, name: str, wanted: float, where: str) -> Iterator[str]:
    if "missing" in found[name]:
        yield f"{where}: {name} did not run: {found[name]['missing']}"
    elif (times := statistics.median(factors(found, name))) < wanted:
        yield f"{where}: {name} takes {times:.1f} times as long, at least {wanted} is wanted"
