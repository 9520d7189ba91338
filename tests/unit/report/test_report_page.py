"""The page itself: whole, safe and readable without its plots."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import report_sample as sample
from page_reader import NASTY, Tags, nothing_foreign

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.report import render, write


@pytest.fixture
def document() -> dict[str, Any]:
    return sample.summary()


def plot(page: str) -> str:
    """The held-out plot for wide screens."""
    return page[page.index('<svg class="plot wide-only"') :].split("</svg>")[0]


def minimal() -> dict[str, Any]:
    return {"schema": "loranchor/summary/1", "experiment": "nothing_yet", "metric": "accuracy"}


def test_tags_are_balanced_and_ids_are_unique(document: dict[str, Any]) -> None:
    for page in (render(document), render(minimal())):
        ids = [attributes["id"] for _, attributes in Tags(page).seen if "id" in attributes]
        assert len(ids) == len(set(ids))


def test_nothing_is_loaded_or_run(document: dict[str, Any]) -> None:
    nothing_foreign(render(document))


def test_every_digest_is_there_whole(document: dict[str, Any]) -> None:
    page = render(document)
    values = re.findall(r'"(0x[0-9a-f]{64}|Qm[0-9a-f]{44})"', json.dumps(document))
    shown = re.sub(r"<[^>]*>", "", page)
    for value in values:
        assert value in shown
        assert f'title="{value}"' in page


def test_untrusted_words_stay_words() -> None:
    document = json.loads(json.dumps(sample.summary()).replace("aurora", json.dumps(NASTY)[1:-1]))
    document.update(experiment=NASTY, created=NASTY)
    document["revocations"][0].update(mode=NASTY, reason=NASTY, request_id=NASTY, not_evaluated=[NASTY], limits=[NASTY])
    document["audit"]["checks"][0].update(name=NASTY, detail=NASTY, ok=False)
    document["tokens"]["symbol"] = NASTY
    document["environment"][NASTY] = NASTY
    document["seconds"][NASTY] = 1
    document["notes"] = [NASTY]
    page = render(document)
    assert "<img" not in page
    assert NASTY in Tags(page).text
    assert "49" not in {word.strip("&;") for word in re.findall(r"amp;\S+", page)}


def test_commands_to_copy_hold_no_untrusted_words(document: dict[str, Any]) -> None:
    assert "--organisations aurora,borealis,cumulus" in Tags(render(document)).text
    document["consortium"]["organisations"] = ["aurora; rm -rf ~"]
    assert "--organisations" not in Tags(render(document)).text


def test_absent_parts_are_not_recorded() -> None:
    text = Tags(render(minimal())).text
    assert text.count("not recorded") >= 8
    assert "Nothing on this page has been checked" in text


def test_plots_are_well_formed_and_described(document: dict[str, Any]) -> None:
    plots = re.findall(r'<svg class="plot.*?</svg>', render(document), re.DOTALL)
    assert len(plots) == 7
    for plot in plots:
        root = ElementTree.fromstring(plot)
        assert root.attrib["role"] == "img"
        named = {child.attrib.get("id"): child for child in root}
        for name in root.attrib["aria-labelledby"].split():
            assert named[name].text


def test_every_table_has_a_caption(document: dict[str, Any]) -> None:
    page = render(document)
    assert page.count("<table") == page.count("<caption") > 5


def test_the_held_out_plot_tells_its_figures(document: dict[str, Any]) -> None:
    page = render(document)
    assert "aurora: base 3.780, round 1 3.610, round 2 3.515, after 3.572" in page
    assert "cumulus, after: 3.308" in page


def test_before_is_a_column_only_when_it_differs(document: dict[str, Any]) -> None:
    assert ">before</text>" not in plot(render(document))
    document["held_out"]["aurora"]["before_revocation"] = 3.6
    assert ">before</text>" in plot(render(document))
    assert "aurora, before: 3.600" in plot(render(document))


def test_accuracy_is_in_per_cent(document: dict[str, Any]) -> None:
    document["metric"] = "accuracy"
    document["held_out"] = {"aurora": {"base": 0.5, "rounds": [0.6, 0.726], "after_revocation": 0.826}}
    text = Tags(render(document)).text
    assert "50.0 % → 72.6 %" in text and "+22.6 points" in text and "higher is better" in text


def test_verdicts_of_the_audit(document: dict[str, Any]) -> None:
    assert "Passed." in Tags(render(document)).text
    document["audit"]["checks"][2]["ok"] = False
    assert "Failed. Does not agree: signatures." in Tags(render(document)).text
    document["audit"] = {"ok": False}
    assert "no single check is marked" in Tags(render(document)).text


def test_what_the_audit_did_not_check_is_said(document: dict[str, Any]) -> None:
    assert "did not check: what is inside sealed updates" in Tags(render(document)).text
    assert "The records agree" in Tags(render(document)).text
    del document["audit"]["not_checked"], document["audit"]["checks"][0]["title"]
    text = Tags(render(document)).text
    assert "did not check" not in text and "The records agree" not in text


def test_a_manifest_that_differs_is_shown(document: dict[str, Any]) -> None:
    assert "3 organisations, one manifest" in Tags(render(document)).text
    document["rounds"][0]["manifest_digests_by_organisation"]["cumulus"] = sample.digest("another")
    text = Tags(render(document)).text
    assert "the manifests differ" in text and "Manifest of cumulus" in text


def test_events_follow_the_checkpoints(document: dict[str, Any]) -> None:
    document["revocation"]["sequence"], document["rounds"][1]["sequence"] = 2, 3
    text = Tags(render(document)).text
    first, second = (text.index(f"Who contributed what in round {number}") for number in (1, 2))
    assert first < text.index("Revocation mode drop") < second


def test_revoked_updates_are_marked(document: dict[str, Any]) -> None:
    assert Tags(render(document)).text.count("revoked later") == 2


def test_twenty_organisations_and_thirty_rounds(document: dict[str, Any]) -> None:
    names = [f"organisation-number-{index:02d}" for index in range(20)]
    document["consortium"]["organisations"] = names
    document["held_out"] = {name: {"base": 4.0, "rounds": [4 - 0.01 * i for i in range(30)]} for name in names}
    Tags(render(document))


def test_write_makes_the_page_and_nothing_else(tmp_path: Path, document: dict[str, Any]) -> None:
    source, target = tmp_path / "summary.json", tmp_path / "report.html"
    source.write_text(json.dumps(document), encoding="utf-8")
    assert write(source, target) == target
    assert target.read_text(encoding="utf-8") == render(document)
    assert {path.name for path in tmp_path.iterdir()} == {"summary.json", "report.html"}


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"schema": NaN}', b"[" * 100_000])
def test_write_refuses_what_is_not_json(tmp_path: Path, data: bytes) -> None:
    source, target = tmp_path / "summary.json", tmp_path / "report.html"
    source.write_bytes(data)
    with pytest.raises(FormatError, match="is not JSON"):
        write(source, target)
    assert not target.exists()


def test_write_says_what_it_cannot_read_or_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read"):
        write(tmp_path / "absent.json", tmp_path / "report.html")
    (tmp_path / "summary.json").write_text(json.dumps(minimal()))
    with pytest.raises(ConfigurationError, match="cannot write"):
        write(tmp_path / "summary.json", tmp_path / "no" / "report.html")


def test_lone_surrogates_do_not_stop_the_page(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(json.dumps({**minimal(), "notes": ["\ud800"]}))
    write(tmp_path / "summary.json", tmp_path / "report.html")


def test_it_needs_only_the_base_install() -> None:
    code = "import sys, orchestrator.report; print(sorted({'torch', 'matplotlib', 'web3', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
