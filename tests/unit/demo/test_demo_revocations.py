"""What a summary says of each request: its time line, what it did to the model, and whom it waits for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from unit.audit.life import Life
from unit.demo.summary_world import seen_of, stands
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS

from orchestrator.chain.contracts import private_of, public_of
from orchestrator.chain.structs import Stage
from orchestrator.commitment.certificate import LIMITS
from orchestrator.demo.revocations import revocations_of
from orchestrator.report import render
from orchestrator.report.steps import STEPS, steps_of
from orchestrator.report.summary import parse


def told_of(life: Life) -> list[dict[str, Any]]:
    private, public = (
        private_of(life.private, life.deployments["private"]),
        public_of(life.public, life.deployments["public"]),
    )
    return revocations_of(seen_of(life), life.tasks, private, public)


def shown(told: list[dict[str, Any]]) -> Any:
    summary = {"schema": "loranchor/summary/1", "experiment": "tiny", "metric": "loss", "revocations": told}
    assert "Step by step" in render(summary)
    return parse(summary).revocations


@pytest.fixture
def rounds() -> tuple[Life, list[Any]]:
    """Two rounds, and what cumulus contributed to them."""
    life = Life()
    return life, [life.round()[CUMULUS], life.round()[CUMULUS]]


def test_a_finished_one_is_told_step_by_step(rounds: tuple[Life, list[Any]]) -> None:
    life, updates = rounds
    life.revoke(CUMULUS, updates)
    stands(life, Stage.SHREDDED)
    (told,) = told_of(life)
    assert told["scope"] == "organisation" and told["owners"] == [CUMULUS] and told["approved_by"] == "owner"
    assert told["awards"] == "vested" and told["limits"] == list(LIMITS) and told["overdue"] == 0
    by_step: dict[str, list[Any]] = {}
    for event in told["events"]:
        by_step.setdefault(event["step"], []).append(event.get("organisation"))
    assert by_step["requested"] == by_step["approved"] == [CUMULUS]
    assert by_step["verified"] == by_step["shredded"] == list(MEMBERS)
    assert by_step["endorsed"] == [AURORA, BOREALIS] and by_step["certified"] == [BOREALIS]
    steps = steps_of(shown(told_of(life))[0])
    assert [step.name for step in steps] == list(STEPS) and {step.state for step in steps} == {"done"}


def test_times_are_those_of_the_blocks_of_the_right_chain(rounds: tuple[Life, list[Any]]) -> None:
    life, updates = rounds
    life.public.mine(1000)  # so that the two chains tell different times
    life.revoke(CUMULUS, updates)
    stands(life, Stage.SHREDDED)
    for event in told_of(life)[0]["events"]:
        chain = life.public if event["step"] == "anchored" else life.private
        assert event["time"] == datetime.fromtimestamp(chain.block(event["block"]).timestamp, UTC).isoformat()


def test_what_left_and_what_stayed(rounds: tuple[Life, list[Any]]) -> None:
    life, updates = rounds
    life.revoke(CUMULUS, updates)
    stands(life, Stage.SHREDDED)
    lineage = told_of(life)[0]["lineage"]
    assert {item["update_id"] for item in lineage["leaves"]} == set(updates)
    assert [(item["organisation"], item["round"]) for item in lineage["leaves"]] == [(CUMULUS, 1), (CUMULUS, 2)]
    assert {item["organisation"] for item in lineage["stays"]} == {AURORA, BOREALIS} and lineage["returns"] == []


def test_one_that_waits_for_receipts_names_who_is_overdue(rounds: tuple[Life, list[Any]]) -> None:
    life, updates = rounds
    request = life.request(CUMULUS, updates)
    life.verify(request)
    life.certify(request)
    life.anchor()
    life.shred(request, AURORA, last=False)
    stands(life, Stage.CERTIFIED, deadline=life.private.block_number() - 3)
    (told,) = told_of(life)
    assert (told["stage"], told["waiting_for"], told["overdue"]) == ("certified", [BOREALIS, CUMULUS], 3)
    assert told["waiting"] == "shred receipts (1 of 3) from borealis, cumulus (overdue by 3 blocks)"
    last = steps_of(shown([told])[0])[-1]
    assert (last.state, [mark.organisation for mark in last.marks]) == ("late", [AURORA])


def test_one_that_nobody_has_approved_yet_has_neither_figures_nor_certificate(rounds: tuple[Life, list[Any]]) -> None:
    life, updates = rounds
    life.request(AURORA, updates, approved=False)
    stands(life, Stage.REQUESTED, deadline=life.private.block_number() + 9)
    (told,) = told_of(life)
    assert "lineage" not in told and told["results"] == [] and told["certificate_digest"] is None
    assert told["approved_by"] is None and told["waiting_for"] == [BOREALIS, CUMULUS]
    steps = steps_of(shown([told])[0])
    assert [step.state for step in steps] == ["done", "waiting", *["ahead"] * 7]


def test_each_request_is_told_in_order(rounds: tuple[Life, list[Any]]) -> None:
    life, updates = rounds
    first = life.revoke(CUMULUS, updates[:1])
    second = life.revoke(CUMULUS, updates[1:])
    stands(life, Stage.SHREDDED)
    told = told_of(life)
    assert [item["request_id"] for item in told] == [first, second]
    assert [item["sequence"] for item in told] == [3, 4] and told[0]["manifest_after"] == told[1]["manifest_before"]
