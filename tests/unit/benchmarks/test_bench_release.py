"""`make bench-release`: its plan, what it claims of a result, and its tables; no model."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.harness import Preset, Result, markdown
from benchmarks.harness.cells import Outcome
from benchmarks.release.claims import broken, judged
from benchmarks.release.report import report
from benchmarks.release.sizes import FASHION, LM, MODELS, SENTIMENT, plan, size_of

PRESET = Preset("default", 60.0)


def finding(verdict: str, value: str = "", figures: dict[str, float] | None = None, named: tuple[str, ...] = ()) -> Any:
    told = figures or ({value: 0.5} if value else {})
    interval = [0.4, 0.6] if value else None
    return {
        "verdict": verdict, "value": value, "figures": told, "interval": interval, "named": list(named),
        "why": "", "sure": "",
    }  # fmt: skip


def figures(world: str, model: str, *, good: bool = True) -> dict[str, Any]:
    """Of a cell, as it must be, or as it must not be."""
    if model == "repeated":
        return {"exposure": {"1": 1.0, "10": 3.0 if good else 0.5, "100": 9.0}}
    bad = model in ("canaries", "backdoored")
    check = "canaries" if world == LM else "backdoors"
    named = tuple(f"text {place}" for place in range(12)) if world == LM else ("cumulus: class 1",)
    found = {
        "membership.loss": finding("pass", "auc", {"auc": 0.9 if (model == "overfit") == good else 0.5}),
        check: finding("fail" if bad == good else "pass", "moved", named=named if bad == good else ()),
    }
    if world == FASHION:
        found["evasion.fgsm"] = finding("warn", "fallen", {"fallen": 0.4, "accuracy at 0.031": 0.5})
        reached = 0.4 if good else 0.6
        found["evasion.pgd"] = finding("warn", "fallen", {"fallen": 0.5, "accuracy at 0.031": reached})
    failed = [name for name, one in found.items() if one["verdict"] == "fail"]
    told = {"verdict": "fail" if failed else "pass", "missing": [], "failed": failed, "findings": found}
    share = {"value": 0.5, "low": 0.4, "high": 0.6}
    return told | ({"trigger": dict.fromkeys(("rate", "without", "accuracy"), share)} if world != LM else {})


def result(*, good: bool = True, only: str | None = None) -> Result:
    cells = tuple(
        Outcome(cell, "done", figures(cell["world"], cell["model"], good=good))
        if only in (None, cell["world"])
        else Outcome(cell)
        for cell in plan(PRESET).cells
    )
    head: dict[str, Any] = {"commit": "c", "code": "0x" + "0" * 64, "date": "2026-01-01T00:00:00", "versions": {}}
    return Result("release", "default", (0,), "interval", "make bench-release", machines=(), cells=cells, **head)


def test_the_plan_has_every_model_once_and_its_sizes_are_read_back() -> None:
    cells = plan(PRESET).cells
    assert [(cell["world"], cell["model"]) for cell in cells] == [
        (w, m) for w, models in MODELS.items() for m in models
    ]
    assert size_of(cells[0]).unplanted == 1023 and len(plan(Preset("full", None)).cells) == 3 * len(cells)


def test_a_result_as_it_must_be_breaks_nothing_and_the_opposite_breaks_every_claim() -> None:
    assert broken(result()) == []
    assert len(broken(result(good=False))) == len(judged(result()))


def test_what_was_not_run_is_neither_shown_nor_broken() -> None:
    told = dict(judged(result(only=SENTIMENT)))
    assert broken(result(only=SENTIMENT)) == [] and sum(holds is None for holds in told.values()) > 5


@pytest.mark.parametrize("good", [True, False])
def test_the_page_says_of_each_claim_whether_it_holds(good: bool) -> None:
    page = markdown(report(result(good=good)), result(good=good))
    assert page.count("does not hold") == (0 if good else len(judged(result())))
    assert "cumulus: class 1" in page and "exposure 1×" in page
