"""`make bench-slices`: streams that add up, orders that differ, and a closed form that a run is held against."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.harness import Outcome, Preset, Result, markdown
from benchmarks.slices.__main__ import BENCHMARK, plan
from benchmarks.slices.report import broken, report
from benchmarks.slices.stream import STEPS, Orders, expected, kept_orders, requests, streamed

MACHINE = {"cpu": "c", "cores": 2, "memory_gib": 4, "gpu": "none", "os": "o", "load": 0}
TRAINED = {
    "loss before": 0.7, "loss": 0.5, "accuracy": 0.8, "loss after": 0.5, "seconds": 9.0, "seconds again": 3.0,
    "stages again": 1,
}  # fmt: skip


def cell(slices: int, together: int = 1, seed: int = 0, count: int = 50) -> dict[str, Any]:
    return {"part": "stream", "requests": count, "slices": slices, "together": together, "seed": seed}


def result_of(change: float = 1.0) -> Result:
    """The default preset; streams are played, trainings made up."""

    def outcome(configuration: Any) -> Outcome:
        figures = dict(TRAINED if configuration["part"] == "training" else streamed(configuration))
        if configuration.get("slices") == 4 and "1 orders" in figures:
            figures["1 orders"] *= change
        return Outcome(configuration, "done", figures, 1.0, "2026-01-01T00:00:00+00:00", MACHINE)

    chosen = plan(Preset("default", 60))
    about = ("slices", "default", chosen.seeds, chosen.interval, "make bench-slices", "abc", "0x" + "0" * 64)
    return Result(*about, "2026-01-01T00:00:00+00:00", {}, (MACHINE,), tuple(map(outcome, chosen.cells)))


def test_one_slice_is_training_in_full() -> None:
    found = streamed(cell(1))
    assert found["full"] == found["1 orders"] == found["expected"] == 50 * STEPS
    assert found["alive 1"] == 0


@pytest.mark.parametrize("slices", [2, 4, 8, 16])
def test_the_closed_form_is_the_mean_over_slices(slices: int) -> None:
    one_each = sum(_cost((number,), slices) for number in range(1, slices + 1)) / slices
    assert expected(slices) == pytest.approx(one_each) == pytest.approx(STEPS * (slices + 1) / (2 * slices))
    pairs = [(a, b) for a in range(1, slices + 1) for b in range(1, slices + 1)]
    assert expected(slices, 2) == pytest.approx(sum(_cost(pair, slices) for pair in pairs) / len(pairs))


def _cost(hits: tuple[int, ...], slices: int) -> int:
    made = Orders(kept_orders(slices, 1), [STEPS // slices] * slices)
    made.hit(hits)
    return made.spent


def test_orders_hold_every_slice_and_begin_differently() -> None:
    for slices in (4, 8, 16):
        orders = kept_orders(slices, 4)
        assert all(sorted(order) == list(range(1, slices + 1)) for order in orders)
        assert len({order[0] for order in orders}) == 4
        assert orders[0] == tuple(range(1, slices + 1)) and orders[1] == orders[0][::-1]


def test_the_order_that_needs_least_is_made_whole_and_the_others_wait() -> None:
    made = Orders([(1, 2), (2, 1)], [3, 3])
    assert made.spent == 6
    made.hit([1])
    assert (made.spent, made.whole) == (9, [0, 2])
    made.hit([2])
    assert (made.spent, made.whole) == (15, [2, 0])


def test_a_stream_is_of_the_same_samples_whatever_the_slices() -> None:
    assert list(requests(3, 8, 40)) == list(requests(3, 8, 40)) != list(requests(4, 8, 40))
    assert set(requests(3, 4, 200)) == {1, 2, 3, 4}
    assert streamed(cell(8)) == streamed(cell(8))


def test_serving_ten_at_once_is_cheaper_than_one_by_one() -> None:
    for slices in (4, 8):
        one, ten = streamed(cell(slices)), streamed(cell(slices, 10))
        assert ten["1 orders"] < one["1 orders"] < one["full"]
        assert one["alive 1"] <= one["alive 2"] <= one["alive 4"]


def test_a_run_that_misses_the_closed_form_fails() -> None:
    assert broken(result_of()) == []
    assert "4 slices, 1 at once" in broken(result_of(1.5))[0]


def test_the_page_has_every_table() -> None:
    page = markdown(report(result_of()), result_of())
    assert "closed form" in page and "| 16 |" in page and "| untrained |" in page
    assert len(BENCHMARK.plan(Preset("full", None)).cells) == 5 * 2 * 100 + 4 * 10
