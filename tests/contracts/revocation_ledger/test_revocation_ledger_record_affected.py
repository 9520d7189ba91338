"""A member records the descendants of what is revoked."""

from __future__ import annotations

from contract_support import SALT, refuses
from play_revocations import AFFECTED, REPLACED, UNKNOWN, VERIFIED, WHY


def test_another_member_corrects_the_record(own, updates, parties, play):
    play.to(REPLACED, own)
    play.affected(parties[1], [updates[1]])
    assert play.stage() == REPLACED


def test_once_a_member(own, ledger, parties, play):
    play.to(AFFECTED, own)
    refuses("RevocationLedgerAlreadyDone", ledger.recordAffected, play.id, [], SALT, sender=parties[0].delegate)


def test_not_before_the_approval(updates, ledger, parties, play):
    play.request(parties[0], [updates[1]], reason=WHY)
    refuses("RevocationLedgerUnexpectedStage", ledger.recordAffected, play.id, [], SALT, sender=parties[0].delegate)


def test_not_after_the_verification(own, ledger, parties, play):
    play.to(VERIFIED, own)
    refuses("RevocationLedgerUnexpectedStage", ledger.recordAffected, play.id, [], SALT, sender=parties[1].delegate)


def test_between_rounds(rounds, own, ledger, parties, play):
    rounds.open()
    play.request(parties[0], own)
    refuses("RevocationLedgerRoundOpen", ledger.recordAffected, play.id, [], SALT, sender=parties[0].delegate)


def test_only_of_a_request(ledger, parties):
    refuses("RevocationLedgerUnknownRequest", ledger.recordAffected, UNKNOWN, [], SALT, sender=parties[0].delegate)


def test_only_delegates_do(own, ledger, parties, play, stranger):
    play.request(parties[0], own)
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.recordAffected, play.id, [], SALT, sender=sender)
