"""The fold: what a whole life amounts to, and that each contradiction is refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.ledger.actors import (
    AURORA,
    BOREALIS,
    CONSORTIUM_ID,
    CUMULUS,
    MEMBERS,
    authority,
    delegate,
    word_of,
)
from unit.ledger.history import History, life

from orchestrator.commitment.consortium import digest_of_members
from orchestrator.errors import ProtocolError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.contributions import accepted_updates, active_updates, live_contributions
from orchestrator.ledger.entities import Mode, RoundStatus
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.ledger.records import Position
from orchestrator.ledger.state import EMPTY, apply, replay

LIFE = life()


def test_members_of_a_life() -> None:
    members = LIFE.state.members
    assert list(members.seats) == list(MEMBERS)
    assert (members.epoch, members.quorum, members.paused) == (1, 2, False)
    assert members.organisation_of(delegate(BOREALIS)) == BOREALIS
    assert members.organisation_of(authority(BOREALIS)) is None
    assert digest_of_members(CONSORTIUM_ID, members) == members.consortium_digest


def test_rounds_of_a_life() -> None:
    state = LIFE.state
    first, second = state.rounds[1], state.rounds[2]
    assert (first.status, second.status, state.open_round) == (RoundStatus.CLOSED, RoundStatus.CLOSED, None)
    assert first.opened_block < (first.closed_block or 0) < second.opened_block
    assert {name: prekey.index for name, prekey in second.recipients.items()} == dict.fromkeys(MEMBERS, 1)
    assert first.revealed == frozenset(MEMBERS)
    assert len(accepted_updates(state, 1)) == len(active_updates(state, 2)) == 3


def test_revocation_of_a_life() -> None:
    (revocation,) = LIFE.state.revocations.values()
    assert revocation.mode is Mode.DROP
    assert revocation.effective == revocation.approved
    assert revocation.void_round is None
    assert revocation.shredded
    assert set(revocation.receipts) == set(MEMBERS)
    assert {LIFE.state.updates[item].organisation for item in live_contributions(LIFE.state, LIFE.tasks)} == {
        AURORA,
        BOREALIS,
    }


def test_replay_gives_the_same_state_from_anywhere() -> None:
    half = replay(LIFE.records[:40])
    assert replay(LIFE.records) == LIFE.state
    assert replay(LIFE.records[40:], half) == LIFE.state
    assert LIFE.state.count == len(LIFE.records)
    assert LIFE.state.position == LIFE.records[-1].position


def test_apply_changes_nothing_in_place() -> None:
    state = EMPTY
    for record in LIFE.records:
        before = replace(state)
        after = apply(state, record)
        assert state == before
        state = after


def test_an_update_is_replaced_by_the_next() -> None:
    history = History()
    history.open_round()
    first = history.submit(AURORA)
    second = history.submit(AURORA)
    assert history.state.updates[first].replaced_by == second
    assert history.state.updates[second].replaced_by is None
    history.release(second)
    with pytest.raises(ProtocolError, match="the update was replaced"):
        history.release(first)


def test_acceptance_counts_the_owner_once_and_needs_the_quorum_at_the_opening() -> None:
    history = History()
    history.open_round()
    mine, other = history.submit(AURORA), history.submit(BOREALIS)
    history.release(mine)
    history.release(other)
    history.judge(AURORA, {mine: 9, other: 9}, rejects=[other])
    history.judge(BOREALIS, {mine: 9, other: 9}, rejects=[mine])
    assert history.state.updates[mine].acceptances == 1
    history.judge(CUMULUS, {mine: 9, other: 9}, rejects=[other])
    history.close()
    assert history.state.updates[mine].acceptances == 2
    assert active_updates(history.state, 1) == (mine,)


def test_an_unreleased_update_is_not_accepted() -> None:
    history = History()
    history.open_round()
    update = history.submit(AURORA)
    for judge in (BOREALIS, CUMULUS):
        history.judge(judge, {update: 5})
    assert accepted_updates(history.state, 1) == ()


def test_a_failed_round_contributes_nothing() -> None:
    history = History()
    history.open_round()
    update = history.submit(AURORA)
    history.release(update)
    history.fail()
    assert history.state.rounds[1].failure == "too_few_updates"
    assert history.state.rounds[1].closed_block is None
    assert live_contributions(history.state, history.tasks) == ()
    assert history.state.due == ()
    assert history.open_round() == 2


def test_due_checkpoints_follow_from_the_records() -> None:
    assert [(item.sequence, item.reason.value) for item in LIFE.state.due] == [
        (1, "round_closed"),
        (2, "round_closed"),
        (3, "revocation_certified"),
    ]
    assert int(LIFE.state.due[1].subject, 16) == 2
    assert LIFE.state.due[2].subject in LIFE.state.revocations


def test_governance() -> None:
    history = History()
    members = history.state.members
    history.tell("QuorumChanged", AURORA, previous=2, current=3)
    history.tell("MemberRemoved", AURORA, organisation=CUMULUS, authority=authority(CUMULUS))
    history.tell("MemberAdded", AURORA, organisation="dorado", authority=authority("dorado"))
    current = authority("elsewhere")
    history.tell("AuthorityReplaced", AURORA, organisation=BOREALIS, previous=authority(BOREALIS), current=current)
    history.tell("DelegateRotated", AURORA, organisation=BOREALIS, previous=delegate(BOREALIS), current=NO_ADDRESS)
    fields = {"consortium_digest": word_of("digest"), "quorum": 3, "members": "3"}
    history.tell("EpochAdvanced", AURORA, epoch=2, **fields)
    history.tell("Paused", AURORA, nonce=0)
    after = history.state.members
    assert list(after.seats) == [AURORA, BOREALIS, "dorado"]
    assert after.seats[BOREALIS].authority == current
    assert after.seats[BOREALIS].delegate == NO_ADDRESS
    assert (after.epoch, after.quorum, after.paused) == (2, 3, True)
    assert members.epoch == 1
    history.tell("Resumed", AURORA, nonce=1)
    assert not history.state.members.paused


def test_keys_and_prekeys() -> None:
    history = History(prekeys=1)
    key = b"long-term"
    digest = sha256(key)
    history.tell("KeyPublished", AURORA, organisation=AURORA, digest=digest, key="0x" + key.hex())
    assert history.state.keys == {AURORA: key}
    history.tell("KeyRevoked", AURORA, organisation=AURORA, digest=digest)
    assert history.state.keys == {}
    history.round()
    history.open_round()
    assert history.state.rounds[2].recipients == {}
    assert history.state.prekeys[AURORA][0].round == 1


def test_positions_order_as_the_chain_does() -> None:
    assert Position(2, 0) > Position(1, 9)
    assert Position(1, 1) > Position(1, 0)
