"""A member records the manifest without what is revoked."""

from __future__ import annotations

from contract_support import SALT, ZERO, digest, refuses
from play import mine_past
from play_revocations import AFFECTED, APPROVED, REPLACED, UNKNOWN

MANIFEST = digest("m")


def test_another_member_corrects_the_record(own, ledger, parties, play):
    play.to(REPLACED, own)
    play.replaced(parties[1], "corrected manifest")
    assert ledger.revocation(play.id)[7] == digest("corrected manifest") and play.stage() == REPLACED


def test_once_a_member(own, ledger, parties, play):
    play.to(REPLACED, own)
    terms = play.id, MANIFEST, SALT
    refuses("RevocationLedgerAlreadyDone", ledger.recordReplacement, *terms, sender=parties[0].delegate)


def test_there_is_a_manifest(own, ledger, parties, play):
    play.to(AFFECTED, own)
    terms = play.id, ZERO, SALT
    refuses("RevocationLedgerEmptyDigest", ledger.recordReplacement, *terms, sender=parties[1].delegate)


def test_not_before_the_descendants_are_known(own, ledger, parties, play):
    play.to(APPROVED, own)
    terms = play.id, MANIFEST, SALT
    refuses("RevocationLedgerUnexpectedStage", ledger.recordReplacement, *terms, sender=parties[0].delegate)


def test_not_after_the_verification(own, ledger, parties, play):
    """Which is over with a quorum of figures, once the deadline has passed."""
    play.to(REPLACED, own)
    play.verified(parties[0])
    play.verified(parties[1])
    mine_past(ledger.deadlineOf(play.id) + 1)
    terms = play.id, digest("too late"), SALT
    refuses("RevocationLedgerUnexpectedStage", ledger.recordReplacement, *terms, sender=parties[2].delegate)


def test_between_rounds(rounds, own, ledger, parties, play):
    play.to(REPLACED, own)
    rounds.open()
    terms = play.id, MANIFEST, SALT
    refuses("RevocationLedgerRoundOpen", ledger.recordReplacement, *terms, sender=parties[1].delegate)


def test_only_of_a_request(ledger, parties):
    terms = UNKNOWN, MANIFEST, SALT
    refuses("RevocationLedgerUnknownRequest", ledger.recordReplacement, *terms, sender=parties[0].delegate)


def test_only_delegates_do(own, ledger, parties, play, stranger):
    play.to(AFFECTED, own)
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.recordReplacement, play.id, MANIFEST, SALT, sender=sender)
