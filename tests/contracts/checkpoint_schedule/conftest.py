"""What the tests of the CheckpointSchedule share."""

from __future__ import annotations

import pytest
from brownie import CheckpointSchedule


@pytest.fixture(scope="module")
def schedule(private, deployer, stranger):
    """Bound to two accounts that play the ledgers."""
    made = deployer.deploy(CheckpointSchedule, private.consortium)
    made.bind(deployer, stranger, {"from": deployer})
    return made
