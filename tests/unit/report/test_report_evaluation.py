"""Relearning curves and the gate on the page: what was measured, and an honest word for what was not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import evaluation_sample as made
import pytest
import report_sample as sample
from anything import JSON, places, with_value
from hypothesis import given, settings
from hypothesis import strategies as st
from page_reader import NASTY, Tags, nothing_foreign, with_words

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.report import __main__ as program
from orchestrator.report import render, write
from orchestrator.report.attacked import attacked
from orchestrator.report.evaluation import evaluation_of


def text_of(evaluation: dict[str, Any]) -> str:
    return nothing_foreign(render(sample.summary(), evaluation)).text


def test_the_verdict_its_reasons_and_what_passes() -> None:
    text = text_of(made.evaluation())
    assert "Does it come back? gate: passed" in text and "No attack was tried" not in text
    assert "the 95 % interval of the gap to the retrained model under attack lies within ± 5 points at every k" in text
    assert "no member signed them" in text
    failed = made.evaluation()
    failed["gate"].update(verdict="failed", reasons=["under attack with k = 10 the gap is +9.00 points, ± 5 pass"])
    text = text_of(failed)
    assert "gate: failed Something was measured that must not be. Why: under attack with k = 10" in text


def test_curves_stand_beside_the_retrained_models() -> None:
    page = render(sample.summary(), made.evaluation())
    plots = re.findall(r'<svg class="plot curves.*?</svg>', page, re.DOTALL)
    assert len(plots) == 3
    for plot in plots:
        root = ElementTree.fromstring(plot)
        named = {child.attrib.get("id"): child for child in root}
        assert all(named[name].text for name in root.attrib["aria-labelledby"].split())
        assert len(re.findall(r'class="band', plot)) == 2 and len(re.findall(r"<circle", plot)) == 2 * len(made.STEPS)
    assert "unlearned: step 0 55.0 %, step 10 60.8 %" in page and "retrained: step 0 55.0 %" in page
    assert "k = 0: only retained data" in page and "k = 10: 10 forget examples among retained data" in page


def test_all_plots_have_one_scale() -> None:
    charts = attacked(evaluation_of(made.evaluation())).charts
    assert len({chart.y_ticks for chart in charts}) == 1


def test_one_seed_has_neither_band_nor_interval() -> None:
    document = made.evaluation()
    document["seeds"] = [0]
    for attack in document["relearning"]:
        attack["curves"] = attack["curves"][:1]
        for role in ("unlearned", "retrained", "gap"):
            attack[role].update(low=None, high=None, n=1)
    document["gate"].update(verdict="not judged", reasons=["at k = 0, 10, 100 one seed gives no interval"])
    page = render(sample.summary(), document)
    assert 'class="band' not in page and "+1.00 (one seed, no interval)" in page
    assert "Neither passed nor failed" in page and "Lines: mean over 1 seed;" in Tags(page).text


def test_without_a_retrained_model_every_such_row_says_so() -> None:
    found = attacked(evaluation_of(made.without_reference()))
    assert found.verdict == "not judged"
    assert all(row.cells[1:] == ("no reference",) * 3 for row in found.relearning)
    assert all(row.cells[2:] == ("no reference",) * 2 for row in found.accuracy)
    assert all(row.cells[1] == "no reference" for row in found.beside)
    assert {row.cells for row in found.known if "RMIA" in row.name or "LiRA" in row.name} == {("no reference",) * 3}
    text = text_of(made.without_reference())
    assert "what a verdict needs was not there. Why: no retrained reference was given" in text
    assert 'every row that compares with one reads "no reference"' in text
    assert all([one.name for one in chart.series] == ["unlearned"] for chart in found.charts)


def test_what_this_kind_of_model_has_not_is_not_called_a_missing_reference() -> None:
    rows = {row.name: row.cells for row in attacked(evaluation_of(made.evaluation())).known}
    assert rows["Extraction strength"] == rows["Membership, Min-K%++: AUC"] == ("not measured",) * 3
    document = made.evaluation()
    document["extraction"] = {role: {"strength": 250_000} for role in ("original", "unlearned", "retrained")}
    rows = {row.name: row.cells for row in attacked(evaluation_of(document)).known}
    assert rows["Extraction strength"] == ("0.250",) * 3 and rows["Canaries: exposure, bits"] == ("not measured",) * 3


def test_a_curve_that_broke_off_has_no_figure_there() -> None:
    document = made.evaluation()
    for curve in document["relearning"][0]["curves"]:
        curve["unlearned"] = [None] * len(made.STEPS)
    document["relearning"][1]["curves"] = []
    charts = attacked(evaluation_of(document)).charts
    assert [[one.name for one in chart.series] for chart in charts] == [["retrained"], ["unlearned", "retrained"]]
    document["relearning"] = []
    assert "Curves: not recorded" in text_of(document)


def test_untrusted_words_of_an_evaluation_stay_words() -> None:
    document = made.evaluation()
    document["gate"]["reasons"] = ["why"]
    kept = frozenset({"format", "verdict"})
    hostile: Any = with_words(document, NASTY, kept=kept)
    hostile["models"][NASTY] = hostile["data"][NASTY] = None
    hostile["models"][NASTY + "2"], hostile["data"][NASTY + "2"] = NASTY, {"digest": NASTY, "samples": 3}
    hostile["membership"][NASTY] = {"unlearned": {"auc": 1, "tpr": {}}}
    page = render(sample.summary(), hostile)
    assert "<img" not in page and NASTY in Tags(page).text


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another format": ({"format": "loranchor/manifest"}, "evaluation: it is 'loranchor/manifest' version 1"),
    "a newer version": ({"version": 2}, "this page reads 'loranchor/unlearning-evaluation' version 1"),
    "no gate": ({"gate": None}, "evaluation: gate is missing"),
    "another verdict": ({"gate": {"verdict": "fine"}}, "not one of passed, failed, not judged"),
    "a float": ({"tow_to_retrained": 1.5}, "tow_to_retrained must be an integer of millionths, not a number"),
    "a giant": ({"tow_to_retrained": 10**400}, "tow_to_retrained is beyond what canonical objects hold"),
    "short curve": (
        {"relearning": [{"k": 0, "curves": [{"steps": [0, 1], "unlearned": [5]}]}]},
        "relearning[0].curves[0].unlearned has 1 values for 2 steps",
    ),
}


@pytest.mark.parametrize("change, message", WRONG.values(), ids=WRONG.keys())
def test_wrong_members_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError) as caught:
        render(sample.summary(), {**made.evaluation(), **change})
    assert message in str(caught.value) and "evaluate unlearning" in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(place=st.sampled_from(places(made.evaluation())), value=JSON)
def test_any_member_may_be_anything(place: tuple[Any, ...], value: Any) -> None:
    """A page or a FormatError, never another error."""
    document = with_value(made.evaluation(), place, value)
    summary = {"schema": "loranchor/summary/1", "experiment": "any", "metric": "loss"}
    try:
        page = render(summary, document)
    except FormatError:
        return
    assert page.rstrip().endswith("</html>")


# -- from files


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """summary.json, evaluation.json, and where the page goes."""
    (tmp_path / "summary.json").write_text(json.dumps(sample.summary()))
    (tmp_path / "evaluation.json").write_text(json.dumps(made.evaluation()))
    return tmp_path / "summary.json", tmp_path / "evaluation.json", tmp_path / "report.html"


def test_a_page_is_made_again_with_an_evaluation(files: tuple[Path, Path, Path]) -> None:
    summary, evaluation, page = files
    write(summary, page)
    assert "No attack was tried" in page.read_text()
    assert program.main([str(summary), str(page), "--evaluation", str(evaluation)]) == 0
    assert page.read_text() == render(sample.summary(), made.evaluation())


@pytest.mark.parametrize("data", ["null", "[]", "{}"])
def test_an_empty_evaluation_is_none_and_not_left_out(files: tuple[Path, Path, Path], data: str) -> None:
    summary, evaluation, page = files
    evaluation.write_text(data)
    with pytest.raises(FormatError, match="evaluation: "):
        write(summary, page, evaluation)
    assert not page.exists()


def test_a_missing_evaluation_is_one_line(files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    summary, evaluation, page = files
    evaluation.unlink()
    code = program.main([str(summary), str(page), "--evaluation", str(evaluation)])
    told = capsys.readouterr().err
    assert code == ConfigurationError.exit_code and told.count("\n") == 1
    assert "cannot read" in told and "loranchor evaluate unlearning" in told and not page.exists()
