"""What the tests of the RoundLedger share."""

from __future__ import annotations

import pytest
from brownie import RoundLedger
from ceremonies import change_members
from contract_support import SALT, Party, key, name
from play import AGREEMENT, Rounds


@pytest.fixture(scope="module")
def agreed(private, parties):
    """All authorities have accepted the agreement."""
    Rounds(private, parties).accept_agreement()


@pytest.fixture
def rounds(private, parties, agreed):
    return Rounds(private, parties)


@pytest.fixture
def ledger(private, agreed):
    return private.rounds


@pytest.fixture
def released(rounds, parties):
    """Round 1 waits for commitments; its updates by member."""
    rounds.open()
    updates = rounds.submit_all()
    for one, update in zip(parties, updates, strict=True):
        rounds.release(one, update)
    return updates


@pytest.fixture
def latecomer(pair, private, parties):
    """Makes an organisation that joins now, after whatever was opened; its delegate."""

    def join():
        late = Party(name("late"), key("late authority"), key("late delegate"))
        change_members(private.consortium, pair, [*parties, late], 3, by=parties)
        private.consortium.rotateDelegate(late.organisation, late.delegate, {"from": late.authority})
        return late.delegate

    return join


@pytest.fixture
def stray(private, deployer, parties):
    """A ledger that no other contract knows, under the same agreement."""
    made = deployer.deploy(RoundLedger, private.consortium, private.schedule, private.keys, 1000)
    for one in parties:
        made.acceptAgreement(AGREEMENT, SALT, {"from": one.authority})
    return made
