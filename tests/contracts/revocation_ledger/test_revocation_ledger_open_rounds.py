"""What a revocation does to a round that is open, and who may fail it."""

from __future__ import annotations

import pytest
from contract_support import SALT, name, refuses
from play import AWAITING, SUBMITTING, mine_past
from play_revocations import APPROVED, REPLAY, WHY


@pytest.fixture
def open_round(rounds):
    """Round 2 takes submissions."""
    rounds.open()
    return rounds


def failed(tx):
    return "RoundFailed" in tx.events


def test_a_drop_waits_for_the_end_of_the_round(open_round, own, ledger, parties, play):
    play.request(parties[0], own)
    assert open_round.phase() == SUBMITTING
    mine_past(open_round.ledger.deadlineOf(2) + 1)
    open_round.close()
    play.affected(parties[0])
    assert ledger.awaitingReplacement() == 1
    play.replaced(parties[0])
    assert ledger.awaitingReplacement() == 0
    open_round.open()


def test_a_replay_fails_the_open_round(open_round, own, parties, play):
    events = play.request(parties[0], own, mode=REPLAY).events
    assert tuple(events["RoundFailed"].values()) == (2, name("revocation"), SALT)
    assert open_round.ledger.openRoundId() == 0


def test_one_member_alone_fails_one_round_between_two_closed_ones(rounds, own, parties, play, other):
    """Its right to be trained out of the model is not a right to stop the others."""
    one, two, _ = parties
    more = rounds.whole()
    rounds.open()
    assert failed(play.request(one, own, mode=REPLAY))
    play.affected(one)
    play.replaced(one)
    rounds.open()
    assert not failed(other.request(one, more[:1], mode=REPLAY))
    assert other.stage() == APPROVED and rounds.phase() == SUBMITTING
    assert failed(other.request(two, more[1:2], mode=REPLAY))


def test_a_replay_of_what_never_counted_fails_nothing(open_round, parties, play):
    update = open_round.submit(parties[0])
    assert not failed(play.request(parties[0], [update], mode=REPLAY))
    assert open_round.phase() == SUBMITTING


def test_verdicts_that_are_over_stand(open_round, own, parties, play):
    mine_past(open_round.ledger.deadlineOf(2) + 1)
    assert open_round.phase() == AWAITING
    assert not failed(play.request(parties[0], own, mode=REPLAY))
    assert open_round.phase() == AWAITING


def test_a_replay_for_cause_needs_a_quorum_and_fails_the_round(open_round, updates, parties, play):
    assert not failed(play.request(parties[0], [updates[1]], reason=WHY, mode=REPLAY))
    assert failed(play.support(parties[2]))


def test_an_urgent_quorum_fails_it_and_one_alone_does_not(open_round, own, parties, play):
    assert not failed(play.request(parties[0], own, urgent=True))
    assert failed(play.support(parties[1]))


def test_an_urgent_quorum_fails_no_later_round(open_round, own, ledger, parties, play):
    play.request(parties[0], own, urgent=True)
    play.support(parties[1])
    assert not failed(play.support(parties[2]))
    play.affected(parties[0])
    play.replaced(parties[0])
    open_round.open()
    refuses("RevocationLedgerUnexpectedStage", ledger.support, play.id, SALT, sender=parties[2].delegate)
    assert open_round.phase() == SUBMITTING


def test_an_urgent_request_for_cause(open_round, updates, parties, play):
    play.request(parties[0], [updates[1]], reason=WHY, urgent=True)
    tx = play.support(parties[2])
    assert "RevocationApproved" in tx.events and failed(tx)
