"""From what contestants did to the figures of the tables, and the limits that they must keep."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure, and the bounds that it must keep; ``wanted`` says them."""

    what: str
    measured: float
    least: float = -math.inf
    most: float = math.inf

    @property
    def holds(self) -> bool:
        return self.least <= self.measured <= self.most

    @property
    def wanted(self) -> str:
        if math.isinf(self.most):
            return f"at least {self.least:g}"
        return f"at most {self.most:g}" if math.isinf(self.least) else f"{self.least:g} to {self.most:g}"


def limits(result: Result) -> list[Limit]:
    """All that could be measured."""
    return [*_mean_limits(result), *_factor_limits(result), *_rest(result)]


def broken(result: Result) -> Sequence[str]:
    """Limits that the result does not keep, and what makes a comparison void."""
    kept = [
        f"{limit.what}: {limit.measured:.2f}, wanted is {limit.wanted}" for limit in limits(result) if not limit.holds
    ]
    return [*kept, *_void(result)]


def _mean_limits(result: Result) -> Iterator[Limit]:
    for cell in cells_of(result, "dense mean"):
        found, where = cell.figures or {}, f"dense mean of {cell.configuration['updates']}"
        yield Limit(f"{where}: share of the read bandwidth", share(cell, US), least=SHARE)
        yield Limit(f"{where}: extra memory, P", found[US]["extra_bytes"] / update_bytes(cell), most=PEAK)
        yield from _times(found, "flwr aggregate", MEAN_FACTOR, where)


def _factor_limits(result: Result) -> Iterator[Limit]:
    for cell in cells_of(result, "multi-krum"):
        yield from _times(cell.figures or {}, "flwr aggregate_krum", KRUM_FACTOR, "multi-krum")
    for cell in cells_of(result, "truncation"):
        for name in ("peft svd", "chorus-fl FedExLoRA"):
            yield from _times(
                cell.figures or {}, name, TRUNCATION_FACTOR, f"truncation of {cell.configuration['side']}²"
            )


def _times(found: Found, name: str, wanted: float, where: str) -> Iterator[Limit]:
    if "missing" not in found[name]:
        yield Limit(
            f"{where}: times as long as ours {name} takes", statistics.median(factors(found, name)), least=wanted
        )


def _rest(result: Result) -> Iterator[Limit]:
    for cell in cells_of(result, "sealed"):
        yield Limit("factor fold: share of the slowest stage's throughput", overlap(cell.figures or {}), least=OVERLAP)
    for cell in cells_of(result, "growth"):
        figures, method = (cell.figures or {})[US], cell.configuration["method"]
        if method in LINEAR and "missing" not in figures:
            what = f"{method} over {cell.configuration['axis']}: grows with exponent"
            yield Limit(what, exponent(figures), *GROWTH)


def _void(result: Result) -> Iterator[str]:
    """Results that differ, better ones than ours, and peers that did not run."""
    for row, name in (("dense mean", "flwr aggregate"), ("multi-krum", "flwr aggregate_krum")):
        for cell in cells_of(result, row):
            found = cell.figures or {}
            if not alike(found):
                yield f"{row} of {cell.configuration['updates']}: the contestants' results differ"
            yield from _absent(found, name, row)
    for cell in cells_of(result, "truncation"):
        found = cell.figures or {}
        for name, figures in present(found):
            if figures["error"][0] < found[US]["error"][0] - ALIKE:
                yield f"truncation: {name} has a smaller error"
        for name in ("peft svd", "chorus-fl FedExLoRA"):
            yield from _absent(found, name, "truncation")


def _absent(found: Found, name: str, where: str) -> Iterator[str]:
    if "missing" in found[name]:
        yield f"{where}: {name} did not run: {found[name]['missing']}"
