"""Each member records that it has destroyed keys and salts."""

from __future__ import annotations

import pytest
from contract_support import SALT, ZERO, digest, refuses
from play_revocations import CERTIFICATE, CERTIFIED, UNKNOWN, VERIFIED

RECEIPT = digest("receipt")


@pytest.fixture
def certified(own, play):
    play.to(CERTIFIED, own)
    return play


def terms(identifier, certificate=CERTIFICATE, receipt=RECEIPT):
    return identifier, certificate, receipt, "Qm", SALT


def test_each_member_shreds_once(certified, ledger, parties):
    one = parties[0]
    certified.shredded(one)
    refuses("RevocationLedgerAlreadyDone", ledger.recordShredding, *terms(certified.id), sender=one.delegate)


def test_by_the_certified_certificate(certified, ledger, parties):
    other = terms(certified.id, certificate=digest("other"))
    refuses("RevocationLedgerWrongCertificate", ledger.recordShredding, *other, sender=parties[2].delegate)


def test_there_is_a_receipt(certified, ledger, parties):
    empty = terms(certified.id, receipt=ZERO)
    refuses("RevocationLedgerEmptyDigest", ledger.recordShredding, *empty, sender=parties[2].delegate)


def test_not_before_the_certificate(own, ledger, parties, play):
    play.to(VERIFIED, own)
    refuses("RevocationLedgerUnexpectedStage", ledger.recordShredding, *terms(play.id), sender=parties[0].delegate)


def test_only_of_a_request(ledger, parties):
    refuses("RevocationLedgerUnknownRequest", ledger.recordShredding, *terms(UNKNOWN), sender=parties[0].delegate)


def test_only_delegates_do(certified, ledger, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.recordShredding, *terms(certified.id), sender=sender)
