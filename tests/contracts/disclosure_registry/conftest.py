"""What the tests of the DisclosureRegistry share: a report under embargo."""

from __future__ import annotations

import pytest
from brownie import chain
from contract_support import digest
from eth_abi import encode
from eth_utils import keccak

SECRET = digest("salt")


@pytest.fixture
def reporter(stranger):
    return stranger


@pytest.fixture
def onlooker(accounts):
    """Neither the reporter nor a member."""
    return accounts[8]


@pytest.fixture
def report(registry, reporter):
    """The transaction that committed to report 1."""
    parts = [bytes.fromhex(digest("report")[2:]), bytes.fromhex(SECRET[2:]), reporter.address]
    commitment = "0x" + keccak(encode(["bytes32", "bytes32", "address"], parts)).hex()
    return registry.commitReport(commitment, {"from": reporter})


@pytest.fixture
def ends(registry, report):
    """Tells when the embargo of report 1 ends."""
    return lambda: registry.report(1)[1]


@pytest.fixture
def embargo_over(registry, report):
    """Lets the embargo of a report pass."""

    def wait(number=1):
        chain.sleep(registry.report(number)[1] - chain.time() + 1)
        chain.mine()

    return wait


@pytest.fixture
def opening():
    """What opens the commitment of a report like the first."""
    return lambda number=1: (number, digest("report"), SECRET)
