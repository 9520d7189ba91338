"""Each member records a figure before and after."""

from __future__ import annotations

from contract_support import SALT, refuses
from play import mine_past
from play_revocations import AFFECTED, CERTIFIED, FIGURES, REPLACED, UNKNOWN, VERIFIED


def test_once_a_member(own, ledger, parties, play):
    play.to(REPLACED, own)
    play.verified(parties[0])
    terms = play.id, FIGURES, SALT
    refuses("RevocationLedgerAlreadyDone", ledger.recordVerification, *terms, sender=parties[0].delegate)


def test_after_the_deadline_a_quorum_of_figures_is_enough(private, own, ledger, parties, play):
    one, two, three = parties
    play.to(REPLACED, own)
    play.verified(one)
    mine_past(ledger.deadlineOf(play.id) + 1)
    assert play.stage() == REPLACED and ledger.overdue(play.id)
    play.verified(two)
    assert play.stage() == VERIFIED
    play.verified(three)  # a late figure is recorded all the same
    play.endorse(one)
    play.endorse(two)
    assert play.stage() == CERTIFIED and private.schedule.latestSequence() == 2


def test_not_before_the_new_manifest(own, ledger, parties, play):
    play.to(AFFECTED, own)
    terms = play.id, FIGURES, SALT
    refuses("RevocationLedgerUnexpectedStage", ledger.recordVerification, *terms, sender=parties[0].delegate)


def test_only_of_a_request(ledger, parties):
    terms = UNKNOWN, FIGURES, SALT
    refuses("RevocationLedgerUnknownRequest", ledger.recordVerification, *terms, sender=parties[0].delegate)


def test_only_delegates_do(own, ledger, parties, play, stranger):
    play.to(REPLACED, own)
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.recordVerification, play.id, FIGURES, SALT, sender=sender)
