"""Phases end early when everybody has acted, or at their deadline."""

from __future__ import annotations

from brownie import web3
from contract_support import SALT, mine, name, refuses
from play import (
    AWAITING,
    CLOSED,
    COMMITTING,
    FAILED,
    NONCE,
    RELEASING,
    REVEALING,
    SUBMITTING,
    mine_past,
    submission,
    verdict,
)


def test_they_end_as_soon_as_everybody_has_acted(rounds, ledger, parties):
    rounds.open()
    assert rounds.phase() == SUBMITTING
    updates = rounds.submit_all()
    assert rounds.phase() == RELEASING
    for one, update in zip(parties, updates, strict=True):
        rounds.release(one, update)
    assert rounds.phase() == COMMITTING
    verdicts = [verdict(update) for update in updates]
    for one in parties:
        rounds.commit(one, verdicts)
    assert rounds.phase() == REVEALING
    for one in parties:
        rounds.reveal(one, verdicts)
    assert rounds.phase() == AWAITING and ledger.deadlineOf(1) == 0
    events = rounds.close().events
    assert tuple(events["RoundClosed"].values()) == (1, 3, 3, SALT)
    assert tuple(events["CheckpointDue"].values()) == (1, "0x" + (1).to_bytes(32, "big").hex(), 0)
    assert rounds.phase() == CLOSED and ledger.openRoundId() == 0


def test_they_take_actions_up_to_the_deadline_block(rounds, ledger, parties):
    rounds.open()
    rounds.submit(parties[0])
    deadline = ledger.deadlineOf(1)
    assert ledger.phaseAt(1, deadline) == SUBMITTING
    assert ledger.phaseAt(1, deadline + 1) == AWAITING  # one update so far, which is too few
    mine_past(deadline - 1)
    rounds.submit(parties[1])  # in the deadline block itself
    mine_past(deadline + 1)
    refuses("RoundLedgerTooLate", ledger.submitUpdate, 1, submission(), SALT, sender=parties[2].delegate)
    assert rounds.phase() == RELEASING and ledger.deadlineOf(1) == deadline + 20


def test_without_any_action_they_pass_by_themselves(rounds, ledger, parties):
    rounds.open()
    updates = [rounds.submit(one) for one in parties[:2]]
    mine_past(ledger.deadlineOf(1) + 1)
    for one, update in zip(parties, updates, strict=False):
        rounds.release(one, update)
    assert rounds.phase() == COMMITTING
    mine_past(ledger.deadlineOf(1) + 1)
    assert rounds.phase() == AWAITING  # nobody committed, so there is nothing to reveal
    assert tuple(rounds.close().events["RoundClosed"].values())[1:3] == (0, 2)


def test_early_says_the_block_and_the_deadline(rounds, ledger, parties):
    rounds.open()
    one = parties[0]
    update = rounds.submit(one)
    deadline = ledger.deadlineOf(1)
    block = deadline - 29  # the round was opened in the block before
    for expected, method, *terms in (
        (RELEASING, ledger.releaseUpdate, update, "Qm", "Qm", SALT),
        (COMMITTING, ledger.commitVerdicts, 1, NONCE, SALT),
        (REVEALING, ledger.revealVerdicts, 1, [], NONCE, SALT),
        (AWAITING, ledger.closeRound, 1, SALT),
    ):
        pattern = f"RoundLedgerTooEarly: 1, {expected}, {SUBMITTING}, {block}, {deadline}"
        refuses(pattern, method, *terms, sender=one.delegate)


def test_too_few_submissions_fail_the_round_and_another_opens(rounds, ledger, parties):
    rounds.open()
    rounds.submit(parties[0])
    mine_past(ledger.deadlineOf(1) + 1)
    assert rounds.phase() == AWAITING
    events = rounds.close().events
    assert tuple(events["RoundFailed"].values()) == (1, name("too few submitted"), SALT)
    assert "CheckpointDue" not in events and rounds.phase() == FAILED
    refuses("RoundLedgerNotOpen", ledger.closeRound, 1, SALT, sender=parties[0].delegate)
    mine(2)
    rounds.whole()


def test_late_says_the_block_and_a_deadline_that_there_was(rounds, ledger, parties):
    """The round ends with its first phase: later ones never began and have no deadline of their own."""
    rounds.open()
    one = parties[0]
    update = rounds.submit(one)
    deadline = ledger.deadlineOf(1)
    mine_past(deadline + 1)
    for expected, method, *terms in (
        (SUBMITTING, ledger.passRound, 1, SALT),
        (RELEASING, ledger.releaseUpdate, update, "Qm", "Qm", SALT),
        (COMMITTING, ledger.commitVerdicts, 1, NONCE, SALT),
        (REVEALING, ledger.revealVerdicts, 1, [], NONCE, SALT),
    ):
        late = web3.eth.block_number
        pattern = f"RoundLedgerTooLate: 1, {expected}, ({late}|{late + 1}), {deadline}$"
        refuses(pattern, method, *terms, sender=one.delegate)
    rounds.close()
    refuses(f"RoundLedgerNotOpen: 1, {FAILED}, .*, {deadline}$", ledger.closeRound, 1, SALT, sender=one.delegate)


def test_too_few_releases_fail_the_round(rounds, ledger, parties):
    rounds.open()
    updates = rounds.submit_all()
    rounds.release(parties[0], updates[0])
    mine_past(ledger.deadlineOf(1) + 1)
    assert rounds.close().events["RoundFailed"]["reason"] == name("too few released")
