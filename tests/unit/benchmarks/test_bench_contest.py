"""Contestants take turns, their memory is seen from outside, and one that is not there is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.aggregation.contest import Contestant, compete
from orchestrator.errors import EnvironmentMissing

HERE = "tests.unit.benchmarks.contestant"
MIB = 1 << 20


def test_everybody_runs_once_a_turn(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    contestants = [
        Contestant("first", HERE, "sleeper", {"letter": "a", "bytes": 64 * MIB, "sleep": 0.2}),
        Contestant("second", HERE, "sleeper", {"letter": "b", "bytes": MIB, "sleep": 0.2}),
        Contestant("nobody", HERE, "absent"),
    ]
    found = compete(contestants, {"diary": str(diary)}, 3)
    assert found["nobody"] == {"missing": "it is not here"}
    for name in ("first", "second"):
        assert len(found[name]["seconds"]) == 3, "the turn that warms up is not counted"
        assert all(seconds >= 0.2 for seconds in found[name]["seconds"])
        assert found[name]["check"] == [[1.0, 2.0]] * 3
    turns = [diary.read_text()[place : place + 2] for place in range(0, 8, 2)]
    assert all(sorted(turn) == ["a", "b"] for turn in turns) and len(set(turns)) == 2
    assert 60 * MIB <= found["first"]["extra_bytes"] <= 80 * MIB
    assert found["second"]["extra_bytes"] <= 8 * MIB


def test_one_that_breaks_is_told_in_one_line() -> None:
    with pytest.raises(EnvironmentMissing, match="poor ended: ValueError: it broke"):
        compete([Contestant("poor", HERE, "broken")], {}, 1)
