"""What is written of a run: from a life on chains in memory, and the figures that its members kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from unit.audit.life import Life
from unit.demo.summary_world import seen_of, stands
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS

from orchestrator.chain.contracts import private_of, public_of
from orchestrator.chain.structs import Stage
from orchestrator.demo.run import keep_copy
from orchestrator.demo.summary import SCHEMA, summarise
from orchestrator.report import render
from orchestrator.report.summary import parse

GAS = 50_000
AWARD = 10**18


@pytest.fixture(scope="module")
def life() -> Life:
    """Two closed rounds, and cumulus revoked; the first round that was opened failed."""
    found = Life()
    number = found.open_round()
    found.by(AURORA, ("RoundLedger", "RoundFailed", {"round_id": number, "reason": "too_few_updates"}))
    first, second = found.round(), found.round()
    found.revoke(CUMULUS, [first[CUMULUS], second[CUMULUS]])
    found.public.views["ContributionToken", "symbol"] = lambda: ["LORA"]
    stands(found, Stage.SHREDDED)
    return found


def homes_of(life: Life, folder: Path) -> dict[str, Path]:
    request = next(iter(life.ledger.state.revocations))
    homes: dict[str, Path] = {}
    for place, name in enumerate(MEMBERS):
        held_out = {"base": 3.8, "round/2": 3.6, "round/3": 3.5 + place}
        held_out |= {f"revocation/{request}/before": 3.5, f"revocation/{request}/after": 3.55}
        figures: dict[str, Any] = {
            "held_out": {label: {"value": value, "samples": 24} for label, value in held_out.items()},
            "manifests": {"2": "0x" + "22" * 32, "3": "0x" + "33" * 32},
            "traffic": {"bytes_sent": 1000 + place, "bytes_received": 2000, "public": 3, "private": 20},
        }
        homes[name] = folder / name
        homes[name].mkdir()
        (homes[name] / "figures.json").write_text(json.dumps(figures))
    return homes


@pytest.fixture(scope="module")
def summary(life: Life, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return summarise(
        experiment="tiny",
        metric="loss",
        seen=seen_of(life),
        tasks=life.tasks,
        homes=homes_of(life, tmp_path_factory.mktemp("homes")),
        private=private_of(life.private, life.deployments["private"]),
        public=public_of(life.public, life.deployments["public"]),
        seconds={"network": 2.0, "audit": 1.5},
        audit={"ok": True, "checks": []},
        notes=["a note"],
    )


def test_it_is_what_the_report_reads(summary: dict[str, Any]) -> None:
    found = parse(json.loads(json.dumps(summary)))
    assert summary["schema"] == SCHEMA
    assert (found.experiment, found.metric, found.organisations) == ("tiny", "loss", MEMBERS)
    assert all(name in render(summary) for name in MEMBERS)


def test_held_out_figures_are_those_of_the_closed_rounds(summary: dict[str, Any]) -> None:
    """The failed round counts for a number, and for nothing else."""
    assert summary["held_out"][BOREALIS] == {
        "base": 3.8,
        "rounds": [3.6, 4.5],
        "before_revocation": 3.5,
        "after_revocation": 3.55,
    }


def test_rounds_are_as_both_chains_tell_them(life: Life, summary: dict[str, Any]) -> None:
    assert [(row["round"], row["sequence"]) for row in summary["rounds"]] == [(2, 1), (3, 2)]
    for row in summary["rounds"]:
        anchored = life.anchored[row["sequence"]]
        assert row["manifest_digest"] == anchored.manifest_digest
        assert life.public.receipt(row["public_tx"]) is not None
        assert row["gas"]["public"] == GAS and row["gas"]["private"] % GAS == 0 and row["gas"]["private"] > 5 * GAS
        assert {update["organisation"] for update in row["updates"]} == set(MEMBERS)
        assert sum(update["weight"] for update in row["updates"]) == pytest.approx(1.0)
        assert all(update["accepted"] for update in row["updates"])
        assert sorted(update["score"] for update in row["updates"]) == [0.01, 0.02, 0.03]
        assert len({update["cid"] for update in row["updates"]}) == 3
        assert set(row["manifest_digests_by_organisation"]) == set(MEMBERS)
    assert summary["rounds"][0]["manifest_digests_by_organisation"][AURORA] == "0x" + "22" * 32
    heads = [row["public_head"] for row in summary["rounds"]]
    assert life.anchored[2].previous_head == heads[0] and life.anchored[3].previous_head == heads[1]


def test_the_revocation(life: Life, summary: dict[str, Any]) -> None:
    found = summary["revocation"]
    owners = {life.ledger.state.updates[item].organisation for item in found["update_ids"]}
    assert (found["organisation"], found["mode"], found["sequence"], owners) == (CUMULUS, "drop", 3, {CUMULUS})
    descendants = {life.ledger.state.updates[item].organisation for item in found["descendants"]}
    assert len(found["descendants"]) == 2 and descendants == {AURORA, BOREALIS}
    assert found["manifest_before"] == summary["rounds"][1]["manifest_digest"] != found["manifest_after"]
    assert found["certificate_digest"] == life.ledger.state.revocations[found["request_id"]].certificate
    assert [item["organisation"] for item in found["shred_receipts"]] == list(MEMBERS)
    assert [item["organisation"] for item in found["results"]] == list(MEMBERS)
    assert found["results"][0]["before"] == 3.5 and found["results"][0]["after"] == 3.6
    assert set(found["not_evaluated"]) == {"retrained_reference", "relearning", "membership"}
    assert summary["revocations"] == [found]


def test_tokens_are_counted_in_wei_as_texts(summary: dict[str, Any]) -> None:
    awarded = {name: int(amount) for name, amount in summary["tokens"]["awarded"].items()}
    claimed = {name: int(amount) for name, amount in summary["tokens"]["claimed"].items()}
    assert 2 * AWARD - 6 <= sum(awarded.values()) <= 2 * AWARD
    assert all(claimed[name] <= awarded[name] for name in MEMBERS)
    assert 0 < sum(claimed.values()) < sum(awarded.values()), "one award of each round is unclaimed"
    assert summary["tokens"]["symbol"] == "LORA"


def test_traffic_and_transactions_by_organisation(summary: dict[str, Any]) -> None:
    assert summary["bytes_sent"] == {AURORA: 1000, BOREALIS: 1001, CUMULUS: 1002}
    assert summary["transactions"][AURORA] == {"public": 3, "private": 20}
    assert summary["seconds"] == {"network": 2.0, "audit": 1.5} and summary["audit"]["ok"] is True


def test_it_tells_nothing_of_whose_machine_it_was(summary: dict[str, Any]) -> None:
    text = json.dumps(summary)
    assert str(Path.home()) not in text and "/" not in json.dumps(summary["environment"])
    assert set(summary["environment"]) == {"loranchor", "python", "torch", "transformers", "peft", "cpu", "cores"}


def test_a_life_without_revocation_has_none(tmp_path: Path) -> None:
    found = Life()
    found.round()
    found.public.views["ContributionToken", "symbol"] = lambda: ["LORA"]
    home = tmp_path / "aurora"
    home.mkdir()
    traffic = {"bytes_sent": 1, "bytes_received": 1, "public": 1, "private": 1}
    (home / "figures.json").write_text(json.dumps({"held_out": {}, "manifests": {}, "traffic": traffic}))
    made = summarise(
        experiment="tiny", metric="loss", seen=seen_of(found), tasks=found.tasks, homes={AURORA: home},
        private=private_of(found.private, found.deployments["private"]),
        public=public_of(found.public, found.deployments["public"]),
        seconds={}, audit={"ok": False}, notes=[],
    )  # fmt: skip
    assert made["revocation"] is None and made["revocations"] == []
    assert made["held_out"][AURORA] == {
        "base": None, "rounds": [None], "before_revocation": None, "after_revocation": None,
    }  # fmt: skip
    assert parse(made).revocations == ()


# -- copies


def test_a_copy_is_kept_in_the_experiments_folder(tmp_path: Path) -> None:
    run, target = tmp_path / "demo", tmp_path / "tiny"
    run.mkdir()
    for name in ("summary.json", "report.html"):
        (run / name).write_text(f"{name} of the run")
    for _ in range(2):
        keep_copy(run, target)
    assert {path.name: path.read_text() for path in target.iterdir()} == {
        "summary.json": "summary.json of the run",
        "report.html": "report.html of the run",
    }
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in target.iterdir())


def test_a_copy_that_cannot_be_made_leaves_the_last_one(tmp_path: Path) -> None:
    run, target = tmp_path / "demo", tmp_path / "tiny"
    run.mkdir()
    target.mkdir()
    for name in ("summary.json", "report.html"):
        (target / name).write_text("old")
    (run / "summary.json").write_text("new")
    with pytest.raises(FileNotFoundError, match=r"report\.html"):
        keep_copy(run, target)
    assert {path.name: path.read_text() for path in target.iterdir()} == {"summary.json": "old", "report.html": "old"}
