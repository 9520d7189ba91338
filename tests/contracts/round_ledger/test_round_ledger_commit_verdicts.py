"""A member commits to its verdicts before it sees those of others."""

from __future__ import annotations

from contract_support import SALT, ZERO, refuses
from play import NONCE, commitment, mine_past


def test_a_commitment_hides_the_verdicts(rounds, parties, released):
    one = parties[0]
    event = rounds.commit(one, []).events["VerdictsCommitted"]
    assert event["commitment"] == commitment(1, one.organisation, [])


def test_once(rounds, ledger, parties, released):
    rounds.commit(parties[0], [])
    refuses("RoundLedgerAlreadyActed", ledger.commitVerdicts, 1, NONCE, SALT, sender=parties[0].delegate)


def test_to_something(ledger, parties, released):
    refuses("RoundLedgerEmptyCommitment", ledger.commitVerdicts, 1, ZERO, SALT, sender=parties[0].delegate)


def test_only_delegates_commit(ledger, parties, released, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.commitVerdicts, 1, NONCE, SALT, sender=sender)


def test_only_in_a_round(ledger, parties, released):
    refuses("RoundLedgerUnknownRound", ledger.commitVerdicts, 2, NONCE, SALT, sender=parties[0].delegate)


def test_only_who_was_a_member_at_the_opening(ledger, released, latecomer):
    refuses("RoundLedgerNotInRound", ledger.commitVerdicts, 1, NONCE, SALT, sender=latecomer())


def test_not_before_the_releases(rounds, ledger, parties):
    rounds.open()
    refuses("RoundLedgerTooEarly", ledger.commitVerdicts, 1, NONCE, SALT, sender=parties[0].delegate)


def test_not_after_the_deadline(rounds, ledger, parties, released):
    rounds.commit(parties[0], [])
    mine_past(ledger.deadlineOf(1) + 1)
    refuses("RoundLedgerTooLate", ledger.commitVerdicts, 1, NONCE, SALT, sender=parties[1].delegate)


def test_not_when_the_round_is_over(rounds, ledger, parties, released):
    rounds.fail()
    refuses("RoundLedgerNotOpen", ledger.commitVerdicts, 1, NONCE, SALT, sender=parties[0].delegate)
