"""Collecting, judging, committing and revealing, when the others' objects are not as they should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS

from orchestrator.chain.structs import Verdict
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.daemon.handlers.judging import (
    COLLECTED,
    NOT_FOUND,
    NOT_OPENED,
    OTHER_TERMS,
    VERDICTS,
    WRONG_PARENT,
)
from orchestrator.daemon.opening import OBJECT_LIMIT, stored_cids
from orchestrator.daemon.results import verdicts_key
from orchestrator.envelope import parse_header
from orchestrator.errors import ChainError, ProtocolError, StorageError
from orchestrator.ledger.entities import RoundStatus, Update
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import Cid, Digest, OrganisationId, UpdateId


def released(life: Consortium) -> dict[str, Update]:
    """A round whose updates are all released; by owner."""
    life.open_round()
    life.until(lambda: sum(update.released for update in life.history.state.updates.values()) == len(MEMBERS))
    return {update.organisation: update for update in life.history.state.updates.values()}


def as_if(state: NodeState, update: Update) -> NodeState:
    """The state, had the update been released or recorded that way."""
    return state.with_(ledger=state.ledger.with_(updates={**state.ledger.updates, update.id: update}))


def collected(life: Consortium, state: NodeState, name: OrganisationId = AURORA) -> dict[UpdateId, str]:
    """Why updates were refused. In the life of the test a member may have collected before."""
    services, key = life.services[name], verdicts_key(state.ledger, 1)
    services.journal.drop(COLLECTED, key)
    life.handle(name, state, fx.CollectUpdates(1))
    refused: dict[UpdateId, str] = services.results.find(COLLECTED, key)
    return refused


def judged_rows(life: Consortium, state: NodeState) -> dict[UpdateId, Any]:
    kept = life.services[AURORA].results.find(VERDICTS, verdicts_key(state.ledger, 1))
    return {row["update_id"]: row for row in kept["verdicts"]}


def test_all_is_well(life: Consortium) -> None:
    updates = released(life)
    assert collected(life, life.now()) == {}
    assert set(life.keystores[AURORA].contents()) == {update.id for update in updates.values()}
    assert all(life.stores[AURORA].has(cid) for update in updates.values() for cid in stored_cids(update))


@pytest.mark.parametrize("kept", [False, True])
def test_nobody_commits_to_no_verdicts(life: Consortium, kept: bool) -> None:
    """They could not be revealed, and the round would wait for its deadline."""
    released(life)
    services, state = life.services[AURORA], life.now()
    if kept:
        services.journal.put(VERDICTS, verdicts_key(state.ledger, 1), {"nonce": "0x" + "00" * 32, "verdicts": []})
    with pytest.raises(ProtocolError, match="nothing to judge in round 1"):
        life.handle(AURORA, state, fx.CommitVerdicts(1))
    assert AURORA not in life.history.state.rounds[1].commitments


def test_an_object_that_nobody_has(life: Consortium) -> None:
    updates = released(life)
    _, cid = stored_cids(updates[BOREALIS])
    for store in life.swarm:
        store.objects.pop(cid, None)
    assert collected(life, life.now()) == {updates[BOREALIS].id: NOT_FOUND}
    assert updates[CUMULUS].id in life.keystores[AURORA].contents()


def test_a_header_that_is_not_the_recorded_one(life: Consortium) -> None:
    """Its owner releases another object than it committed to."""
    updates, store = released(life), life.stores[BOREALIS]
    header = store.fetch(stored_cids(updates[BOREALIS])[0], limit=OBJECT_LIMIT)
    other = store.add(header.replace(b"aurora", b"aurorb"))
    state = as_if(life.now(), replace(updates[BOREALIS], header_cid=other))
    assert collected(life, state) == {updates[BOREALIS].id: NOT_OPENED}
    assert updates[CUMULUS].id in life.keystores[AURORA].contents()


def test_a_payload_that_is_not_the_recorded_one(life: Consortium) -> None:
    updates, store = released(life), life.stores[BOREALIS]
    payload = bytearray(store.fetch(stored_cids(updates[BOREALIS])[1], limit=OBJECT_LIMIT))
    payload[-1] ^= 1
    state = as_if(life.now(), replace(updates[BOREALIS], payload_cid=store.add(bytes(payload))))
    assert collected(life, state) == {updates[BOREALIS].id: NOT_OPENED}


def test_a_content_that_was_not_committed_to(life: Consortium) -> None:
    updates = released(life)
    state = as_if(life.now(), replace(updates[BOREALIS], content_commitment=Digest("0x" + "11" * 32)))
    assert collected(life, state) == {updates[BOREALIS].id: NOT_OPENED}


@pytest.mark.parametrize("cid", ["", "nonsense", "Qm", "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"])
def test_a_cid_that_is_none_stops_nobody_from_judging_the_others(life: Consortium, cid: str) -> None:
    """The chain takes any text for a CID: it must cost its owner the round, and nobody else."""
    updates = released(life)
    state = as_if(life.now(), replace(updates[BOREALIS], payload_cid=Cid(cid)))
    assert collected(life, state) == {updates[BOREALIS].id: NOT_FOUND if cid else NOT_OPENED}
    assert updates[CUMULUS].id in life.keystores[AURORA].contents()


def test_a_header_of_a_gigabyte_stops_nobody_from_judging_the_others(life: Consortium) -> None:
    updates = released(life)
    large = life.stores[BOREALIS].add(b"x" * (OBJECT_LIMIT + 1))
    state = as_if(life.now(), replace(updates[BOREALIS], header_cid=large))
    assert collected(life, state) == {updates[BOREALIS].id: NOT_FOUND}


def with_recipients(state: NodeState, **keys: bytes | None) -> NodeState:
    """The state, had the round assigned other prekeys to some."""
    found = state.ledger.rounds[1]
    changed = {name: replace(prekey, key=keys.get(name, prekey.key)) for name, prekey in found.recipients.items()}
    kept = {name: prekey for name, prekey in changed.items() if prekey.key is not None}
    return state.with_(ledger=state.ledger.with_(rounds={1: replace(found, recipients=kept)}))


def test_a_prekey_that_is_no_key_keeps_nobody_from_submitting(life: Consortium) -> None:
    """The chain takes any bytes for one: who published them gets no key of the round, and the others go on."""
    life.open_round()
    for effect in (fx.TrainUpdate(1), fx.SubmitUpdate(1)):
        life.handle(AURORA, with_recipients(life.now(), cumulus=b"no key"), effect)
    mine = next(iter(life.history.state.updates.values()))
    life.handle(AURORA, life.now(), fx.ReleaseUpdate(mine.id))
    header = life.stores[AURORA].fetch(life.history.state.updates[mine.id].header_cid, limit=OBJECT_LIMIT)
    assert [item.organisation for item in parse_header(header).recipients] == [AURORA, BOREALIS]
    assert collected(life, with_recipients(life.now(BOREALIS), cumulus=b"no key"), BOREALIS) == {}


def test_an_update_that_leaves_a_member_out_is_refused(life: Consortium) -> None:
    """Two of three could accept it, and the third could never fold the model again."""
    life.open_round()
    for effect in (fx.TrainUpdate(1), fx.SubmitUpdate(1)):
        life.handle(BOREALIS, with_recipients(life.now(BOREALIS), cumulus=None), effect)
    theirs = next(iter(life.history.state.updates.values()))
    life.handle(BOREALIS, life.now(BOREALIS), fx.ReleaseUpdate(theirs.id))
    assert collected(life, life.now()) == {theirs.id: NOT_OPENED}
    assert life.keystores[AURORA].contents() == ()


def test_nothing_that_is_too_large_is_pinned(life: Consortium) -> None:
    updates = released(life)
    large = life.stores[BOREALIS].add(b"x" * (OBJECT_LIMIT + 1))
    state = as_if(life.now(), replace(updates[BOREALIS], header_cid=large))
    assert collected(life, state) == {updates[BOREALIS].id: NOT_FOUND}
    assert large not in life.stores[AURORA].pinned


def test_an_own_node_that_is_down_is_no_verdict_on_anybody(life: Consortium) -> None:
    released(life)
    life.stores[AURORA].reachable = False
    with pytest.raises(StorageError, match="cannot reach"):
        collected(life, life.now())
    assert life.services[AURORA].results.find(COLLECTED, verdicts_key(life.now().ledger, 1)) is None


def test_who_was_no_recipient_opens_nothing(life: Consortium) -> None:
    updates, state = released(life), life.now()
    found = state.ledger.rounds[1]
    without = replace(found, recipients={name: found.recipients[name] for name in (BOREALIS, CUMULUS)})
    state = state.with_(ledger=state.ledger.with_(rounds={1: without}))
    assert collected(life, state) == {updates[name].id: NOT_OPENED for name in (BOREALIS, CUMULUS)}


def test_refused_updates_are_not_shown_to_the_workbench_but_get_their_verdicts(life: Consortium) -> None:
    updates = released(life)
    for store in life.swarm:
        store.objects.pop(stored_cids(updates[BOREALIS])[0], None)
    life.handle(AURORA, life.now(), fx.CollectUpdates(1))
    life.benches[AURORA].opened.clear()
    life.handle(AURORA, life.now(), fx.JudgeUpdates(1))
    assert set(life.benches[AURORA].opened) == {updates[AURORA].id, updates[CUMULUS].id}
    judged = judged_rows(life, life.now())
    assert not judged[updates[BOREALIS].id]["accept"] and judged[updates[BOREALIS].id]["reason"] == NOT_FOUND
    assert judged[updates[CUMULUS].id]["accept"]


def test_an_update_that_names_another_parent_is_refused(life: Consortium) -> None:
    """The record goes into the manifest, for good: it must say what the update was trained from."""
    updates = released(life)
    state = as_if(life.now(), replace(updates[BOREALIS], parent_manifest=Digest("0x" + "22" * 32)))
    life.handle(AURORA, state, fx.CollectUpdates(1))
    life.handle(AURORA, state, fx.JudgeUpdates(1))
    judged = judged_rows(life, state)
    assert judged[updates[BOREALIS].id]["reason"] == WRONG_PARENT and judged[updates[CUMULUS].id]["accept"]


@pytest.mark.parametrize("terms", [{"epsilon_cap": 8_000_000}, {"minimum_updates": 3}, {"reveal_blocks": 1}])
def test_nothing_is_accepted_under_terms_that_are_not_the_tasks(life: Consortium, terms: dict[str, int]) -> None:
    """One accepted update makes a round count, and its cap on ε the task's for good."""
    released(life)
    found = life.now().ledger.rounds[1]
    assert all(getattr(found.opening, name) != value for name, value in terms.items())
    other = replace(found, opening=replace(found.opening, **terms))
    state = life.now().with_(ledger=life.now().ledger.with_(rounds={1: other}))
    life.handle(AURORA, state, fx.CollectUpdates(1))
    life.handle(AURORA, state, fx.JudgeUpdates(1))
    judged = judged_rows(life, state)
    assert {(item["accept"], item["reason"]) for item in judged.values()} == {(False, OTHER_TERMS)}


def test_a_lost_object_costs_its_owner_the_round_and_nobody_else(life: Consortium) -> None:
    """To the end of the round: one of three contributions is left out, the others are weighed and paid."""
    updates = released(life)
    for store in life.swarm:
        store.objects.pop(stored_cids(updates[BOREALIS])[1], None)
    life.benches[BOREALIS].fails = StorageError("its own update is gone")
    life.settle()
    assert life.history.state.rounds[1].status is RoundStatus.CLOSED
    assert {entry.organisation for entry in life.manifest(AURORA).entries} == {AURORA, CUMULUS}
    assert updates[BOREALIS].id not in life.keystores[AURORA].contents()


# -- verdicts


def judged(life: Consortium) -> NodeState:
    released(life)
    for effect in (fx.CollectUpdates(1), fx.JudgeUpdates(1)):
        life.handle(AURORA, life.now(), effect)
    return life.now()


def test_verdicts_are_written_as_soon_as_they_are_judged(life: Consortium) -> None:
    """A crash after that changes none of them; what is committed later is what was written, by its first nonce."""
    state = judged(life)
    services, key = life.services[AURORA], verdicts_key(state.ledger, 1)
    written = services.results.find(VERDICTS, key)
    services.private_sender.fails = ChainError("the chain is down")  # type: ignore[attr-defined]
    with pytest.raises(ChainError):
        life.handle(AURORA, state, fx.CommitVerdicts(1))
    assert AURORA not in life.history.state.rounds[1].commitments
    life.restart(AURORA)
    asked = len(life.benches[AURORA].asked)
    for effect in (fx.CollectUpdates(1), fx.JudgeUpdates(1), fx.CommitVerdicts(1)):
        life.handle(AURORA, life.now(), effect)
    assert len(life.benches[AURORA].asked) == asked, "nothing is judged twice"
    assert life.services[AURORA].results.find(VERDICTS, key) == written
    verdicts = [Verdict(**row) for row in written["verdicts"]]
    assert len(verdicts) == 3
    assert life.history.state.rounds[1].commitments[AURORA] == verdict_commitment(
        1, AURORA, verdicts, Digest(written["nonce"])
    )


def test_a_restarted_member_reveals_what_it_committed_to(life: Consortium) -> None:
    life.handle(AURORA, judged(life), fx.CommitVerdicts(1))
    life.restart(AURORA)
    life.handle(AURORA, life.now(), fx.RevealVerdicts(1))
    assert AURORA in life.history.state.rounds[1].revealed
    assert all(update.verdicts[AURORA].accept for update in life.history.state.updates.values())


def test_what_is_revealed_is_what_the_chain_holds_the_commitment_to(life: Consortium) -> None:
    """A reorganisation may leave verdicts on other updates of a round of that number behind."""
    life.handle(AURORA, judged(life), fx.CommitVerdicts(1))
    other = {"nonce": "0x" + "11" * 32, "verdicts": []}
    life.services[AURORA].journal.put(VERDICTS, "1/0x00", other)
    life.handle(AURORA, life.now(), fx.RevealVerdicts(1))
    assert AURORA in life.history.state.rounds[1].revealed


def test_verdicts_that_were_lost_are_not_made_up(life: Consortium) -> None:
    life.handle(AURORA, judged(life), fx.CommitVerdicts(1))
    life.services[AURORA].journal.drop(VERDICTS, verdicts_key(life.now().ledger, 1))
    with pytest.raises(ProtocolError, match="has no verdicts of round 1 that were committed to"):
        life.handle(AURORA, life.now(), fx.RevealVerdicts(1))
    assert AURORA not in life.history.state.rounds[1].revealed


def test_two_members_commit_differently_to_the_same_verdicts(life: Consortium) -> None:
    """A nonce hides what is committed to until it is revealed."""
    life.open_round()
    life.settle()
    commitments = life.history.state.rounds[1].commitments
    assert len(set(commitments.values())) == len(MEMBERS)
    nonces = {item["nonce"] for name in MEMBERS for item in life.services[name].results.of_round(VERDICTS, 1)}
    assert len(nonces) == len(MEMBERS)
