"""Fixtures: three organisations with a quorum of two, and the contracts of both chains on one test chain.

Everything is deployed once. Tests and modules change what they like: Brownie takes the chain back after each.
"""

from __future__ import annotations

import gc
import time
from types import SimpleNamespace

import pytest
from brownie import (
    ArtefactRegistry,
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
    chain,
    web3,
)
from contract_support import ETHER, digest, party
from settings import EMBARGO, MAX_PHASE, PRIVATE_CHAIN, STEP, VESTING, WINDOW
from web3.exceptions import TransactionNotFound


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def direct():
    """The chain is on this machine; to look for a proxy in the environment takes longer than most of its answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("requests.sessions.get_environ_proxies", lambda *_, **__: {})
        yield


@pytest.fixture(scope="session", autouse=True)
def ground(patient, direct, token, registry, private):
    """Between modules Brownie goes back to the state with all contracts, and not to the empty chain.

    Brownie has no public way to say so. It also collects garbage whenever it goes back, though most of what is there by
    now, its syntax trees above all, is there to stay.
    """
    chain._reset_id = chain._take_snapshot()
    gc.freeze()


@pytest.fixture(autouse=True)
def isolate(fn_isolation):
    """Every test starts from the state that the module's fixtures left."""


@pytest.fixture(scope="session")
def parties(patient):
    return [party(label) for label in ("aurora", "borealis", "cumulus")]


@pytest.fixture(scope="session")
def deployer(patient):
    return accounts[0]


@pytest.fixture(scope="session")
def stranger(patient):
    return accounts[9]


@pytest.fixture(scope="session")
def pair(parties, deployer):
    """The public and the private Consortium, bound to each other."""
    made = [deployer.deploy(Consortium, digest("c"), [one.member for one in parties], 2) for _ in range(2)]
    for one in made:
        one.bind(web3.chain_id, made[0], web3.chain_id, made[1], {"from": deployer})
    return made


@pytest.fixture(scope="session")
def consortium(pair):
    return pair[0]


@pytest.fixture(scope="session")
def anchor(consortium, deployer):
    return deployer.deploy(CheckpointAnchor, consortium, PRIVATE_CHAIN)


@pytest.fixture(scope="session")
def distributor(consortium, anchor, deployer):
    return deployer.deploy(AwardDistributor, consortium, anchor, 1000 * ETHER, WINDOW, VESTING, "Contribution", "CON")


@pytest.fixture(scope="session")
def token(distributor):
    return ContributionToken.at(distributor.token())


@pytest.fixture(scope="session")
def registry(consortium, deployer):
    return deployer.deploy(DisclosureRegistry, consortium, EMBARGO)


@pytest.fixture(scope="session")
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
    artefacts = deployer.deploy(ArtefactRegistry, consortium)
    return SimpleNamespace(
        consortium=consortium,
        schedule=schedule,
        keys=keys,
        rounds=rounds,
        revocations=revocations,
        artefacts=artefacts,
        step=STEP,
    )
