"""Fixtures: three organisations with a quorum of two, and the contracts of both chains on one test chain."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from brownie import (
    AwardDistributor,
    CheckpointAnchor,
    CheckpointSchedule,
    Consortium,
    ContributionToken,
    DisclosureRegistry,
    KeyDirectory,
    RevocationLedger,
    RoundLedger,
    accounts,
    web3,
)
from contract_support import ETHER, digest, party
from web3.exceptions import TransactionNotFound

PRIVATE_CHAIN = 1337
WINDOW, VESTING, STEP = 20, 5, 40
EMBARGO = 1000
MAX_PHASE = 1000


@pytest.fixture(scope="session", autouse=True)
def patient():
    """Under load Anvil counts a transaction before it has the receipt; Brownie would take that for a dropped one."""
    ask = web3.eth.get_transaction_receipt

    def ask_again(transaction):
        for _ in range(500):
            try:
                return ask(transaction)
            except TransactionNotFound:
                time.sleep(0.01)
        return ask(transaction)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web3.eth, "get_transaction_receipt", ask_again)
        yield


@pytest.fixture(autouse=True)
def isolate(fn_isolation):
    """Every test starts from the state that the module's fixtures left."""


@pytest.fixture(scope="module")
def parties():
    return [party(label) for label in ("aurora", "borealis", "cumulus")]


@pytest.fixture(scope="module")
def deployer():
    return accounts[0]


@pytest.fixture(scope="module")
def stranger():
    return accounts[9]


@pytest.fixture(scope="module")
def pair(parties, deployer):
    """The public and the private Consortium, bound to each other."""
    made = [deployer.deploy(Consortium, digest("c"), [one.member for one in parties], 2) for _ in range(2)]
    for one in made:
        one.bind(web3.chain_id, made[0], web3.chain_id, made[1], {"from": deployer})
    return made


@pytest.fixture(scope="module")
def consortium(pair):
    return pair[0]


@pytest.fixture(scope="module")
def anchor(consortium, deployer):
    return deployer.deploy(CheckpointAnchor, consortium, PRIVATE_CHAIN)


@pytest.fixture(scope="module")
def distributor(consortium, anchor, deployer):
    return deployer.deploy(AwardDistributor, consortium, anchor, 1000 * ETHER, WINDOW, VESTING, "Contribution", "CON")


@pytest.fixture(scope="module")
def token(distributor):
    return ContributionToken.at(distributor.token())


@pytest.fixture(scope="module")
def registry(consortium, deployer):
    return deployer.deploy(DisclosureRegistry, consortium, EMBARGO)


@pytest.fixture(scope="module")
def private(pair, deployer):
    """The private chain's contracts, bound."""
    consortium = pair[1]
    schedule = deployer.deploy(CheckpointSchedule, consortium)
    keys = deployer.deploy(KeyDirectory, consortium)
    rounds = deployer.deploy(RoundLedger, consortium, schedule, keys, MAX_PHASE)
    revocations = deployer.deploy(RevocationLedger, consortium, rounds, schedule, STEP)
    schedule.bind(rounds, revocations, {"from": deployer})
    keys.bind(rounds, {"from": deployer})
    rounds.bind(revocations, {"from": deployer})
    return SimpleNamespace(
        consortium=consortium, schedule=schedule, keys=keys, rounds=rounds, revocations=revocations, step=STEP
    )
