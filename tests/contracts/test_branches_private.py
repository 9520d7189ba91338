"""Contracts of the private chain: ways through their code that the stories of the other files do not take."""

from __future__ import annotations

import pytest
from contract_support import SALT, membership_change, party, refuses, sign_membership
from play import Rounds, mine_past, submission
from play_revocations import CERTIFIED, REPLACED, SHREDDED, VERIFIED, Revoking


@pytest.fixture(scope="module")
def rounds(private, parties):
    made = Rounds(private, parties)
    made.accept_agreement()
    made.updates = made.whole()
    return made


@pytest.fixture
def play(private, rounds, parties):
    return Revoking(private.revocations, parties)


def test_there_is_no_round_zero(private, parties):
    sender = parties[0].delegate
    refuses("RoundLedgerUnknownRound", private.rounds.submitUpdate, 0, submission(), SALT, sender=sender)
    refuses("RoundLedgerUnknownRound", private.rounds.passRound, 0, SALT, sender=sender)


def test_the_late_step_is_over_with_the_first_endorsement(private, rounds, parties, play):
    """A quorum has its figures and the third member never comes: nobody needs to settle before endorsing."""
    one, two, three = parties
    play.to(REPLACED, [rounds.updates[0]])
    play.verified(one)
    play.verified(two)
    mine_past(private.revocations.deadlineOf(play.id) + 1)
    play.endorse(one)
    assert play.stage() == VERIFIED and not private.revocations.overdue(play.id)
    play.verified(three)  # still taken
    assert play.stage() == VERIFIED
    play.endorse(two)
    assert play.stage() == CERTIFIED


def test_a_receipt_after_the_last_one_changes_nothing(private, pair, rounds, parties, play, stranger):
    play.to(CERTIFIED, [rounds.updates[0]])
    for one in parties:
        play.shredded(one)
    assert play.stage() == SHREDDED
    newcomer = party("dorado")
    change = membership_change(pair, [*[one.seat for one in parties], newcomer.seat], 3)
    signatures = sign_membership(change, [one.authority for one in parties])
    private.consortium.changeMembership(change, signatures, {"from": stranger})
    private.consortium.rotateDelegate(newcomer.organisation, newcomer.delegate, {"from": newcomer.authority})
    events = play.shredded(newcomer).events
    assert "ShredReceiptRecorded" in events and "RevocationShredded" not in events
    assert play.stage() == SHREDDED and private.revocations.deadlineOf(play.id) == 0
