"""Membership changes in the middle of a revocation, and nobody is left to send the step that would notice."""

from __future__ import annotations

import pytest
from contract_support import SALT, ZERO, refuses
from play_revocations import CERTIFICATE, CERTIFIED, REPLACED, REPLAY, SHREDDED, UNKNOWN, VERIFIED, WHY


@pytest.fixture
def unanimous(members):
    """All three have to agree, until the quorum is two again."""
    members(3, quorum=3)
    return lambda: members(3, quorum=2, epoch=3)


def test_the_last_receipt_was_that_of_a_member_that_left(own, parties, play, members):
    play.to(CERTIFIED, own)
    for one in parties[:2]:
        play.shredded(one)
    members(2, quorum=2)
    assert tuple(play.settle(parties[1]).events["RevocationShredded"].values()) == (play.id, SALT)
    assert play.stage() == SHREDDED


def test_the_last_figure_too(own, parties, play, members):
    play.to(REPLACED, own)
    for one in parties[:2]:
        play.verified(one)
    members(2, quorum=2)
    play.settle(parties[0])
    assert play.stage() == VERIFIED


def test_a_lower_quorum_approves(updates, parties, play, unanimous):
    play.request(parties[0], [updates[1]], reason=WHY)
    play.support(parties[2])
    unanimous()
    assert "RevocationApproved" in play.settle(parties[0]).events


def test_a_lower_quorum_certifies(own, parties, play, unanimous):
    play.to(VERIFIED, own)
    play.endorse(parties[0])
    play.endorse(parties[1])
    unanimous()
    assert "CheckpointDue" in play.settle(parties[0], CERTIFICATE).events
    assert play.stage() == CERTIFIED


def test_it_must_change_something(own, ledger, parties, play):
    play.to(CERTIFIED, own)
    for one in parties[:2]:
        play.shredded(one)
    refuses("RevocationLedgerNothingToSettle", ledger.settle, play.id, ZERO, SALT, sender=parties[0].delegate)


def test_endorsements_are_counted_of_a_certificate(own, ledger, parties, play, unanimous):
    play.to(VERIFIED, own)
    play.endorse(parties[0])
    play.endorse(parties[1])
    unanimous()
    refuses("RevocationLedgerNothingToSettle", ledger.settle, play.id, ZERO, SALT, sender=parties[0].delegate)


def test_a_request_that_waits_is_not_approved_by_it(own, ledger, parties, play, other):
    other.request(parties[1], own, reason=WHY)
    play.request(parties[0], own)
    refuses("RevocationLedgerNothingToSettle", ledger.settle, other.id, ZERO, SALT, sender=parties[2].delegate)


def test_an_update_is_in_one_approved_request(own, ledger, parties, play, other, unanimous):
    other.request(parties[1], own, reason=WHY)
    other.support(parties[2])
    play.request(parties[0], own)
    unanimous()
    refuses("RevocationLedgerAlreadyRequested", ledger.settle, other.id, ZERO, SALT, sender=parties[0].delegate)


def test_only_of_a_request(ledger, parties):
    refuses("RevocationLedgerUnknownRequest", ledger.settle, UNKNOWN, ZERO, SALT, sender=parties[0].delegate)


def test_only_delegates_do(own, ledger, parties, play, stranger):
    play.request(parties[0], own)
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.settle, play.id, CERTIFICATE, SALT, sender=sender)


def test_a_ledger_that_the_rounds_do_not_know_interrupts_none(updates, rounds, parties, stray, unanimous):
    rounds.open()
    stray.request(parties[0], [updates[1]], reason=WHY, mode=REPLAY)
    stray.support(parties[2])
    unanimous()
    terms = stray.id, ZERO, SALT
    refuses("RoundLedgerNotRevocationLedger", stray.ledger.settle, *terms, sender=parties[0].delegate)


def test_a_ledger_that_the_schedule_does_not_know_certifies_nothing(own, parties, stray, unanimous):
    stray.to(VERIFIED, own)
    for one in parties[:2]:
        stray.endorse(one)
    unanimous()
    terms = stray.id, CERTIFICATE, SALT
    refuses("CheckpointScheduleNotBoundContract", stray.ledger.settle, *terms, sender=parties[0].delegate)
