"""Stages overlap, keep the order and the bound of memory, and end when one of them fails."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import torch

from orchestrator.aggregation.pipeline import Buffers, Clock, opened, staged
from orchestrator.aggregation.source import DeltaSource
from orchestrator.errors import EnvelopeError
from orchestrator.types import UpdateId
from tests.unit.aggregation.folders import held, plain, sealed
from tests.unit.aggregation.make import contributions


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


def test_buffers_stay_within_their_limit_and_one_is_always_to_be_had() -> None:
    buffers = Buffers(100)
    large = buffers.take(150)
    taken: list[bytearray] = []
    waiting = threading.Thread(target=lambda: taken.append(buffers.take(60)))
    waiting.start()
    time.sleep(0.05)
    assert not taken, "over the limit, so it waits"
    buffers.give(large)
    waiting.join(10)
    assert len(taken[0]) >= 60
    buffers.close()
    with pytest.raises(InterruptedError):
        Buffers.take(buffers, 10)


@pytest.mark.parametrize("budget", [0, 1 << 30])
def test_whole_contributions_come_out_as_they_went_in(tmp_path: Path, budget: int) -> None:
    deltas = contributions(rounds=2)
    for sources in (held(deltas), plain(deltas, tmp_path / "plain"), sealed(deltas, tmp_path / "sealed")):
        clock = Clock()
        for (update, source), delta in zip(sources.items(), opened(sources.values(), budget, clock=clock), strict=True):
            assert source is sources[update]
            for name, low in deltas[update].modules.items():
                assert torch.equal(delta.modules[name].a, low.a) and torch.equal(delta.modules[name].b, low.b)
            for name, tensor in deltas[update].dense.items():
                assert torch.equal(delta.dense[name], tensor)
        assert clock.seconds.keys() == {"verify", "open"}


def test_a_failing_contribution_ends_the_pass_also_when_buffers_are_waited_for(tmp_path: Path) -> None:
    deltas = contributions(rounds=2)
    sources = sealed(deltas, tmp_path / "sealed")
    before = threading.active_count()

    class Broken(DeltaSource):
        def whole(self, into: memoryview | None = None) -> object:  # type: ignore[override]
            super().whole(into)
            raise EnvelopeError("broken")

    sources[UpdateId("1-borealis")].__class__ = Broken
    with pytest.raises(EnvelopeError, match="broken"):
        list(opened(sources.values(), 0))
    assert threading.active_count() == before


def test_leaving_early_ends_the_threads(tmp_path: Path) -> None:
    before = threading.active_count()
    passing = opened(sealed(contributions(rounds=2), tmp_path / "sealed").values(), 0)
    next(passing)
    passing.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
