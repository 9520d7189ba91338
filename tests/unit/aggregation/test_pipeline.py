"""Stages overlap, keep the order, and end when one of them fails."""

from __future__ import annotations

import threading
import time

import pytest

from orchestrator.aggregation.pipeline import Clock, staged


def slow(item: int) -> int:
    time.sleep(0.03)
    return item + 1


def test_items_keep_their_order_and_stages_overlap() -> None:
    clock, start = Clock(), time.perf_counter()
    found = list(staged(range(12), {"one": slow, "two": slow, "three": slow}, clock=clock))
    whole = time.perf_counter() - start
    assert found == [number + 3 for number in range(12)]
    assert all(seconds >= 12 * 0.03 for seconds in clock.seconds.values())
    assert whole < 0.75 * sum(clock.seconds.values())


def test_nothing_goes_further_ahead_than_asked() -> None:
    seen: list[int] = []
    for item in staged(range(10), {"one": lambda item: seen.append(item) or item}, ahead=2):
        assert len(seen) <= item + 4
    assert len(seen) == 10


def test_an_error_comes_out_in_its_place_and_ends_everything() -> None:
    before = threading.active_count()

    def failing(item: int) -> int:
        if item == 3:
            raise ValueError("three")
        return item

    found = []
    with pytest.raises(ValueError, match="three"):
        found.extend(staged(range(10), {"one": failing, "two": slow}))
    taken = []
    with pytest.raises(ValueError, match="three"):
        for item in staged(range(10), {"one": failing}):
            taken.append(item)
    assert taken == [0, 1, 2]
    assert threading.active_count() == before
