"""Revocations that wait: support, urgency, deadlines, and counting again after a member has left."""

from __future__ import annotations

from pathlib import Path

import pytest
from dispute_world import STEPS, World
from walk import Walk

from orchestrator.chain.structs import Verification
from orchestrator.commitment.certificate import build_certificate, certificate_bytes, certificate_digest, outcome_of
from orchestrator.commitment.receipt import Receipt
from orchestrator.ledger.canonical import sha256
from orchestrator.types import RequestId, UpdateId

SERVING = ("aurora", "borealis")


def measure(world: World, request_id: RequestId) -> None:
    """What the daemons of the two that serve do up to their figures."""
    ledger, outcome = world.consortium.private.revocations, outcome_of(world.state, request_id, world.tasks)
    world.by("aurora", ledger.record_affected(request_id, [UpdateId(item) for item in outcome.descendants], world.SALT))
    world.by("aurora", ledger.record_replacement(request_id, outcome.after, world.SALT))
    for name in SERVING:
        world.by(name, ledger.record_verification(request_id, Verification("loss", 10, 20, 64), world.SALT))


def certify(world: World, request_id: RequestId) -> None:
    """Endorse the certificate, and say that the keys are gone."""
    ledger, state = world.consortium.private.revocations, world.state
    consortium_id = world.consortium.private.deployment.consortium_id
    data = certificate_bytes(build_certificate(state, request_id, world.tasks, consortium_id=consortium_id))
    message = certificate_digest(request_id, sha256(data), ledger.chain.chain_id, ledger.address)
    cid = world.store.add(data)
    for name in SERVING:
        signature = bytes(world.members[name].delegate.account.unsafe_sign_hash(message).signature)
        world.by(name, ledger.endorse(request_id, sha256(data), cid, signature, world.SALT))
    updates = state.revocations[request_id].updates
    for name in SERVING:
        receipt = Receipt(sha256(data), request_id, world.members[name].organisation, updates, 1, 1, ())
        receipt_cid = world.store.add(receipt.to_bytes())
        world.by(name, ledger.record_shredding(request_id, sha256(data), receipt.digest, receipt_cid, world.SALT))


def test_an_overdue_revocation_ends_without_the_member_that_is_gone(world: World, folder: Path) -> None:
    private, request_id = world.consortium.private_chain, world.next_request()
    world.done("borealis", "revoke", "request", signs=True)
    measure(world, request_id)
    world.mine(private, private.block_number() + STEPS + 3)
    with Walk(world, "An overdue revocation", folder) as walk:
        walk.block()
        certify(world, request_id)
        world.mine(private, private.block_number() + STEPS + 3)
        walk.block(request_id)
        walk.block()
        walk.block()
    assert world.state.revocations[request_id].shredded


def test_an_urgent_quorum_fails_the_open_round(world: World) -> None:
    number, cumulus = world.open(), world.updates(1)["cumulus"]
    request_id = world.next_request()
    ask = ["revoke", "request", "--update", cumulus, "--reason", "LEAKED", "--urgent"]
    world.done("aurora", *ask, signs=True)
    assert world.state.open_round == number
    said = world.type("borealis", "revoke", "support", request_id[:12], "--json", signs=True).document
    assert (said["request"], said["stage"]) == (request_id, "approved")
    assert world.state.open_round is None
    told = world.done("cumulus", "round", "status")
    assert f"interrupted by a revocation: {request_id}" in told
    assert "gets its new manifest first" in told
    assert world.type("aurora", "revoke", "status", "--json").document["revocations"][0]["urgent"]


def test_support_comes_in_time_or_not_at_all(world: World) -> None:
    private, request_id = world.consortium.private_chain, world.next_request()
    cumulus = world.updates(1)["cumulus"]
    twice = ["--update", cumulus[:14], "--update", cumulus]
    world.done("aurora", "revoke", "request", *twice, "--reason", "LEAKED", signs=True)
    support, settle = ["revoke", "support", request_id], ["revoke", "settle", request_id]
    assert "aurora supports request" in world.refused("aurora", *support, code=7, signs=True)
    assert "has 1 of 2 supporters" in world.refused("aurora", *settle, code=7, signs=True)
    world.mine(private, world.consortium.private.revocations.deadline_of(request_id))
    assert "could be supported up to block" in world.refused("borealis", *support, code=7, signs=True)
    assert "has lapsed" in world.refused("borealis", *settle, code=7, signs=True)
    assert "lapsed: support was taken up to block" in world.done("cumulus", "revoke", "status")


def test_a_request_that_needs_nobody_is_not_supported(world: World) -> None:
    request_id = world.next_request()
    world.done("borealis", "revoke", "request", signs=True)
    line = world.refused("aurora", "revoke", "support", request_id, code=7, signs=True)
    assert "needs no support: it is approved already" in line
    line = world.refused("aurora", "revoke", "settle", request_id, code=7, signs=True)
    assert "its next step is a record, which no count can replace" in line


def test_a_plan_comes_true(world: World) -> None:
    """It needs no password and sends nothing; the request in its words has the outcome that it told."""
    block = world.consortium.private_chain.block_number()
    plan = world.type("borealis", "revoke", "plan", "--mode", "replay", "--json").document
    assert world.consortium.private_chain.block_number() == block
    assert plan["updates"] == [world.updates(1)["borealis"]] and plan["chosen"] == "replay"
    assert [row["fate"] for row in plan["awards"]["listed"]] == ["to be voided"], "nothing of it has vested"
    told = world.done("borealis", "revoke", "plan")
    assert "that needs nobody's consent, and takes effect at once" in told and "the settings choose drop" in told
    request_id = world.next_request()
    made = world.type("borealis", "revoke", "request", "--mode", "replay", "--json", signs=True).document
    assert made == {"request": request_id, "mode": "replay"}
    outcome = outcome_of(world.state, request_id, world.tasks)
    assert outcome.after == plan["modes"]["replay"]["manifest"]
    assert list(outcome.descendants) == plan["modes"]["replay"]["stays"] == []


def test_a_round_is_taken_back_by_a_quorum(world: World) -> None:
    private, request_id = world.consortium.private_chain, world.next_request()
    words = ["--round", "1", "--of", "all", "--reason", "POISONED", "--mode", "heal"]
    world.done("aurora", "revoke", "request", *words, signs=True)
    world.done("borealis", "revoke", "support", request_id, signs=True)
    measure(world, request_id)
    world.mine(private, private.block_number() + STEPS + 3)
    certify(world, request_id)
    (row,) = world.type("cumulus", "revoke", "status", request_id[:14], "--json").document["revocations"]
    assert (row["mode"], row["stage"], len(row["updates"])) == ("heal", "certified", 3)
    assert row["trained_again"] == {"needed": [], "done": [], "left": 0}
    events = [item["words"].partition(",")[0].partition(" 0x")[0] for item in row["events"]]
    assert events[:3] == ["asks for 3 contributions back", "supports it", "approved"]
    assert "certified by a quorum" in events and events[-1] == "has shredded"
    told = world.done("cumulus", "revoke", "status", request_id[:14])
    assert "rounds of recovery since: none yet" in told and "borealis supports it" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["revoke", "request", "--round", "7"], "borealis has no live contribution to round 7"),
        (["revoke", "request", "--of", "nobody"], "nobody has no contribution"),
        (["revoke", "request", "--round", "1", "--update", "0x1234"], "contributions are named twice"),
        (["revoke", "request", "--of", "aurora", "--reason", ""], "an update of aurora is revoked for a reason only"),
        (["revoke", "request", "--mode", "erase"], "'erase' is no mode"),
        (["revoke", "request", "--update", "0x12"], "'0x12' is no id"),
        (["revoke", "request", "--update", "0xffffffff"], "there is no update 0xffffffff"),
        (["revoke", "support", "0xffffffff"], "there is no revocation request 0xffffffff"),
        (["revoke", "settle", "0xffffffff", "--certificate", "0x12"], "'0x12' is no digest"),
    ],
)
def test_wrong_words_are_one_line(world: World, words: list[str], told: str) -> None:
    block = world.consortium.private_chain.block_number()
    assert told in world.refused("borealis", *words, code=2, signs=True)
    assert world.consortium.private_chain.block_number() == block
