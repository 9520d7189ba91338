"""Daemons on real chains and real IPFS that pass rounds by their own choice: what they say, and how rounds go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from real_world import LONG, World, world
from unit.ledger.actors import task, task_document

from orchestrator.cli import run
from orchestrator.daemon.journal import read_journal
from orchestrator.daemon.operations import open_round
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.entities import RoundStatus
from orchestrator.types import OrganisationId

AURORA, BOREALIS, CUMULUS = (OrganisationId(name) for name in ("aurora", "borealis", "cumulus"))
pytestmark = pytest.mark.slow
POLICY = ["participation=threshold", "participation.token=1000", "participation.most_repeats=1"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three rounds: one that all take part in, one that aurora's policy leaves out, one that nobody accepts."""
    with world(tmp_path_factory.mktemp("world")) as found:
        agreement = found.agree()
        found.members[AURORA].overrides += POLICY
        for name in (AURORA, BOREALIS, CUMULUS):
            found.start(name)
        found.until(lambda: not found.ledger.without_prekeys, 120, "prekeys")
        for _ in range(2):
            play(found, agreement)
        play(found, agreement, training={**task_document()["training"], "steps": 10**6})
        yield found


def play(made: World, agreement: Agreement, **changes: Any) -> None:
    services = made.members[AURORA].services
    assert services is not None
    number = open_round(services, task(deadlines=LONG, minimum_updates=2, **changes), agreement)
    made.until(lambda: made.ledger.rounds[number].status is not RoundStatus.OPEN, 240, f"round {number}")


def said(made: World, name: OrganisationId, number: int) -> str:
    """Why a daemon did not train for a round, as its journal has it."""
    events = read_journal(made.members[name].home)
    (found,) = {
        event["error"] for event in events if event["event"] == "effect-failed" and event["effect"] == f"train/{number}"
    }
    return str(found)


def owners(made: World, number: int) -> set[str]:
    return {made.ledger.updates[item].organisation for item in made.ledger.rounds[number].submissions}


def test_a_round_that_pays_with_fresh_data_is_taken(made: World) -> None:
    assert owners(made, 1) == {AURORA, BOREALIS, CUMULUS} and not made.ledger.rounds[1].passed


def test_the_policy_passes_the_next_and_says_why(made: World) -> None:
    round_ = made.ledger.rounds[2]
    assert round_.status is RoundStatus.CLOSED and round_.passed == {AURORA}
    assert owners(made, 2) == {BOREALIS, CUMULUS} and AURORA in round_.revealed
    assert "aurora passes round 2: 1 rounds had the data of today, at most 1 are wanted" in said(made, AURORA, 2)


def test_nobody_trains_for_a_task_that_nobody_accepts(made: World) -> None:
    round_ = made.ledger.rounds[3]
    assert round_.status is RoundStatus.FAILED and round_.passed == {AURORA, BOREALIS, CUMULUS}
    for name in (AURORA, BOREALIS, CUMULUS):
        assert "training.steps is 1000000, this organisation accepts at most 5000" in said(made, name, 3)


def test_doctor_finds_a_living_member_in_order(made: World, capsys: pytest.CaptureFixture[str]) -> None:
    member = made.members[AURORA]
    member.home.chmod(0o700)
    capsys.readouterr()
    code = run(["doctor", "--home", str(member.home), "--json", "chain.network=null"])
    found = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    broken = {name: check["detail"] for name, check in found.items() if check["status"] == "broken"}
    assert (code, broken) == (0, {})
    for name in ("consortium", "quorum", "prekeys", "second daemon", "journal", "ipfs", "public balance"):
        assert found[name]["status"] == "ok", found[name]
