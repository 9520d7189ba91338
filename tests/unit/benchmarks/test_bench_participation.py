"""`make bench-participation`: the same world for every policy, money that adds up, and limits that fail a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.harness import Outcome, Preset, Result, markdown
from benchmarks.participation.__main__ import BENCHMARK, plan
from benchmarks.participation.play import play
from benchmarks.participation.report import POLICIES, broken, report
from benchmarks.participation.world import ORGANISATIONS, SENDING, TRAINING, World
from orchestrator.settings import choices

MACHINE = {"cpu": "c", "cores": 2, "memory_gib": 4, "gpu": "none", "os": "o", "load": 0}


def cell(
    policy: str = "always", user: str = "all", pay: str = "even", rounds: int = 8, seed: int = 0
) -> dict[str, Any]:
    return {"pay": pay, "arrivals": "rare", "policy": policy, "used by": user, "rounds": rounds, "seed": seed}


def result_of(change: dict[str, float]) -> Result:
    """Every cell of the default preset; figures of `threshold` used by one where pay is poor are changed."""

    def outcome(configuration: Any) -> Outcome:
        figures = {"taken": 1.0, "earned": 20.0, "cost": 21.0, "judging": 28.0, "gained": 0.05, "failed": 0.0}
        where = (configuration["policy"], configuration["used by"], configuration["pay"])
        figures = {**figures, **(change if where == ("threshold", "one", "poor") else {})}
        return Outcome(configuration, "done", figures, 1.0, "2026-01-01T00:00:00+00:00", MACHINE)

    chosen = plan(Preset("default", 60))
    about = (
        "participation",
        "default",
        chosen.seeds,
        chosen.interval,
        "make bench-participation",
        "abc",
        "0x" + "0" * 64,
    )
    return Result(*about, "2026-01-01T00:00:00+00:00", {}, (MACHINE,), tuple(map(outcome, chosen.cells)))


def test_every_packaged_policy_is_played() -> None:
    assert sorted(POLICIES) == choices("participation")
    assert len(plan(Preset("default", 60)).cells) == 3 * 2 * 3 * 2 * 6


def test_a_world_follows_from_its_seed_alone() -> None:
    assert World.of("even", "rare", 5, 1) == World.of("even", "rare", 5, 1) != World.of("even", "rare", 5, 2)
    longer = World.of("even", "rare", 9, 1)
    assert longer.price == World.of("even", "rare", 5, 1).price


@pytest.mark.parametrize("policy", POLICIES)
def test_a_life_is_repeated_to_the_bit(policy: str) -> None:
    assert play(cell(policy)) == play(cell(policy))


def test_all_of_the_pay_is_earned_and_all_training_is_paid() -> None:
    found, world = play(cell()), World.of("even", "rare", 8, 0)
    assert found["taken"] == 1 and found["failed"] == 0
    assert found["earned"] * 6 == pytest.approx(1.2 * 6 * TRAINING, rel=1e-12)
    mean = sum(world.price.values()) / len(ORGANISATIONS)
    assert found["cost"] == pytest.approx((TRAINING + SENDING) * mean)
    assert found["judging"] == pytest.approx(4 * 7 * mean)


def test_where_nothing_is_paid_for_everybody_leaves_in_the_end() -> None:
    found = play(cell("threshold", pay="poor", rounds=12))
    assert found["taken"] < 0.7 and found["cost"] < play(cell(pay="poor", rounds=12))["cost"]
    assert play(cell("q_learning", pay="poor", rounds=40))["taken"] < 1


def test_one_organisation_alone_changes_only_itself() -> None:
    """The others always take part, so the common gain lacks at most one organisation's."""
    one, none = play(cell("threshold", "one")), play(cell("always", "one"))
    assert one["failed"] == 0 and one["gained"] <= none["gained"]


def test_a_policy_that_loses_where_rounds_do_not_pay_fails_the_run() -> None:
    assert broken(result_of({"earned": 5.0, "cost": 3.0})) == []
    lost = broken(result_of({"earned": 5.0, "cost": 8.0}))
    assert lost[0] == "threshold loses 2.00 a round against always, poor pay, new data often" and len(lost) == 2


def test_the_page_says_what_is_missing() -> None:
    page = markdown(report(result_of({})), result_of({}))
    assert "Pay poor, new data rare" in page and "| threshold, one |" in page
    nothing = replace(result_of({}), cells=())
    assert "not run" in markdown(report(nothing), nothing)
    assert {"orchestrator/participation", "orchestrator/ledger/awards.py"} <= set(BENCHMARK.sources)
