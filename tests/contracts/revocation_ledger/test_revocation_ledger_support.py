"""Members support a request for cause until its deadline; a quorum approves it."""

from __future__ import annotations

import pytest
from contract_support import SALT, ZERO, refuses
from play import mine_past
from play_revocations import APPROVED, REPLAY, UNKNOWN, WHY


@pytest.fixture
def waiting(updates, parties, play):
    """The first member asks for the second one's update."""
    play.request(parties[0], [updates[1]], reason=WHY)
    return play


def test_a_quorum_approves(waiting, parties):
    three = parties[2]
    events = waiting.support(three).events
    assert tuple(events["RevocationSupported"].values()) == (waiting.id, three.organisation, SALT)
    assert events["RevocationApproved"]["supporters"] == 2


def test_once_a_member(waiting, ledger, parties):
    refuses("RevocationLedgerAlreadyDone", ledger.support, waiting.id, SALT, sender=parties[0].delegate)


def test_not_what_is_approved(waiting, ledger, parties):
    waiting.support(parties[2])
    refuses("RevocationLedgerUnexpectedStage", ledger.support, waiting.id, SALT, sender=parties[1].delegate)


def test_one_that_waits_holds_nothing(own, ledger, parties, play, other):
    one, two, three = parties
    other.request(two, own, reason=WHY)
    first = other.id
    assert ledger.requestOf(own[0]) == ZERO
    other.request(three, own, reason=WHY)
    play.request(one, own)
    assert play.stage() == APPROVED and ledger.requestOf(own[0]) == play.id
    refuses("RevocationLedgerAlreadyRequested", ledger.support, first, SALT, sender=three.delegate)


def test_it_ends_at_the_deadline_and_the_update_is_free_again(waiting, updates, ledger, parties, other):
    _, two, three = parties
    mine_past(ledger.deadlineOf(waiting.id) + 1)
    assert ledger.overdue(waiting.id)
    refuses("RevocationLedgerTooLate", ledger.support, waiting.id, SALT, sender=two.delegate)
    other.request(three, [updates[1]], reason=WHY)
    other.support(two)
    assert other.stage() == APPROVED


def test_only_of_a_request(ledger, parties):
    refuses("RevocationLedgerUnknownRequest", ledger.support, UNKNOWN, SALT, sender=parties[0].delegate)


def test_only_delegates_support(waiting, ledger, parties, stranger):
    for sender in (stranger, parties[1].authority):
        refuses("ConsortiumNotADelegate", ledger.support, waiting.id, SALT, sender=sender)


def test_a_ledger_that_the_rounds_do_not_know_interrupts_none(updates, rounds, parties, stray):
    rounds.open()
    stray.request(parties[0], [updates[1]], reason=WHY, mode=REPLAY)
    terms = stray.id, SALT
    refuses("RoundLedgerNotRevocationLedger", stray.ledger.support, *terms, sender=parties[2].delegate)
