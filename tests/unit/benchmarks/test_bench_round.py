"""`make bench-round`: what was not played is said, and growth, waste and a daemon that is greedy at rest fail a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import Outcome, Preset, Result, markdown
from benchmarks.round.__main__ import BENCHMARK, plan
from benchmarks.round.daemons import SNAPSHOTS
from benchmarks.round.meters import keep
from benchmarks.round.play import task
from benchmarks.round.prepared import DELTA_BYTES, PreparedWorkbench
from benchmarks.round.report import GROWING, SIZES, broken, exponent_of, report
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.state import EMPTY
from orchestrator.types import OrganisationId

MACHINE = {"cpu": "c", "cores": 2, "memory_gib": 4, "gpu": "none", "os": "o", "load": 0}
REST = {"share": 0.01, "rss": 100_000_000, "seconds": 60.0}


def figures(size: int, power: float = 1.0, **change: Any) -> dict[str, Any]:
    grown = float(size**power)
    spent = {"cpu": grown, "most cpu": grown, "sent": 1.9e6, "received": 5e6 * grown, "rss": 110_000_000}
    asked = {"rpc requests": 300.0, "rpc calls": 400.0, "rpc bytes": 1e6 * grown}
    sent = {
        "private": 6.0,
        "public": 1.0,
        "most private": 7.0,
        "most public": 3.0,
        "private gas": 5e5,
        "public gas": 1e5,
    }
    told = {"wall": 30.0, "blocks": 30, "cpu by": {"collect": grown / 2}, "seconds by": {"collect": 4.0}}
    return {**spent, **asked, **sent, **told, "calls": {"RoundLedger.submitUpdate": 1}, **change}


def result_of(rounds: Mapping[int, dict[str, Any]], rest: dict[str, Any] | None = None) -> Result:
    """The full preset, of which only some cells were played."""

    def outcome(configuration: Any) -> Outcome:
        found = (rest or REST) if configuration["part"] == "idle" else rounds.get(configuration["daemons"])
        status = "not run" if found is None else "done"
        return Outcome(configuration, status, found, 1.0, "2026-01-01T00:00:00+00:00", MACHINE)

    cells = tuple(map(outcome, plan(Preset("full", None)).cells))
    about = ("round", "full", (), "", "make bench-round PRESET=full", "abc", "0x" + "0" * 64)
    return Result(*about, "2026-01-01T00:00:00+00:00", {}, (MACHINE,), cells)


def test_the_default_preset_plays_the_small_rounds_and_the_full_one_all() -> None:
    sizes = [cell.get("daemons") for cell in plan(Preset("default", 60)).cells]
    assert sizes == [None, 3, 10]
    assert [cell.get("daemons") for cell in plan(Preset("full", None)).cells] == [None, *SIZES]


def test_linear_growth_keeps_the_limits() -> None:
    found = result_of({size: figures(size) for size in SIZES})
    assert broken(found) == []
    assert exponent_of(found, GROWING["CPU seconds"]) == pytest.approx(1.0)


@pytest.mark.parametrize("power", [1.2, 2.0])
def test_growth_that_is_faster_than_linear_fails_the_run(power: float) -> None:
    sentences = broken(result_of({size: figures(size, power) for size in (3, 10)}))
    assert [sentence.partition(" of ")[0] for sentence in sentences] == ["CPU seconds", "bytes on IPFS"]
    assert f"n^{power:.2f}" in sentences[0]


def test_a_phase_with_two_transactions_fails_the_run() -> None:
    twice = figures(3, calls={"RoundLedger.submitUpdate": 1, "CheckpointSchedule.attest": 2})
    assert broken(result_of({3: twice})) == ["CheckpointSchedule.attest was sent 2 times by one of 3 daemons"]


@pytest.mark.parametrize(
    ("change", "told"), [({"rss": 151_000_000}, "151 MB resident"), ({"share": 0.02}, "2.00% of a core")]
)
def test_a_greedy_daemon_at_rest_fails_the_run(change: dict[str, Any], told: str) -> None:
    (sentence,) = broken(result_of({}, {**REST, **change}))
    assert told in sentence


def test_what_was_not_played_reads_so_and_one_size_has_no_exponent() -> None:
    found = result_of({3: figures(3)})
    assert exponent_of(found, GROWING["transactions"]) is None
    page = markdown(report(found), found)
    assert "| CPU, s | 3.00 | not run | not run | not run |" in page
    assert "| CPU seconds | not run | 1.10 |" in page


def test_nothing_played_at_all_is_still_a_page() -> None:
    page = markdown(report(result_of({})), result_of({}))
    assert "How it grows (n = none)" in page


def test_the_sources_are_there() -> None:
    root = Path(__file__).parents[3]
    assert [source for source in BENCHMARK.sources if not (root / source).exists()] == []


def test_the_prepared_workbench_opens_what_the_real_one_opens() -> None:
    bench, opened = PreparedWorkbench(OrganisationId("aurora")), list[str]()
    spec = task(3)
    manifest = build_manifest(EMPTY, spec, {spec.digest: spec})

    def opener(item: Any) -> bytes:
        opened.append(item)
        return b""

    ids: Any = ["0x" + f"{place:064x}" for place in (1, 2, 3)]
    judged = bench.judge(spec, manifest, ids[:2], opener, {ids[2]: "NOT_OPENED"})
    assert opened == ids[:2]
    assert {item: judgement.accept for item, judgement in judged.items()} == dict(
        zip(ids, (True, True, False), strict=True)
    )
    delta = bench.train(spec, manifest, opener, 1, lambda step, steps: None)
    assert len(delta.payload) == DELTA_BYTES


def test_snapshots_are_lines(tmp_path: Path) -> None:
    for cpu in (1.0, 2.0):
        keep(tmp_path / SNAPSHOTS, {"cpu": cpu})
    assert [json.loads(line)["cpu"] for line in (tmp_path / SNAPSHOTS).read_text().splitlines()] == [1.0, 2.0]
