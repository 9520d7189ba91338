"""The revocation ledger fails a round whose phases are not over; tests of when it does are those of that ledger."""

from __future__ import annotations

from contract_support import SALT, ZERO, refuses


def test_nobody_else_does(rounds, ledger, parties, deployer):
    rounds.open()
    for sender in (parties[0].delegate, parties[0].authority, deployer):
        refuses("RoundLedgerNotRevocationLedger", ledger.interrupt, 1, ZERO, SALT, sender=sender)


def test_only_a_round(private, rounds, ledger):
    rounds.open()
    refuses("RoundLedgerUnknownRound", ledger.interrupt, 2, ZERO, SALT, sender=private.revocations.address)


def test_only_an_open_one(private, rounds, ledger):
    rounds.open()
    rounds.fail()
    refuses("RoundLedgerNotOpen", ledger.interrupt, 1, ZERO, SALT, sender=private.revocations.address)
