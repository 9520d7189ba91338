"""The benchmark's history is an honest one, its cells are measured by the verb, and its tables follow from them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from unit.audit.bundles import checked, pack

from benchmarks.audit import __main__ as bench
from benchmarks.audit import report as tables
from benchmarks.audit.history import write_history
from benchmarks.harness import Outcome, Result
from orchestrator.audit import contracts
from orchestrator.chain.abi import artifact
from orchestrator.ledger.canonical import sha256

FORMATS = Path(__file__).parents[3] / "docs" / "formats"


@pytest.fixture
def two_rounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Whatever is compiled: here its rounds matter, not the anchor's code."""
    monkeypatch.setattr("benchmarks.audit.history.anchor_code", lambda: b"code")
    monkeypatch.setattr(contracts, "normalised_code_hash", lambda name, _: artifact(name).code_hash)
    history = write_history(tmp_path / "bundle", 2, 3, ("all",))
    return checked((tmp_path / "bundle").read_bytes(), history.anchors)


def test_the_ledgers_rules_agree_with_the_synthetic_history(two_rounds: object) -> None:
    """All records are disclosed, so that they are folded, and manifests, awards and checkpoints recomputed."""
    assert [str(item) for item in two_rounds.findings] == []  # type: ignore[attr-defined]
    assert {"rounds", "verdicts", "checkpoints"} <= {item.name for item in two_rounds.results}  # type: ignore[attr-defined]


def test_the_vector_of_the_format_is_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rounds of two members with their ends disclosed: the lines that the format's page gives, byte for byte."""
    monkeypatch.setattr("benchmarks.audit.history.anchor_code", lambda: b"code")
    monkeypatch.setattr(contracts, "normalised_code_hash", lambda name, _: artifact(name).code_hash)
    history = write_history(tmp_path / "bundle", 2, 2, ("kind:RoundClosed",))
    found, page = (tmp_path / "bundle").read_bytes(), (FORMATS / "bundle.md").read_text()
    lines = (FORMATS / "vectors" / "bundle.jsonl").read_bytes()
    assert gzip.decompress(found) == lines
    assert checked(pack([lines]), history.anchors).ok
    assert sha256(lines) in page and history.anchors.block_hash in page and history.anchors.anchor in page


def cell(disclosed: str, rounds: int, seconds: float, peak: int = 10**8, longest: int = 20) -> Outcome:
    figures = {
        "records": rounds * 152,
        "bytes": 10**6,
        "seconds": seconds,
        "processor_seconds": seconds,
        "peak_bytes": peak,
        "consistency": longest,
        "inclusion": 0,
    }
    return Outcome({"disclosed": disclosed, "rounds": rounds, "members": 10}, "done", figures, seconds, "", {})


def result(*cells: Outcome) -> Result:
    return Result("audit", "default", (), "", "make bench-audit", "", "0x" + "00" * 32, "", {}, (), cells)


@pytest.mark.parametrize(
    ("cells", "broken"),
    [
        ([cell("nothing", 1000, 5), cell("nothing", 10_000, 50)], 0),
        ([cell("nothing", 1000, 5), cell("nothing", 10_000, 61)], 1),
        ([cell("nothing", 1000, 5), cell("nothing", 10_000, 50, peak=6 * 10**8)], 1),
        ([cell("nothing", 1000, 3), cell("nothing", 10_000, 50)], 1),
        ([cell("nothing", 1000, 5), cell("nothing", 10_000, 50, longest=60)], 1),
        ([cell("everything", 3, 500, longest=12)], 0),
    ],
)
def test_limits_that_do_not_hold_are_told(cells: list[Outcome], broken: int) -> None:
    found = result(*cells)
    assert len(tables.broken(found)) == broken
    assert len(tables.report(found).tables) == 3


def test_every_size_is_planned_with_ten_updates() -> None:
    cells = bench.plan(bench.Preset("default", 60)).cells
    assert {item["members"] for item in cells} == {10}
    assert max(item["rounds"] for item in cells) == tables.GOAL
