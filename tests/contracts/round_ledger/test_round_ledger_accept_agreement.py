"""Authorities accept the agreement that rounds run under."""

from __future__ import annotations

from contract_support import SALT, digest, refuses

OTHER = digest("other agreement")


def test_an_authority_accepts_for_its_organisation(ledger, parties):
    one = parties[0]
    tx = ledger.acceptAgreement(OTHER, SALT, {"from": one.authority})
    assert tuple(tx.events["AgreementAccepted"].values()) == (OTHER, one.organisation, SALT)
    assert ledger.agreementAccepted(OTHER, one.organisation)
    assert not ledger.agreementAccepted(OTHER, parties[1].organisation)


def test_once(ledger, parties):
    ledger.acceptAgreement(OTHER, SALT, {"from": parties[0].authority})
    refuses("RoundLedgerAgreementAlreadyAccepted", ledger.acceptAgreement, OTHER, SALT, sender=parties[0].authority)


def test_a_hot_key_accepts_nothing(ledger, parties, stranger):
    for sender in (parties[0].delegate, stranger):
        refuses("ConsortiumNotAnAuthority", ledger.acceptAgreement, OTHER, SALT, sender=sender)
