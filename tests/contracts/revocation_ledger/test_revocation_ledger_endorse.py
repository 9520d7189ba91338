"""A quorum endorses one certificate."""

from __future__ import annotations

import pytest
from contract_support import SALT, ZERO, digest, refuses
from play_revocations import CERTIFICATE, CERTIFIED, REPLACED, UNKNOWN, VERIFIED
from reverting import MALFORMED


@pytest.fixture
def verified(own, play):
    play.to(VERIFIED, own)
    return play


def test_a_quorum_means_equal_digests_and_minds_may_change(verified, parties):
    one, two, _ = parties
    verified.endorse(one, digest("draft"))
    verified.endorse(two)
    assert verified.stage() == VERIFIED
    verified.endorse(one)
    assert verified.stage() == CERTIFIED


def test_once_a_member_and_certificate(verified, ledger, parties):
    two = parties[1]
    verified.endorse(two)
    refuses("RevocationLedgerAlreadyDone", ledger.endorse, *verified.endorsement(two), sender=two.delegate)


def test_the_signature_is_the_senders(verified, ledger, parties):
    one, two, _ = parties
    for wrong in (verified.signature(two.delegate), verified.signature(one.delegate, digest("other"))):
        terms = verified.id, CERTIFICATE, "Qm", wrong, SALT
        refuses("RevocationLedgerWrongSigner", ledger.endorse, *terms, sender=one.delegate)


@pytest.mark.parametrize("error", ["ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"])
def test_the_signature_is_made_by_a_key(verified, ledger, parties, error):
    terms = verified.id, CERTIFICATE, "Qm", MALFORMED[error], SALT
    refuses(error, ledger.endorse, *terms, sender=parties[0].delegate)


def test_there_is_a_certificate(verified, ledger, parties):
    one = parties[0]
    refuses("RevocationLedgerEmptyDigest", ledger.endorse, *verified.endorsement(one, ZERO), sender=one.delegate)


def test_only_the_certified_one_is_endorsed_afterwards(own, ledger, parties, play):
    play.to(CERTIFIED, own)
    last = parties[2]
    terms = play.endorsement(last, digest("other"))
    refuses("RevocationLedgerWrongCertificate", ledger.endorse, *terms, sender=last.delegate)


def test_not_before_the_verification(own, ledger, parties, play):
    play.to(REPLACED, own)
    one = parties[0]
    refuses("RevocationLedgerUnexpectedStage", ledger.endorse, *play.endorsement(one), sender=one.delegate)


def test_only_of_a_request(ledger, parties):
    terms = UNKNOWN, CERTIFICATE, "Qm", "0x", SALT
    refuses("RevocationLedgerUnknownRequest", ledger.endorse, *terms, sender=parties[0].delegate)


def test_only_delegates_do(verified, ledger, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.endorse, *verified.endorsement(parties[0]), sender=sender)


def test_a_ledger_that_the_schedule_does_not_know_certifies_nothing(own, parties, stray):
    stray.to(VERIFIED, own)
    stray.endorse(parties[0])
    terms, two = stray.endorsement(parties[1]), parties[1]
    refuses("CheckpointScheduleNotBoundContract", stray.ledger.endorse, *terms, sender=two.delegate)
