"""The contracts' proof tools: what is new fails, what is stale fails, and what was left out is no proof."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.analysis import halmos
from tools.analysis.coverage import page
from tools.analysis.coverage.jumps import instructions
from tools.analysis.coverage.measure import OUTPUTS, Branch, branches, read_sources, taken, without_code
from tools.analysis.coverage.recorder import Record
from tools.analysis.findings import Finding, compare, read_accepted, read_findings
from tools.analysis.outcome import AnalysisError, Outcome, closing
from tools.setup.paths import ROOT
from tools.setup.solc import link_solc

PAGE = ROOT / "docs" / "contracts-check.md"
OLD = Finding("tx-origin", "Box.open (contracts/Box.sol)", "Box.open() uses tx.origin")
SMALL = """pragma solidity 0.8.30;
contract Box {
    uint256 public value;
    constructor(uint256 first) { if (first > 9) revert("large"); value = first; }
    function put(uint256 given, bool sure) external {
        if (given > 9 && !sure) revert("large");
        value = given == 3 ? 0 : given;
    }
}
"""


def result(line: int) -> dict[str, Any]:
    place = {"filename_relative": "contracts/Box.sol"}
    parent = {"type": "contract", "name": "Box", "source_mapping": place}
    element = {
        "type": "function",
        "name": "open",
        "source_mapping": place,
        "type_specific_fields": {"parent": parent},
    }
    text = f"Box.open() (contracts/Box.sol#{line}-{line + 2}) uses\n\ttx.origin (contracts/Box.sol#{line})\n"
    return {"results": {"detectors": [{"check": "tx-origin", "description": text, "elements": [element]}]}}


def test_a_finding_stays_the_same_when_code_moves() -> None:
    assert read_findings(result(3)) == read_findings(result(30)) == [OLD]
    assert read_findings({"results": {}}) == []


def test_what_nobody_accepted_fails_and_so_does_what_is_gone() -> None:
    assert compare([OLD], {OLD: "because"}) == []
    assert compare([OLD], {})[0].startswith("not accepted: tx-origin at Box.open")
    assert compare([], {OLD: "because"})[0].startswith("accepted, but no longer found")
    assert compare([OLD, OLD], {OLD: "because"})[0].startswith("accepted once, found 2 times")


@pytest.mark.parametrize("reasons", [["  "], ["once", "twice"]])
def test_an_acceptance_has_one_reason(tmp_path: Path, reasons: list[str]) -> None:
    path = tmp_path / "accepted.json"
    entry = {"detector": OLD.detector, "place": OLD.place, "finding": OLD.text}
    path.write_text(json.dumps([{**entry, "reason": reason} for reason in reasons]))
    with pytest.raises(AnalysisError, match="tx-origin"):
        read_accepted(path)


def test_the_page_explains_every_accepted_finding() -> None:
    text = PAGE.read_text()
    for finding, reason in read_accepted().items():
        assert f"| {finding.detector} | `{finding.place.split(' ')[0]}` | {reason} |" in text, finding


def test_forge_compiles_as_brownie_does() -> None:
    forge = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    brownie = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
    optimizer = brownie["solc"]["optimizer"]
    assert forge["evm_version"] == brownie["evm_version"]
    assert (forge["optimizer"], forge["optimizer_runs"]) == (optimizer["enabled"], optimizer["runs"])
    assert [item.replace("/=", "=").rstrip("/") for item in forge["remappings"]] == brownie["solc"]["remappings"]
    assert forge["offline"] is True


def test_a_symbolic_check_that_did_not_run_or_left_something_out_is_no_proof() -> None:
    assert halmos.judge({"A.check_x"}, {"A.check_x": 0}, []) == []
    assert halmos.judge({"A.check_x", "A.check_y"}, {"A.check_x": 0}, []) == ["did not run: A.check_y"]
    assert halmos.judge({"A.check_x"}, {"A.check_x": 1}, []) == ["A.check_x: there is a counterexample"]
    said = "fine\nWARNING  check_x(): paths have not been fully explored due to the loop unrolling bound: 2\n"
    assert halmos.judge({"A.check_x"}, {"A.check_x": 0}, halmos.warnings(said)) == [said.splitlines()[1]]


def test_every_file_of_checks_has_some_and_the_page_names_them_all() -> None:
    files = {path.stem for path in (ROOT / halmos.CHECKS).glob("*Check.sol")}
    assert {name.split(".")[0] for name in halmos.written()} == files
    text = PAGE.read_text()
    assert not [name for name in halmos.written() if f"`{name}`" not in text]


def test_the_last_line_counts_checks() -> None:
    text = closing([Outcome("one", "well", seconds=3), Outcome("two", "badly", ("a problem",))])
    assert text.splitlines()[-1] == "1 passed, 1 failed"
    assert text.splitlines()[2].split() == ["one", "holds", "well", "3"]


def small() -> tuple[dict[str, Any], dict[str, Any]]:
    path = "contracts/Box.sol"
    settings = {"outputSelection": OUTPUTS, "optimizer": {"enabled": True, "runs": 200}, "evmVersion": "shanghai"}
    asked = {"language": "Solidity", "sources": {path: {"content": SMALL}}, "settings": settings}
    done = subprocess.run(
        [link_solc(), "--standard-json"], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    return asked, json.loads(done.stdout)


def test_branches_are_those_of_the_sources_and_each_has_its_jump() -> None:
    sources = read_sources(*small())
    found = branches(sources, {})
    assert {(one.owner, one.condition, one.way) for one in found} == {
        ("Box.constructor", "first > 9", "true"),
        ("Box.constructor", "first > 9", "false"),
        ("Box.put", "given > 9 && !sure", "true"),
        ("Box.put", "given > 9 && !sure", "false"),
        ("Box.put", "given > 9 && !sure", "right side counts"),
        ("Box.put", "given > 9 && !sure", "left side decides"),
        ("Box.put", "given == 3", "true"),
        ("Box.put", "given == 3", "false"),
    }
    assert not without_code(sources)
    assert not any(found.values())


def test_a_recorded_jump_takes_its_branch_only() -> None:
    sources = read_sources(*small())
    (runtime,) = sources.runtime
    (site,) = [site for site in sources.sites if site.condition == "given == 3"]
    (position,) = [
        one for one, place in runtime.jumps.items() if (place.start, place.length) == (site.start, site.length)
    ]
    found = branches(sources, taken(sources, Record(ran={(runtime.metadata, position): {1}})))
    assert [one for one, gone in found.items() if gone] == [Branch(site.path, site.owner, "given == 3", "true")]


def test_code_of_others_is_not_counted() -> None:
    with pytest.raises(AnalysisError, match="nothing that ran"):
        taken(read_sources(*small()), Record(ran={(b"other", 7): {0}}, created={(b"other", 7): {1}}))


def test_data_of_a_push_is_no_instruction() -> None:
    assert list(instructions(bytes.fromhex("605757"))) == [(0, 0x60), (2, 0x57)]


def test_gaps_are_listed_with_reasons_and_leave_the_list_when_they_close(tmp_path: Path) -> None:
    branch = Branch("contracts/Box.sol", "Box.put", "a || b", "true")
    path = tmp_path / "page.md"
    path.write_text(
        f"{page.HEADING}\n\n| a | b | c | d |\n|---|---|---|---|\n{page.row(branch, 'why')}\n\n## More\n| x |\n"
    )
    listed = page.read_listed(path)
    assert listed == {("Box.put", "a || b", "true"): "why"}
    assert page.compare({branch: False}, listed) == []
    assert page.compare({branch: True}, listed) == ["listed, but covered or gone: Box.put: a || b: true"]
    assert page.compare({branch: False}, {}) == [f"not covered and not listed: {branch}"]


@pytest.mark.parametrize("text", ["# nothing", f"{page.HEADING}\n\n| a |\n|---|\n| a row without its reason |\n"])
def test_a_page_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text)
    with pytest.raises(AnalysisError, match=r"page\.md"):
        page.read_listed(path)
