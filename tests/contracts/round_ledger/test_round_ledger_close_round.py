"""A round whose phases are over is closed by any delegate, or recorded as failed."""

from __future__ import annotations

from types import SimpleNamespace

from brownie import CheckpointSchedule, KeyDirectory, RoundLedger
from contract_support import SALT, refuses
from play import AWAITING, Rounds, mine_past


def test_any_delegate_closes(rounds, ledger, parties):
    rounds.open()
    mine_past(ledger.deadlineOf(1) + 1)
    ledger.closeRound(1, SALT, {"from": parties[2].delegate})
    assert ledger.openRoundId() == 0


def test_nobody_else_does(rounds, ledger, parties, stranger):
    rounds.open()
    mine_past(ledger.deadlineOf(1) + 1)
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.closeRound, 1, SALT, sender=sender)


def test_only_a_round(rounds, ledger, parties):
    rounds.open()
    refuses("RoundLedgerUnknownRound", ledger.closeRound, 2, SALT, sender=parties[0].delegate)


def test_not_before_the_phases_are_over(rounds, ledger, parties):
    rounds.open()
    refuses("RoundLedgerTooEarly", ledger.closeRound, 1, SALT, sender=parties[0].delegate)


def test_once(rounds, ledger, parties):
    rounds.open()
    mine_past(ledger.deadlineOf(1) + 1)
    rounds.close()
    refuses("RoundLedgerNotOpen", ledger.closeRound, 1, SALT, sender=parties[0].delegate)


def test_not_where_the_schedule_knows_another_ledger(private, parties, deployer):
    """A round that counts is due a checkpoint: without one it stays open."""
    schedule = deployer.deploy(CheckpointSchedule, private.consortium)
    keys = deployer.deploy(KeyDirectory, private.consortium)
    stray = deployer.deploy(RoundLedger, private.consortium, schedule, keys, 1000)
    keys.bind(stray, {"from": deployer})
    stray.bind(private.revocations, {"from": deployer})
    rounds = Rounds(SimpleNamespace(rounds=stray, keys=keys), parties)
    rounds.accept_agreement()
    rounds.open(minimum=1)
    update = rounds.submit(parties[0])
    mine_past(stray.deadlineOf(1) + 1)
    rounds.release(parties[0], update)
    mine_past(stray.deadlineOf(1) + 1)
    assert rounds.phase() == AWAITING
    refuses("CheckpointScheduleNotBoundContract", stray.closeRound, 1, SALT, sender=parties[0].delegate)
