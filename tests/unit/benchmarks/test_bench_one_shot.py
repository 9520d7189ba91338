"""`make bench-one-shot`: its presets, pictures that are altered, and what its report says of which figures."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from benchmarks.harness import Outcome, Preset, Result, markdown
from benchmarks.one_shot import report as page
from benchmarks.one_shot.__main__ import BENCHMARK
from benchmarks.one_shot.altered import STRENGTHS, altered
from benchmarks.one_shot.sizes import PEOPLE, plan, size_of
from orchestrator.unlearning.person.trial import META, METHODS, WITH_ALL_DATA

MACHINE = {"cpu": "c", "cores": 2, "memory_gib": 4, "gpu": "none", "os": "o", "load": 0}


def row(tow: float, forget: float) -> dict[str, Any]:
    gaps = {"forget": forget, "retain": 0.0, "test": 0.0}
    own = {"forget": 60.0 + forget, "retain": 90.0, "test": 60.0}
    return {"tow": tow, **own, "gaps": gaps, "back": 4.5, "rmia": 0.6, "seconds": 1.0}


def made(cell: Any, better: bool, lost: float) -> dict[str, Any]:
    if cell["part"] == "methods":
        rows = {
            "original": row(80.0, 20.0),
            "retrained": row(100.0, 0.0),
            **{name: row(85.0, 15.0) for name in METHODS},
        }
        rows["meta-unlearn"] = row(95.0 if better else 70.0, 5.0)
        ahead = {"seconds": 3.0, "episodes": 10, "first": 0.2, "last": 0.1}
        return {"rows": rows, "ahead": dict.fromkeys(META, ahead)}
    if cell["part"] == "resemblance":
        whole = [{"kind": "as it is", "strength": 0.0, "tow": 90.0, "warned": 0}]
        for kind, each in STRENGTHS.items():
            least = {"kind": kind, "strength": each[0], "tow": 90.0, "warned": 0}
            more = [{"kind": kind, "strength": one, "tow": 81.0, "warned": 5} for one in each[1:]]
            whole += [least, *more]
        return {"original": 80.0, "altered": [{"forget": 60.0, "pixels": 1.0, "features": 1.0, **one} for one in whole]}
    odd = {
        "result": "forgotten", "kept_before": 90.0, "kept_after": 89.0, "retained_before": 90.0,
        "retained_after": 90.0 - lost, "pictures": [{"pixels": 0.5, "features": 0.6, "warning": None}],
    }  # fmt: skip
    queue = {
        "asked": 50, "answered": 7, "results": {"forgotten": 6, "stopped": 1}, "why": "and 2 is all", "budget": 2.0,
        "kept": {"first": 90.0, "last": 88.0}, "retained_before": 90.0, "retained_after": 88.5,
    }  # fmt: skip
    return {"odd": {"no face": odd}, "queue": queue}


def result_of(better: bool = True, lost: float = 0.0) -> Result:
    chosen = plan(Preset("default", 60))
    done = "2026-01-01T00:00:00+00:00"
    cells = tuple(Outcome(one, "done", made(one, better, lost), 1.0, done, MACHINE) for one in chosen.cells)
    about = ("one-shot", "default", chosen.seeds, chosen.interval, "make bench-one-shot", "abc", "0x" + "0" * 64)
    return Result(*about, done, {}, (MACHINE,), cells)


def test_presets_have_three_splits_or_more_and_every_number_of_people() -> None:
    for name, least in (("default", 3), ("full", 10)):
        chosen = plan(Preset(name, None))
        assert len(chosen.seeds) >= least
        for seed in chosen.seeds:
            asked = [cell["people"] for cell in chosen.cells if cell["seed"] == seed and cell["part"] == "methods"]
            assert sorted(set(asked)) == list(PEOPLE)
        assert all(size_of(cell).network in ("cnn", "vit") for cell in chosen.cells)


def test_what_the_report_knows_of_methods_is_so() -> None:
    assert set(page.VARIANTS) == set(META) and set(page.WITH_ALL_DATA) == set(WITH_ALL_DATA)


def test_the_report_counts_warnings_and_shows_all_tables() -> None:
    shown = markdown(BENCHMARK.report(result_of()), result_of())
    assert (
        "5 of 24 people forgotten" in shown
        and "| 4.5 [4.5, 4.5] (n=5) |" in shown
        and "and 2 is all" in shown
        and "7 of 50" in shown
    )
    assert "| precision of the warning | 1.00 |" in shown and "| its recall | 1.00 |" in shown
    assert page.broken(result_of()) == []


def test_what_does_not_hold_is_said() -> None:
    worse = page.broken(result_of(better=False))
    assert len(worse) == len(PEOPLE) and all("no better: ToW 70.0" in sentence for sentence in worse)
    assert any("no face: 3.00 points" in sentence for sentence in page.broken(result_of(lost=3.0)))


@pytest.mark.parametrize("kind", STRENGTHS)
def test_pictures_are_altered_more_by_more(kind: str) -> None:
    generator = torch.Generator().manual_seed(3)
    small = torch.rand((2, 1, 7, 6), generator=generator) * 255
    whole = torch.nn.functional.interpolate(small, (28, 24), mode="bicubic").clamp(0, 255).to(torch.uint8)
    far = [(altered(whole, kind, one, 1).float() - whole.float()).abs().mean() for one in STRENGTHS[kind]]
    assert 0 < far[0] < far[1] < far[2]
    assert torch.equal(altered(whole, kind, STRENGTHS[kind][0], 1), altered(whole, kind, STRENGTHS[kind][0], 1))
