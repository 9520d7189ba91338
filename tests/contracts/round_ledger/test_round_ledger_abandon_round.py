"""A quorum of those who were members at the opening fails a round."""

from __future__ import annotations

from brownie import web3
from contract_support import SALT, mine, name, refuses
from play import AWAITING, FAILED, mine_past


def test_a_quorum_fails_the_round_and_another_opens(rounds, ledger, parties):
    one, two, _ = parties
    rounds.open()
    rounds.submit(one)
    first = ledger.abandonRound(1, SALT, {"from": one.delegate}).events
    assert tuple(first["RoundAbandonSupported"].values()) == (1, one.organisation, 1, SALT)
    events = ledger.abandonRound(1, SALT, {"from": two.delegate}).events
    assert tuple(events["RoundFailed"].values()) == (1, name("abandoned"), SALT)
    assert rounds.phase() == FAILED and ledger.closedCount() == 0
    mine(2)
    rounds.open()


def test_once_a_member(rounds, ledger, parties):
    rounds.open()
    ledger.abandonRound(1, SALT, {"from": parties[0].delegate})
    refuses("RoundLedgerAlreadyActed", ledger.abandonRound, 1, SALT, sender=parties[0].delegate)


def test_only_delegates_do(rounds, ledger, parties, stranger):
    rounds.open()
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotADelegate", ledger.abandonRound, 1, SALT, sender=sender)


def test_only_a_round(rounds, ledger, parties):
    rounds.open()
    refuses("RoundLedgerUnknownRound", ledger.abandonRound, 2, SALT, sender=parties[0].delegate)


def test_only_who_was_a_member_at_the_opening(rounds, ledger, latecomer):
    rounds.open()
    refuses("RoundLedgerNotInRound", ledger.abandonRound, 1, SALT, sender=latecomer())


def test_only_before_the_verdicts_stand(rounds, ledger, parties):
    rounds.open()
    mine_past(ledger.deadlineOf(1) + 1)
    assert rounds.phase() == AWAITING
    late, ended = web3.eth.block_number, ledger.round(1)[2] + 30
    told = f"RoundLedgerNotOpen: 1, {AWAITING}, {late}, {ended}"
    refuses(told, ledger.abandonRound, 1, SALT, sender=parties[0].delegate)
