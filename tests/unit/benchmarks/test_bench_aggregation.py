"""The tables and limits of the aggregation benchmark, from figures made up for the purpose."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.aggregation.__main__ import BENCHMARK, peers
from benchmarks.aggregation.figures import broken, exponent
from benchmarks.aggregation.rows import LINEAR, US, cells
from benchmarks.harness import Outcome, Result, markdown, preset_named


def mean_figures(ours: float = 0.02, theirs: float = 0.1, extra: int = 40 << 20) -> dict[str, Any]:
    check = [[3.0, 4.0]] * 3
    size = 8 * 8 * (4 << 20)
    return {
        "bandwidth": {"seconds": [0.1] * 3, "bytes": [6 * size] * 3, "check": [1.0] * 3, "extra_bytes": 0},
        US: {"seconds": [ours] * 3, "check": check, "extra_bytes": extra},
        "flwr aggregate": {"seconds": [theirs] * 3, "check": check, "extra_bytes": 9 * (32 << 20)},
        "nvflare": {"missing": "No module named 'nvflare'"},
    }


def growth_figures(power: float) -> dict[str, Any]:
    by_size = {str(size): 0.001 * size**power for size in (8, 16, 32)}
    return {US: {"seconds": [1.0] * 3, "by_size": [by_size] * 3, "extra_bytes": 0}}


def sealed_figures(sync: float = 0.5, whole: float = 1.1) -> dict[str, Any]:
    sizes = [8 << 20] * 3
    return {
        "stages alone": {"verify": [0.3] * 3, "open": [0.4] * 3, "fold": [0.2] * 3, "update_bytes": sizes},
        "factor fold": {"seconds": [whole] * 3, "sync": [sync] * 3, "extra_bytes": 20 << 20, "update_bytes": sizes},
        "dense fold": {"seconds": [3.0] * 3},
    }


def truncation_figures(times: float = 50.0, error: float = 0.5) -> dict[str, Any]:
    others = {
        name: {"seconds": [times] * 3, "error": [error] * 3, "extra_bytes": 0}
        for name in ("peft svd", "chorus-fl FedExLoRA")
    }
    return {US: {"seconds": [1.0] * 3, "error": [0.5] * 3, "extra_bytes": 0}, **others}


def result_of(**changes: dict[str, Any]) -> Result:
    """A result in which every cell ran; ``changes`` by row or by method."""
    found = []
    for cell in cells(full=False):
        made = {
            "dense mean": mean_figures,
            "multi-krum": lambda: {**mean_figures(), "flwr aggregate_krum": mean_figures()["flwr aggregate"]},
            "truncation": truncation_figures,
            "sealed": sealed_figures,
            "growth": lambda: growth_figures(1.0),
            "gpu": lambda: {US: {"missing": "no GPU"}},
        }[cell["row"]]()
        key = "_".join((cell["row"], *([cell["method"]] if "method" in cell else []))).replace(" ", "_")
        found.append(Outcome(cell, "done", changes.get(key, made), 1.0, "2026-01-01T00:00:00+00:00", {}))
    machine = {"cpu": "c", "cores": 2, "memory_gib": 24.0, "gpu": "none", "os": "o"}
    about = ("aggregation", "default", (), "none", "make bench-aggregation", "c", "0x" + "12" * 32)
    return Result(*about, "2026-01-01", {"python": "3"}, (machine,), tuple(found))


def test_a_good_result_keeps_all_limits_and_makes_a_page() -> None:
    result = result_of()
    assert list(broken(result)) == []
    page = markdown(BENCHMARK.report(result), result)
    assert "| holds |" in page and "does not hold" not in page
    assert "not measured" in page and "Any GPU: there was none." in page
    assert "No module named 'nvflare'" in page
    assert "times ours" in page and "5.00" in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"dense_mean": mean_figures(theirs=0.06)},
            "times as long as ours flwr aggregate takes: 3.00, wanted is at least 4",
        ),
        ({"dense_mean": mean_figures(ours=0.06, theirs=1.0)}, "share of the read bandwidth: 0.28"),
        ({"dense_mean": mean_figures(extra=100 << 20)}, "extra memory, P: 3.12, wanted is at most 2"),
        ({"truncation": truncation_figures(times=9.0)}, "times as long as ours peft svd takes: 9.00"),
        ({"truncation": truncation_figures(error=0.4)}, "has a smaller error"),
        ({"sealed": sealed_figures(whole=1.5)}, "share of the slowest stage's throughput: 0.40"),
        ({"growth_stack": growth_figures(1.3)}, "stack over updates: grows with exponent: 1.30, wanted is 0.9 to 1.1"),
    ],
)
def test_a_limit_that_is_not_kept_is_told(changes: dict[str, Any], message: str) -> None:
    result = result_of(**changes)
    assert any(message in sentence for sentence in broken(result))
    if "smaller error" not in message:
        assert "| does not hold |" in markdown(BENCHMARK.report(result), result)


def test_other_results_than_the_peers_are_told() -> None:
    figures = mean_figures()
    figures["flwr aggregate"]["check"] = [[3.1, 4.0]] * 3
    assert any("results differ" in sentence for sentence in broken(result_of(dense_mean=figures)))


def test_methods_that_grow_faster_are_printed_only() -> None:
    assert list(broken(result_of(growth_flexlora=growth_figures(2.2), growth_gram=growth_figures(1.9)))) == []
    assert exponent(growth_figures(2.2)[US]) == pytest.approx(2.2)


def test_both_presets_have_every_row_and_every_cell_is_told_apart() -> None:
    for name in ("default", "full"):
        plan = BENCHMARK.plan(preset_named(name))
        assert len({repr(cell) for cell in plan.cells}) == len(plan.cells)
        assert {cell["row"] for cell in plan.cells} == {
            "dense mean",
            "multi-krum",
            "truncation",
            "sealed",
            "growth",
            "gpu",
        }
        assert set(LINEAR) <= {cell.get("method") for cell in plan.cells}


def test_versions_of_the_peers_come_from_their_lock() -> None:
    assert peers()["flwr (peer)"] == "1.42.0"
