"""What verdicts amount to: a quorum accepts, one's own does not count, silence is no acceptance."""

from __future__ import annotations

from contract_support import SALT, ZERO, digest, name
from play import mine_past, verdict


def test_a_quorum_accepts_and_the_own_verdict_does_not_count(rounds, ledger, parties, released):
    no = name("too-large")
    good, bad, mixed = released
    judged = [
        [verdict(good), verdict(bad, accept=False, reason=no), verdict(mixed, cap=500_000, score=-7)],
        [verdict(good, accept=False, reason=no), verdict(bad), verdict(mixed, accept=False, reason=no)],
        [verdict(good), verdict(bad, accept=False, reason=no)],
    ]
    txs = rounds.judge(judged)
    told = [tuple(event.values()) for event in txs[0].events["VerdictRevealed"]]
    assert told[2] == (1, mixed, parties[0].organisation, True, 500_000, -7, ZERO, SALT)
    assert [ledger.update(update)[4] for update in released] == [2, 1, 2]
    assert tuple(rounds.close().events["RoundClosed"].values()) == (1, 2, 3, SALT)


def test_an_abstention_is_no_acceptance(rounds, ledger, parties, released):
    verdicts = [verdict(update) for update in released]
    for one in parties:
        rounds.commit(one, verdicts)
    rounds.reveal(parties[0], verdicts)
    mine_past(ledger.deadlineOf(1) + 1)
    assert rounds.close().events["RoundClosed"]["accepted"] == 2  # the first member's own has one acceptance


def test_what_became_a_contribution(rounds, ledger, parties):
    updates = rounds.whole()
    assert [ledger.accepted(update) for update in updates] == [True] * 3 and ledger.closedCount() == 1
    rounds.open()
    replaced, kept = rounds.submit(parties[0], "first"), rounds.submit(parties[0], "second")
    assert not any(ledger.accepted(update) for update in (replaced, kept, digest("none")))


def test_checkpoints_are_numbered_over_rounds(private, rounds):
    rounds.whole()
    rounds.whole()
    assert private.schedule.latestSequence() == 2
