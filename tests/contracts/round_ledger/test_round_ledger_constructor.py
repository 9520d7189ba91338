"""What a round ledger starts with."""

from __future__ import annotations

from brownie import RoundLedger
from reverting import refuses_to_deploy


def test_phases_have_a_limit(private):
    assert private.rounds.maxPhaseBlocks() == 1000
    terms = private.consortium, private.schedule, private.keys, 0
    refuses_to_deploy("RoundLedgerPhaseTooLong", RoundLedger, *terms)
