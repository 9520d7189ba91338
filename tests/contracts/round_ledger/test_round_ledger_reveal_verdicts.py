"""A member shows the verdicts that it committed to."""

from __future__ import annotations

import pytest
from contract_support import MILLION, SALT, digest, name, refuses
from play import NONCE, commitment, mine_past, verdict


@pytest.fixture
def verdicts(released):
    return [verdict(released[1])]


@pytest.fixture
def committed(rounds, parties, verdicts):
    """All members committed to the same verdicts."""
    for one in parties:
        rounds.commit(one, verdicts)


@pytest.fixture
def reveal(ledger):
    """The arguments of a reveal in round 1."""
    return lambda shown: (1, shown, NONCE, SALT)


def test_each_verdict_is_told(rounds, ledger, parties, committed, verdicts):
    event = rounds.reveal(parties[0], verdicts).events["VerdictRevealed"]
    assert tuple(event.values())[1:5] == (verdicts[0][0], parties[0].organisation, True, MILLION)
    assert ledger.update(verdicts[0][0])[4] == 2 and ledger.participation(1, parties[0].organisation)[4]


def test_once(rounds, ledger, parties, committed, verdicts, reveal):
    rounds.reveal(parties[0], verdicts)
    refuses("RoundLedgerAlreadyActed", ledger.revealVerdicts, *reveal(verdicts), sender=parties[0].delegate)


def test_only_what_was_committed_to(ledger, parties, committed, released, reveal):
    other = [verdict(released[1], score=6)]
    refuses("RoundLedgerWrongReveal", ledger.revealVerdicts, *reveal(other), sender=parties[0].delegate)


def test_a_copied_commitment_is_of_no_use(rounds, ledger, parties, verdicts, reveal):
    one, two, _ = parties
    rounds.commit(one, verdicts)
    ledger.commitVerdicts(1, commitment(1, one.organisation, verdicts), SALT, {"from": two.delegate})
    mine_past(ledger.deadlineOf(1) + 1)
    refuses("RoundLedgerWrongReveal", ledger.revealVerdicts, *reveal(verdicts), sender=two.delegate)


def test_only_after_a_commitment(rounds, ledger, parties, verdicts, reveal):
    rounds.commit(parties[0], verdicts)
    mine_past(ledger.deadlineOf(1) + 1)
    refuses("RoundLedgerNotCommitted", ledger.revealVerdicts, *reveal(verdicts), sender=parties[2].delegate)


def test_at_least_one(rounds, ledger, parties, released, reveal):
    rounds.commit(parties[0], [])
    mine_past(ledger.deadlineOf(1) + 1)
    refuses("RoundLedgerNoVerdicts", ledger.revealVerdicts, *reveal([]), sender=parties[0].delegate)


@pytest.mark.parametrize(
    ("error", "build"),
    [
        ("RoundLedgerUnknownUpdate", lambda u: [verdict(digest("none"))]),
        ("RoundLedgerJudgedTwice", lambda u: [verdict(u[1]), verdict(u[1])]),
        ("RoundLedgerInvalidVerdict", lambda u: [verdict(u[1], cap=MILLION + 1)]),
        ("RoundLedgerInvalidVerdict", lambda u: [verdict(u[1], reason=name("why"))]),
    ],
)
def test_verdicts_must_make_sense(rounds, ledger, parties, released, reveal, error, build):
    judged = build(released)
    for one in parties:
        rounds.commit(one, judged)
    refuses(error, ledger.revealVerdicts, *reveal(judged), sender=parties[0].delegate)


def test_only_delegates_reveal(ledger, parties, committed, verdicts, reveal, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.revealVerdicts, *reveal(verdicts), sender=sender)


def test_only_in_a_round(ledger, parties, committed, verdicts):
    terms = 2, verdicts, NONCE, SALT
    refuses("RoundLedgerUnknownRound", ledger.revealVerdicts, *terms, sender=parties[0].delegate)


def test_only_who_was_a_member_at_the_opening(ledger, committed, verdicts, reveal, latecomer):
    refuses("RoundLedgerNotInRound", ledger.revealVerdicts, *reveal(verdicts), sender=latecomer())


def test_not_before_the_commitments(rounds, ledger, parties, verdicts, reveal):
    rounds.commit(parties[0], verdicts)
    refuses("RoundLedgerTooEarly", ledger.revealVerdicts, *reveal(verdicts), sender=parties[0].delegate)


def test_not_after_the_deadline(ledger, parties, committed, verdicts, reveal):
    mine_past(ledger.deadlineOf(1) + 1)
    refuses("RoundLedgerTooLate", ledger.revealVerdicts, *reveal(verdicts), sender=parties[0].delegate)


def test_not_when_the_round_is_over(rounds, ledger, parties, committed, verdicts, reveal):
    rounds.fail()
    refuses("RoundLedgerNotOpen", ledger.revealVerdicts, *reveal(verdicts), sender=parties[0].delegate)


def test_verdicts_are_about_released_updates_of_the_round(rounds, ledger, parties):
    before = rounds.whole()
    rounds.open()
    updates = rounds.submit_all()
    for one, update in zip(parties[:2], updates[:2], strict=True):
        rounds.release(one, update)
    mine_past(ledger.deadlineOf(2) + 1)
    for one, update in ((parties[0], updates[2]), (parties[1], before[0])):
        rounds.commit(one, [verdict(update)])
    mine_past(ledger.deadlineOf(2) + 1)
    terms = 2, [verdict(updates[2])], NONCE, SALT
    refuses("RoundLedgerUpdateNotReleased", ledger.revealVerdicts, *terms, sender=parties[0].delegate)
    terms = 2, [verdict(before[0])], NONCE, SALT
    refuses("RoundLedgerUpdateOfOtherRound", ledger.revealVerdicts, *terms, sender=parties[1].delegate)
