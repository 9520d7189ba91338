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


def test_an_unreleased_update_is_neither_judged_nor_accepted() -> None:
    history = History()
    history.open_round()
    update = history.submit(AURORA)
    with pytest.raises(ProtocolError, match="the update was not released"):
        history.judge(BOREALIS, {update: 5})
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


def test_a_quorum_abandons_a_round() -> None:
    history = History()
    history.open_round()
    history.submit(AURORA)
    history.abandon(BOREALIS)
    assert history.state.rounds[1].status is RoundStatus.OPEN
    history.abandon(CUMULUS)
    history.fail("abandoned", by=CUMULUS)
    found = history.state.rounds[1]
    assert (found.status, found.failure, found.abandoners) == (RoundStatus.FAILED, "abandoned", {BOREALIS, CUMULUS})
    assert history.state.due == () and history.open_round() == 2


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


def test_discarded_prekeys_are_never_assigned() -> None:
    history = History(prekeys=2)
    history.round()
    history.tell("PrekeysDiscarded", AURORA, organisation=AURORA, first=1, count=1)
    assert [item.unused for item in history.state.prekeys[AURORA].values()] == [False, False]
    with pytest.raises(ProtocolError, match="has no unused prekey 1"):
        number = history.open_round()
        digest = history.state.prekeys[AURORA][1].digest
        history.tell("PrekeyAssigned", AURORA, round_id=number, organisation=AURORA, index=1, digest=digest)
    assert list(history.state.rounds[2].recipients) == [BOREALIS, CUMULUS]
    history.publish_prekeys(AURORA, 1)
    assert history.state.prekeys[AURORA][2].unused


def test_a_copy_of_anothers_prekey_belongs_to_who_published_it() -> None:
    """The contract knows prekeys for each organisation: a copy is the copier's own, and takes nobody's place."""
    history = History(prekeys=1)
    mine = history.state.prekeys[AURORA][0]
    copied = {"organisation": BOREALIS, "index": 1, "digest": mine.digest, "key": "0x" + mine.key.hex()}
    history.tell("PrekeyPublished", BOREALIS, **copied)
    history.open_round()
    assert history.state.rounds[1].recipients[AURORA].key == mine.key
    assert history.state.prekeys[BOREALIS][1].unused


def test_a_change_of_membership_moves_a_revocation_on() -> None:
    """The contract counts the present members when it is told to settle: no support, endorsement or receipt is near."""
    history = History(quorum=3)
    updates = history.round()
    request = history.request(AURORA, [updates[CUMULUS]], reason="poison")
    history.support(request, BOREALIS)
    history.change_members([AURORA, BOREALIS], 2)
    history.tell("RevocationApproved", BOREALIS, request_id=request, supporters=2)
    history.verify(request)
    history.change_members([AURORA, BOREALIS, CUMULUS], 3)
    certificate = history.endorse(request, [AURORA, BOREALIS])
    history.change_members([AURORA, BOREALIS], 2)
    history.tell("RevocationCertified", BOREALIS, request_id=request, certificate_digest=certificate)
    assert history.state.due[-1].subject == request
    history.change_members([AURORA, BOREALIS, CUMULUS], 2)
    history.shred(request, [AURORA, BOREALIS])
    assert not history.state.revocations[request].shredded
    history.change_members([AURORA, BOREALIS])
    history.tell("RevocationShredded", AURORA, request_id=request)
    assert history.state.revocations[request].shredded


def test_support_of_a_member_that_left_does_not_count() -> None:
    history = History()
    updates = history.round()
    request = history.request(AURORA, [updates[CUMULUS]], reason="poison")
    history.change_members([BOREALIS, CUMULUS])
    history.tell("RevocationSupported", BOREALIS, request_id=request, organisation=BOREALIS)
    with pytest.raises(ProtocolError, match="1 members support it"):
        history.tell("RevocationApproved", BOREALIS, same_transaction=True, request_id=request, supporters=2)


def test_positions_order_as_the_chain_does() -> None:
    assert Position(2, 0) > Position(1, 9)
    assert Position(1, 1) > Position(1, 0)
