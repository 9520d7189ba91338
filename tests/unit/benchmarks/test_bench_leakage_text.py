"""`make bench-leakage-text`: cases, a few of them on a tiny random model, tables from a made-up result."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from benchmarks.harness import Outcome, Preset, Result, markdown
from benchmarks.leakage_text import cell as cells
from benchmarks.leakage_text.__main__ import BENCHMARK
from benchmarks.leakage_text.cases import Case, case_of, cases, cell_of, plan
from benchmarks.leakage_text.report import MAIN, broken, report
from benchmarks.leakage_text.world import World
from orchestrator.data import DataSettings, prepare

MACHINE = {"cpu": "c", "cores": 2, "memory_gib": 4, "gpu": "none", "os": "o", "load": 0}
TINY = "tiny:llama"


class TinyWorld(World):
    """Sentences in the place of speeches."""

    folder: Any = None

    def dataset(self, length: int, own: bool) -> Any:  # type: ignore[override]
        settings = DataSettings("text", folder=self.folder, seed=int(own))
        return prepare(settings, self.base.tokenizer, kind="causal_lm", length=length)


@pytest.fixture
def tiny(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyWorld]:
    threads = torch.get_num_threads()
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.txt").write_text(f"The {name} of them said that it was about time to go home. " * 60)
    made = TinyWorld(TINY)
    made.folder = tmp_path
    monkeypatch.setattr(cells, "world", lambda name: made)
    yield made
    torch.set_num_threads(threads)


def test_every_case_has_a_row_of_its_own_and_cells_say_all_of_it() -> None:
    everything = cases()
    assert len({(case.group, case.name) for case in everything}) == len(everything)
    chosen = plan(Preset("default", 60))
    assert [case_of(cell) for cell in chosen.cells[: len(everything)]] == everything
    assert len({tuple(cell.items()) for cell in chosen.cells}) == len(chosen.cells)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"source": "B", "zero": True},
        {"source": "guess"},
        {"strength": 500_000, "knowledge": "key-known"},
        {"noise": 0.0},
        {"steps": 2, "optimizer": "adamw", "rounds": 2},
        {"steps": 2, "fresh": True, "other_texts": True, "source": "B"},
        {"strength": 500_000, "knowledge": "free", "other_rounds": 1},
    ],
    ids=["gradient", "b", "guess", "lock", "clipped", "adamw", "product", "learned"],
)
def test_cells_have_figures(tiny: TinyWorld, change: dict[str, Any]) -> None:
    case = replace(Case("group", "name", TINY, rank=32, length=12), **change)
    figures = cells.work(cell_of(case, 0))
    assert 0 <= figures["recall"] <= 1 and figures["truth"]
    if not change:
        assert figures["recall"] > 0.7 and figures["precision"] == 1


def test_a_member_is_trained_once_for_all_cells_about_it(tiny: TinyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    trained, real = [], World.train

    def counted(self: World, member: Any, steps: int, turn: int) -> None:
        trained.append(steps)
        real(self, member, steps, turn)

    monkeypatch.setattr(World, "train", counted)
    case = Case("group", "name", TINY, rank=32, length=12)
    first, second = ({**cells.work(cell_of(case, 0)), "seconds": 0.0} for _ in range(2))
    assert first == second and len(trained) == 1
    cells.work(cell_of(replace(case, strength=500_000, knowledge="key-known"), 0))
    assert len(trained) == 2, "under a lock it is another member"


def made_up(recall: float) -> Result:
    told = {"accepted": 3.0, "rank": 4.0}
    figures = {"recall": recall, "precision": 1.0, "rouge 1": 0.5, "rouge 2": 0.25, "distinct": 9, "seconds": 1.0}
    chosen = plan(Preset("default", 60))

    def outcome(configuration: Any) -> Outcome:
        texts = {} if "minilm" in configuration["model"] else {"found": "what | was\nfound " * 20, "truth": "the text"}
        found = {**figures, "told": {} if configuration["source"] == "guess" else told, **texts}
        return Outcome(configuration, "done", found, 1.0, "2026-01-01T00:00:00+00:00", MACHINE)

    about = ("leakage_text", "default", chosen.seeds, chosen.interval, "make bench-leakage_text", "abc")
    return Result(
        *about, "0x" + "0" * 64, "2026-01-01T00:00:00+00:00", {}, (MACHINE,), tuple(map(outcome, chosen.cells))
    )


def test_the_page_has_all_cases_and_shortens_what_was_found() -> None:
    page = markdown(report(made_up(0.97)), made_up(0.97))
    assert all(f"| {case.name} |" in page for case in cases())
    assert "the text" in page and " …" in page and "MiniLM" in page
    assert BENCHMARK.frank and BENCHMARK.name in "make bench-leakage_text"


def test_an_attack_that_fails_where_it_must_work_is_told() -> None:
    assert broken(made_up(0.97)) == []
    assert broken(made_up(0.5)) == [f"{MAIN}: token recall is 0.50, 0.9 was expected: the attack is broken"]
