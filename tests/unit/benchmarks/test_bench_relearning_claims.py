"""The presets of `make bench-relearning`, its proxy for memorisation, and what claims follow from which figures."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

from benchmarks.harness import Outcome, Result, markdown, preset_named, read_result
from benchmarks.relearning import sizes, training
from benchmarks.relearning.__main__ import processes
from benchmarks.relearning.claims import broken, claims
from benchmarks.relearning.figures import spearman
from benchmarks.relearning.memorisation import half, memorisation, most_memorised
from benchmarks.relearning.plot import plot
from benchmarks.relearning.report import PLOT, report
from benchmarks.relearning.sizes import NETWORKS, ORDINARY, PRETRAINED, RETRAINED, SIZES, WEIGHT_SPACE
from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.methods import methods

PAGES = Path(__file__).parents[3] / "docs" / "benchmarks"


# -- presets


def test_presets_have_every_method_in_the_order_of_the_claims() -> None:
    for name, seeds in (("default", 1), ("full", 3)):
        plan = sizes.plan(preset_named(name))
        assert len(plan.seeds) == seeds and len(plan.cells) == seeds * (NETWORKS + 2 + len(methods()))
        named = [item["method"] for item in plan.cells if item.get("part") == "model"][: len(methods()) + 2]
        assert named[:2] == [PRETRAINED, RETRAINED] and set(named[2:]) == set(methods())
        assert named[2 : 2 + len(ORDINARY)] == list(ORDINARY) and set(WEIGHT_SPACE) <= set(methods())
        assert all(asdict(sizes.size_of(item)) == asdict(SIZES[name]) for item in plan.cells)


def test_a_change_of_one_method_leaves_the_others_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    def codes() -> dict[str, str]:
        cells = sizes.plan(preset_named("default")).cells
        return {item["method"]: item["code"] for item in cells if "code" in item}

    before, real = codes(), sizes.code_digest
    monkeypatch.setattr(
        sizes, "code_digest", lambda root, names: "0x" + "ab" * 32 if "l1" in names[0] else real(root, names)
    )
    after = codes()
    assert {name for name in before if before[name] != after[name]} == {"l1"}


def test_the_image_set_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGES", "cifar10")
    assert {item["data"] for item in sizes.plan(preset_named("default")).cells} == {"cifar10"}
    monkeypatch.setenv("IMAGES", "svhn")
    with pytest.raises(ConfigurationError, match="no image set 'svhn'"):
        sizes.plan(preset_named("default"))


def test_a_gpu_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert training.device() == "cuda" and processes() == 1
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert training.device() == "cpu" and processes() in (1, 2)


# -- memorisation


def test_each_image_is_in_every_other_network() -> None:
    inside = [half(11, number, seed=3) for number in range(NETWORKS)]
    for first, twin in zip(inside[::2], inside[1::2], strict=True):
        assert torch.equal(first, ~twin)
    assert len({tuple(item.tolist()) for item in inside}) == NETWORKS
    assert not torch.equal(half(11, 0, seed=4), inside[0])


def test_memorisation_is_confidence_inside_less_outside() -> None:
    inside = [torch.tensor([True, False]), torch.tensor([False, True])]
    scores = memorisation([torch.tensor([0.9, 0.5]), torch.tensor([0.2, 0.6])], inside)
    assert scores.tolist() == pytest.approx([0.7, 0.1])
    labels = torch.tensor([0, 1, 0, 0, 0])
    assert most_memorised(torch.tensor([0.1, 9.0, 0.3, 0.3, 0.2]), labels, 0, 0.5) == [2, 3]
    assert most_memorised(torch.tensor([0.1, 9.0, 0.3, 0.3, 0.2]), labels, 0, 0.1) == [2]


# -- claims, from made-up figures


def result_of(ends: dict[str, float], **more: dict[str, float]) -> Result:
    """Each model ends the attack at this share; distances fall with it, and other figures are as given."""
    cells = []
    size = {**asdict(SIZES["full"]), "ks": [0]}
    for name, end in ends.items():
        figures: dict[str, Any] = {"forget": 0.5, "retain": 1.0, "test": 0.9, "seconds": 1.0}
        figures |= {
            "distance": 10 - 9 * end,
            "barrier": 1 - end,
            "curves": {"0": {"steps": [0, 9], "values": [0.5, end]}},
        }
        figures |= {figure: by_name[name] for figure, by_name in more.items() if name in by_name}
        about = {**size, "data": "made-up", "part": "model", "method": name, "settings": {}, "seed": 0}
        cells.append(Outcome(about, "done", figures))
    known = ("relearning", "full", (0,), "none", "make bench-relearning", "c", "0x" + "ab" * 32)
    return Result(*known, "2026-01-01T00:00:00+00:00", {"torch": "1"}, (), tuple(cells))


AS_IN_THE_PAPER = {
    PRETRAINED: 1.0,
    RETRAINED: 0.5,
    **dict.fromkeys(ORDINARY, 0.97),
    **dict.fromkeys(WEIGHT_SPACE, 0.7),
    "weight-distortion": 0.52,
    "weight-distance": 0.55,
}


def verdicts(result: Result) -> list[str]:
    return [claim[2] for claim in claims(result)]


def test_what_the_paper_saw_agrees_with_it() -> None:
    test = {"weight-distortion": 0.85, "weight-distance": 0.88}
    found = claims(result_of(AS_IN_THE_PAPER, forget={PRETRAINED: 1.0}, test=test))
    assert [claim[2] for claim in found] == ["agrees"] * 7
    assert "finetune 50.0 → 97.0 %" in found[1][1] and "retrained 50.0 %" in found[1][1]
    assert "weight-distortion is number 1 of 9" in found[3][1]


def test_the_opposite_differs_from_it() -> None:
    opposite = {**AS_IN_THE_PAPER, RETRAINED: 0.9, **dict.fromkeys(ORDINARY, 0.7), **dict.fromkeys(WEIGHT_SPACE, 0.99)}
    distances = {name: 9 * end for name, end in opposite.items()}
    found = verdicts(result_of(opposite, distance=distances, barrier=distances))
    assert found == ["differs"] * 7


def test_some_of_both_is_in_part() -> None:
    mixed = {**AS_IN_THE_PAPER, "scrub": 0.55, "cbft": 0.99, "weight-distance": 0.98}
    assert verdicts(result_of(mixed, test={"weight-distortion": 0.85}))[1:4] == ["in part"] * 3
    assert verdicts(result_of(mixed, test={"weight-distortion": 0.85}))[-1] == "in part"


def test_without_headroom_the_run_is_void() -> None:
    (sentence,) = broken(result_of(AS_IN_THE_PAPER, forget={PRETRAINED: 0.55, RETRAINED: 0.5}))
    assert "void" in sentence and "55.0 %" in sentence
    assert not broken(result_of(AS_IN_THE_PAPER, forget={PRETRAINED: 1.0, RETRAINED: 0.5}))


def test_what_did_not_run_makes_no_claim() -> None:
    assert claims(result_of({PRETRAINED: 1.0})) == []
    result = result_of(AS_IN_THE_PAPER)
    empty = replace(result, cells=tuple(replace(item, figures=None, status="not run") for item in result.cells))
    assert claims(empty) == [] and not broken(empty)
    assert "| scrub | not run |" in markdown(report(empty), empty)
    ElementTree.fromstring(plot(empty))


def test_rank_correlation() -> None:
    assert spearman([1, 2, 3, 4], [10, 20, 30, 40]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)
    assert spearman([1, 2, 2, 4], [1, 3, 2, 4]) == pytest.approx(0.9487, abs=1e-4)
    assert spearman([1, 1, 1], [1, 2, 3]) is None


def test_the_plot_beside_the_page_is_that_of_its_data() -> None:
    data = PAGES / "data" / "relearning.json"
    drawn = (PAGES / PLOT).read_text("utf-8") if (PAGES / PLOT).exists() else None
    assert drawn == (plot(read_result(data)) if data.exists() else None)
