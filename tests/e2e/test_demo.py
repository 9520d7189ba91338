"""The tiny experiment from nothing to an audited revocation, as a user would run it."""

from __future__ import annotations

import re

import psutil

from tests.e2e.conftest import REVOKED, Run


def test_ends_well_and_says_what_to_try_next(run: Run) -> None:
    assert run.exit_code == 0, run.output[-2000:]
    assert "audit: passed" in run.output
    assert "loranchor audit verify" in run.output
    assert "Traceback" not in run.output


def test_summary_tells_everything(run: Run) -> None:
    summary = run.summary
    assert summary["schema"] == "loranchor/summary/1"
    assert (summary["experiment"], summary["metric"]) == ("tiny", "loss")
    assert [found["round"] for found in summary["rounds"]] == [1, 2]
    assert [found["sequence"] for found in summary["rounds"]] == [1, 2]
    for found in summary["rounds"]:
        assert {update["organisation"] for update in found["updates"]} == {"aurora", "borealis", "cumulus"}
        assert all(update["accepted"] and update["cid"].startswith("Qm") for update in found["updates"])
        assert sum(update["weight"] for update in found["updates"]) == 1
        assert 0 < found["gas"]["public"] <= 85_000
    for figures in summary["held_out"].values():
        assert figures["rounds"][1] < figures["base"]
        assert figures["before_revocation"] == figures["rounds"][1]
        assert figures["after_revocation"] != figures["before_revocation"]
    assert summary["audit"]["ok"] is True
    assert set(summary["seconds"]) >= {"network", "deploy", "round_1", "round_2", "revocation", "audit"}
    assert all(summary["bytes_sent"][name] > 0 < summary["bytes_received"][name] for name in summary["held_out"])
    assert all(count["private"] > 0 for count in summary["transactions"].values())


def test_every_process_computed_the_same_manifests(run: Run) -> None:
    for found in run.summary["rounds"]:
        computed = found["manifest_digests_by_organisation"]
        assert set(computed) == {"aurora", "borealis", "cumulus"}
        assert set(computed.values()) == {found["manifest_digest"]}


def test_revocation_is_certified_anchored_and_receipted_by_all(run: Run) -> None:
    revocation = run.summary["revocation"]
    own = [u["update_id"] for found in run.summary["rounds"] for u in found["updates"] if u["organisation"] == REVOKED]
    assert sorted(revocation["update_ids"]) == sorted(own)
    assert len(revocation["descendants"]) == 2, "the other two members' updates of round 2 were trained on top"
    assert revocation["mode"] == "drop"
    assert revocation["manifest_after"] != revocation["manifest_before"]
    assert re.fullmatch("0x[0-9a-f]{64}", revocation["certificate_digest"])
    assert {item["organisation"] for item in revocation["shred_receipts"]} == {"aurora", "borealis", "cumulus"}


def test_what_was_awarded_was_claimed(run: Run) -> None:
    tokens = run.summary["tokens"]
    assert tokens["claimed"] == tokens["awarded"]
    assert sum(map(int, tokens["awarded"].values())) > 0


def test_report_is_one_file_that_asks_for_nothing(run: Run) -> None:
    page = (run.root / "report.html").read_text()
    assert "<svg" in page
    assert not re.search(r"""(?:src|href)=["']https?:|url\(["']?https?:|@import""", page)


def test_nothing_of_the_run_is_left_running(run: Run) -> None:
    daemons = [
        p
        for p in psutil.process_iter(["cmdline"])
        if "daemon" in (line := p.info["cmdline"] or []) and str(run.root) in " ".join(line)
    ]
    assert daemons == []
