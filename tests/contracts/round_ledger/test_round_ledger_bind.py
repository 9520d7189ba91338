"""The deployer names the revocation ledger, once."""

from __future__ import annotations

from contract_support import NOBODY, refuses


def test_it_names_the_ledger(private):
    assert private.rounds.revocations() == private.revocations


def test_a_binding_is_for_ever(private, deployer, stranger):
    refuses("RoundLedgerAlreadyBound", private.rounds.bind, stranger, sender=deployer)


def test_only_the_deployer_binds(stray, stranger):
    refuses("RoundLedgerNotDeployer", stray.bind, stranger, sender=stranger)


def test_it_is_not_missing(stray, deployer):
    refuses("RoundLedgerZeroAddress", stray.bind, NOBODY, sender=deployer)
