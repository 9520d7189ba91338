"""What a revocation ledger starts with."""

from __future__ import annotations

from brownie import RevocationLedger
from reverting import refuses_to_deploy


def test_steps_have_a_length(private):
    terms = private.consortium, private.rounds, private.schedule, 0
    refuses_to_deploy("RevocationLedgerInvalidSteps", RevocationLedger, *terms)
    assert private.revocations.stepBlocks() == private.step
