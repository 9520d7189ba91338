"""What the tests of the RevocationLedger share: one round is over, and its updates count."""

from __future__ import annotations

import pytest
from brownie import RevocationLedger
from ceremonies import change_members
from play import Rounds
from play_revocations import Revoking


@pytest.fixture(scope="module")
def updates(private, parties):
    """The contributions of round 1, by member."""
    played = Rounds(private, parties)
    played.accept_agreement()
    return played.whole()


@pytest.fixture
def own(updates):
    """What the first member may have revoked alone."""
    return updates[:1]


@pytest.fixture
def rounds(private, parties, updates):
    return Rounds(private, parties)


@pytest.fixture
def ledger(private, updates):
    return private.revocations


@pytest.fixture
def play(ledger, parties):
    return Revoking(ledger, parties)


@pytest.fixture
def other(ledger, parties):
    """A second request."""
    return Revoking(ledger, parties)


@pytest.fixture
def stray(private, deployer, parties, updates):
    """Requests on a ledger that neither rounds nor schedule know."""
    made = deployer.deploy(RevocationLedger, private.consortium, private.rounds, private.schedule, private.step)
    return Revoking(made, parties)


@pytest.fixture
def members(private, pair, parties):
    """Changes membership and quorum on the private chain."""

    def change(count, quorum, epoch=2):
        change_members(private.consortium, pair, parties[:count], quorum, by=parties[:count], epoch=epoch)

    return change
