"""What the tests of the ContributionToken share: a holder of tokens, as a first claim would leave it."""

from __future__ import annotations

import pytest
from brownie import ContributionToken
from contract_support import key


@pytest.fixture(scope="module")
def holder():
    return key("token holder")


@pytest.fixture(scope="module")
def held(deployer, holder):
    """A token whose minter is an account, and 10 of it."""
    made = deployer.deploy(ContributionToken, "Contribution", "CON", deployer)
    made.mint(holder, 10, {"from": deployer})
    return made
