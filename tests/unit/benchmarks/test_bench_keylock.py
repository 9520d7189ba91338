"""The key-lock's benchmark: its cells at their smallest, its limits, its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from benchmarks.harness import Outcome, Plan, Preset, Result, markdown
from benchmarks.keylock import adapters, federation, overhead
from benchmarks.keylock.__main__ import BENCHMARK
from benchmarks.keylock.claims import broken, limits
from benchmarks.keylock.report import report
from benchmarks.keylock.sizes import plan
from orchestrator.data.images import Pictures

MACHINE = {"cpu": "a", "cores": 1, "memory_gib": 1.0, "gpu": "none", "os": "b"}


def figures_of(cell: Mapping[str, Any], *, ratio: float = 1.02, speed: float = 400.0) -> dict[str, Any]:
    """Figures such as a run makes."""
    if cell["part"] == "time":
        return {"plain": [0.1, 0.1], "locked": [0.1 * ratio] * 2, "ratio": ratio, "ratios": [ratio, ratio]}
    if cell["part"] == "sealing":
        return {"seal": [speed], "open": [2 * speed], "median": {"seal": speed, "open": 2 * speed}}
    if cell["part"] == "federation":
        return {"curve": [50.0 + cell["locked"]] * cell["rounds"], "stranger": 10.0}
    one = {"loss": 1.0, "accuracy": 0.5}
    return {"base": one, "own": one, "no key": one, "stranger": one}


def result_of(cells: Plan, **changes: float) -> Result:
    outcomes = tuple(
        Outcome(cell, "done", figures_of(cell, **changes), 1.0, "2026-01-01", MACHINE) for cell in cells.cells
    )
    return Result("keylock", "default", (0,), "none", "make bench-keylock", "c", "0x" + "a" * 64, "2026-01-01", {},
                  (MACHINE,), outcomes)  # fmt: skip


@pytest.fixture
def cells() -> Plan:
    return plan(Preset("default", 60.0))


def test_the_plan_has_every_part(cells: Plan) -> None:
    assert {cell["part"] for cell in cells.cells} == {"time", "sealing", "federation", "adapters"}
    assert {cell["net"] for cell in cells.cells if cell["part"] == "time"} == {"lenet", "resnet20", "smollm2"}
    assert len({str(cell) for cell in cells.cells}) == len(cells.cells)
    assert len(plan(Preset("full", None)).cells) > len(cells.cells)


def test_limits_are_kept_or_named(cells: Plan) -> None:
    assert broken(result_of(cells)) == []
    slow = broken(result_of(cells, ratio=1.06))
    assert [sentence.split(":")[0] for sentence in slow] == [
        "training time of resnet20, times",
        "training time of smollm2, times",
    ], "LeNet has no limit"
    assert len(broken(result_of(cells, speed=100.0))) == 2
    assert {item.verdict for item in limits(result_of(Plan([])))} == {"not run"}


def test_the_page_has_all_figures_and_says_what_does_not_hold(cells: Plan) -> None:
    made = result_of(cells, ratio=1.2)
    page = markdown(report(made), made)
    assert page.count("does not hold") == 2
    for words in ("resnet20", "smollm2", "20 of 200", "88.45", "sotu", "What this does not show"):
        assert words in page
    assert BENCHMARK.frank


def test_times_are_of_both_kinds_in_every_turn() -> None:
    threads = torch.get_num_threads()
    found = overhead.work({"net": "lenet", "turns": 2, "steps": 1, "batch": 2})
    torch.set_num_threads(threads)
    assert len(found["plain"]) == len(found["locked"]) == len(found["ratios"]) == 2
    assert min(found["plain"] + found["locked"]) > 0


def test_sealing_is_timed_on_what_opens_again() -> None:
    found = overhead.sealing({"mib": 1, "turns": 2})
    assert all(len(found[way]) == 2 and min(found[way]) > 0 for way in ("seal", "open"))


def test_a_federation_learns_and_a_stranger_has_another_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images whose class is how bright they are."""
    labels = torch.arange(60) % 2
    pixels = (labels * 200).to(torch.uint8)[:, None, None, None].expand(60, 1, 28, 28).contiguous()
    pictures = Pictures(pixels, labels, 2)
    monkeypatch.setattr(federation, "load_images", lambda name: (pictures, pictures))
    about = {"net": "lenet-relu", "images": 60, "tests": 20, "rounds": 2, "batch": 10, "seed": 0}
    threads = torch.get_num_threads()
    for locked in (False, True):
        found = federation.work({**about, "locked": locked})
        assert len(found["curve"]) == 2
        assert all(0.0 <= value <= 100.0 for value in [*found["curve"], found["stranger"]])
        assert found == federation.work({**about, "locked": locked}), "a cell can be measured again"
    torch.set_num_threads(threads)


def test_members_behind_locks_share_a_tiny_model() -> None:
    about = {"experiment": "tiny", "rounds": 1, "steps": 2, "batch": 2, "held_out": 2, "seed": 0}
    threads = torch.get_num_threads()
    plain = adapters.work({**about, "strength": 0, "shift": 0})
    locked = adapters.work({**about, "strength": 1_000_000, "shift": 200_000})
    torch.set_num_threads(threads)
    assert plain["own"] == plain["no key"] == plain["stranger"] != plain["base"]
    assert locked["base"] == plain["base"], "no lock matters where nobody has contributed"
    assert len({locked[look]["loss"] for look in ("base", "own", "no key", "stranger")}) == 4
