"""`make bench-adversaries`: its cells and tables, limits that fail a run, and updates that are trained once."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from benchmarks.adversaries import play, trained
from benchmarks.adversaries.__main__ import BENCHMARK, PROCESSES, plan
from benchmarks.adversaries.report import ATTACKS, broken, costs, report
from benchmarks.federation import ADVERSARIES, Measured, RoundFigures
from benchmarks.harness import Outcome, Preset, Result, markdown
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, OrganisationId

MACHINE = {"cpu": "c", "cores": 2, "memory_gib": 4, "gpu": "none", "os": "o", "load": 0}
CELLS = plan(Preset("default", 60)).cells


def result_of(accuracy: dict[tuple[str, str], float], seeds: tuple[int, ...] = (0, 1, 2)) -> Result:
    """Every cell of the default preset; those that are not named reach 0.85."""

    def cell(configuration: Any) -> Outcome:
        found = accuracy.get((configuration["attack"], configuration["defence"]), 0.85) + configuration["seed"] / 1000
        figures = {
            "accuracy": found,
            "hostile accepted": 1,
            "honest accepted": 5,
            "honest refused": 2,
            "reasons": ["SCORE_TOO_LOW"],
        }
        return Outcome(configuration, "done", figures, 1.0, "2026-01-01T00:00:00+00:00", MACHINE)

    cells = tuple(cell(item) for item in CELLS if item["seed"] in seeds)
    digest = "0x" + "00" * 32
    about = ("adversaries", "default", seeds, "95 % t-interval over seeds", "make bench-adversaries", "abc", digest)
    return Result(*about, "2026-01-01T00:00:00+00:00", {"torch": "2"}, (MACHINE,), cells)


def test_every_attack_is_one_that_there_is() -> None:
    assert set(ATTACKS) == set(ADVERSARIES) - {"none"}


def test_cells_alternate_so_that_each_process_has_one_kind() -> None:
    assert PROCESSES == 2
    assert {item["defence"] for item in CELLS[::2]} == {"robust"} and {item["defence"] for item in CELLS[1::2]} == {
        "stack"
    }
    assert len({str(item) for item in CELLS}) == len(CELLS) == 48
    full = plan(Preset("full", None)).cells
    assert len(full) == 72 and {item["rounds"] for item in full} == {4}


@pytest.mark.parametrize("name", ["robust", "stack"])
def test_tasks_are_tasks(name: str) -> None:
    base = {"digest": Digest("0x" + "11" * 32), "architecture": "bert", "kind": "classifier"}
    spec = TaskSpec.from_document({"format": "loranchor/task", "version": 1, **play.task(name, 3), "base": base})
    assert spec.training.steps == 3 and bool(spec.verdict.filters) == (name == "robust")


def test_a_loss_of_more_than_three_points_fails_the_run() -> None:
    good, bad = {("noise", "robust"): 0.821, ("noise", "stack"): 0.5}, {("noise", "robust"): 0.815}
    assert broken(result_of(good)) == []
    assert broken(result_of(bad)) == ["noise costs 3.5 points among eight, at most 3 are allowed"]


def test_costs_compare_equal_seeds() -> None:
    found = costs(result_of({("scaled", "stack"): 0.65}), 8, "scaled", "stack")
    assert found == pytest.approx([0.2, 0.2, 0.2])


def test_the_page_has_all_tables_and_says_what_is_missing() -> None:
    page = markdown(report(result_of({})), result_of({}))
    for words in ("Two among eight organisations", "One among four organisations", "score too low", "(n=3)"):
        assert words in page
    nothing = replace(result_of({}), cells=())
    assert "not run" in markdown(report(nothing), nothing)


def test_figures_say_whose_updates_entered() -> None:
    measured = Measured({"amazon": 0.4}, {"amazon": 0.8}, {"amazon": 10})
    a, b, c = (OrganisationId(name) for name in ("a", "b", "c"))
    rounds = [
        RoundFigures(0, measured),
        RoundFigures(1, measured, (a, c), {b: ("FAR_FROM_MOST",)}),
        RoundFigures(2, measured, (a,), {b: ("SCORE_TOO_LOW",), c: ("SCORE_TOO_LOW",)}),
    ]
    found = play.figures(rounds, ("b",))
    assert (found["hostile accepted"], found["honest accepted"], found["honest refused"]) == (0, 3, 1)
    assert found["reasons"] == ["FAR_FROM_MOST", "SCORE_TOO_LOW"] and found["accuracy"] == 0.8


def test_the_same_update_is_trained_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained, "_TRAINED", {})
    calls: list[int] = []

    class Bench:
        def train(self, task: Any, manifest: Any, opener: Any, number: int, progress: Any, *, ordinal: Any) -> str:
            calls.append(number)
            return f"update {len(calls)}"

    class Manifest:
        digest = Digest("0x" + "22" * 32)

    class Task:
        document = MappingProxyType({name: {} for name in ("base", "adapter", "training", "privacy")})

    def update(data: str, number: int) -> Any:
        bench: Any = Bench()
        own = trained.Remembering(bench, OrganisationId("a"), data, 10)
        task: Any = Task()
        manifest: Any = Manifest()
        return own.train(task, manifest, lambda item: b"", number, lambda step, steps: None)

    assert update("as it is", 1) == update("as it is", 1) == "update 1"
    assert update("label_flip", 1) == "update 2" and update("as it is", 2) == "update 3"
    assert calls == [1, 1, 2]


def test_what_makes_figures_is_named() -> None:
    assert {"orchestrator/worker/judging.py", "orchestrator/aggregation/scores"} <= set(BENCHMARK.sources)
