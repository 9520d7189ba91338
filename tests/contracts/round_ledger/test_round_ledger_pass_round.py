"""A member that submits nothing says so, and nobody waits for it."""

from __future__ import annotations

import pytest
from contract_support import SALT, refuses
from play import RELEASING, mine_past


@pytest.fixture
def opened(rounds):
    rounds.open()
    return rounds


def test_passing_is_acting(opened, ledger, parties):
    one, two, three = parties
    event = ledger.passRound(1, SALT, {"from": one.delegate}).events["RoundPassed"]
    assert tuple(event.values()) == (1, one.organisation, SALT)
    opened.submit(two)
    opened.submit(three)
    assert opened.phase() == RELEASING


def test_once(opened, ledger, parties):
    ledger.passRound(1, SALT, {"from": parties[0].delegate})
    refuses("RoundLedgerAlreadyActed", ledger.passRound, 1, SALT, sender=parties[0].delegate)


def test_who_submitted_does_not_pass(opened, ledger, parties):
    opened.submit(parties[1])
    refuses("RoundLedgerAlreadyActed", ledger.passRound, 1, SALT, sender=parties[1].delegate)


def test_only_delegates_pass(opened, ledger, parties, stranger):
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.passRound, 1, SALT, sender=sender)


def test_only_a_round(opened, ledger, parties):
    refuses("RoundLedgerUnknownRound", ledger.passRound, 2, SALT, sender=parties[0].delegate)


def test_only_who_was_a_member_at_the_opening(opened, ledger, latecomer):
    refuses("RoundLedgerNotInRound", ledger.passRound, 1, SALT, sender=latecomer())


def test_late_says_the_block_and_the_deadline(opened, ledger, parties):
    for one in parties[:2]:
        opened.submit(one)
    deadline = ledger.deadlineOf(1)
    mine_past(deadline + 1)
    pattern = rf"RoundLedgerTooLate: 1, 1, {deadline + 1}, {deadline}"
    refuses(pattern, ledger.passRound, 1, SALT, sender=parties[2].delegate)


def test_not_when_the_round_is_over(opened, ledger, parties):
    opened.fail()
    refuses("RoundLedgerNotOpen", ledger.passRound, 1, SALT, sender=parties[0].delegate)
