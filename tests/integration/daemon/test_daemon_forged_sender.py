"""What the operator of a development chain sends in a member's name: the contracts count it, and no daemon does.

A Ganache takes a transaction of an account that it was told to impersonate, under a signature that recovers to somebody
else. Contracts and records differ from then on. What really happens to a consortium, and what this watches:

- A word that only ends a phase early (a forged pass): the round goes on with who is left. Every daemon names an alarm.
- A record that honest ones build on (a forged opening): the contract refuses honest rounds meanwhile; the first honest
  record of the forged round contradicts the records. Each daemon ends then by an error that names the forged record,
  also when it is started again, and signs nothing. Only whoever runs the chain can take the forgery out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chain_deployment import opening
from real_world import LONG, World, world
from unit.ledger.actors import task

from orchestrator.chain.proxy import Call
from orchestrator.chain.structs import Phase
from orchestrator.daemon.alarms import RECORD_PASSED_OVER
from orchestrator.daemon.node import Node
from orchestrator.daemon.operations import open_round
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.errors import ProtocolError, TransactionReverted
from orchestrator.ledger.entities import RoundStatus
from orchestrator.types import Address, Digest, OrganisationId

CUMULUS = OrganisationId("cumulus")
DAEMONS = (OrganisationId("aurora"), OrganisationId("borealis"))
"""The forged member's own daemon is down: what happens to the others is watched."""


def impersonated(made: World, victim: Address, call: Call) -> Digest:
    """A transaction of the private chain's operator, in the name of an account whose key it has not."""
    chain = made.consortium.private_chain
    chain.request("evm_addAccount", [victim, "pass"])
    assert chain.request("personal_unlockAccount", [victim, "pass", 0])
    forged = {"from": victim, "to": call.to, "data": "0x" + call.data.hex(), "gas": hex(3_000_000)}
    hash_ = Digest(chain.request("eth_sendTransaction", [forged]))
    made.until(lambda: chain.receipt(hash_) is not None, 30, "the forged transaction")
    receipt = chain.receipt(hash_)
    assert receipt is not None and receipt.succeeded, "the contract takes it"
    return hash_


def node_of(made: World, name: OrganisationId) -> Node:
    node = made.members[name].node
    assert node is not None
    return node


def services_of(made: World, name: OrganisationId) -> Services:
    services = made.members[name].services
    assert services is not None
    return services


def told(made: World, name: OrganisationId) -> str:
    """The alarm's text; empty without it."""
    return next((item.text for item in node_of(made, name).health().alarms if item.name == RECORD_PASSED_OVER), "")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as started:
        yield started


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_the_chains_operator_sends_in_a_members_name_does_not_count(made: World) -> None:
    agreement = made.agree()
    for name in DAEMONS:
        made.start(name)
    with made.killed(CUMULUS, None):  # for its prekeys alone
        made.until(lambda: not made.ledger.without_prekeys, 120, "prekeys")
    rounds = made.consortium.private.rounds
    victim = next(keys.delegate.address for keys in made.consortium.members if keys.organisation == CUMULUS)
    two = task(deadlines=LONG | {"release": 60, "commit": 60, "reveal": 60}, minimum_updates=2)

    number = open_round(services_of(made, DAEMONS[0]), two, agreement)
    forged = impersonated(made, victim, rounds.pass_round(number, leaf_salt()))
    made.until(lambda: all(told(made, name) for name in DAEMONS), 60, "the alarm")
    for name in DAEMONS:
        assert "RoundPassed" in told(made, name) and forged in told(made, name) and victim in told(made, name)
        assert not node_of(made, name).health().ready
        assert CUMULUS not in node_of(made, name).state.ledger.rounds[number].passed
    # to the contract everybody has acted: the phases go on, and the round ends as it does for those who are left
    made.until(lambda: made.ledger.rounds[number].status is RoundStatus.CLOSED, 200, "the round")
    made.until(lambda: all(node_of(made, name).state.last_anchored == 1 for name in DAEMONS), 120, "its checkpoint")

    for name in DAEMONS:
        services_of(made, name).journal.clear_alarm(RECORD_PASSED_OVER)
    made.until(
        lambda: all(node_of(made, name).health().ready for name in DAEMONS), 30, "what was seen is not told again"
    )

    impersonated(made, victim, rounds.open_round(opening(agreement.digest), leaf_salt()))
    made.until(lambda: all("RoundOpened" in told(made, name) for name in DAEMONS), 60, "the alarm")
    assert rounds.phase_of(number + 1) is Phase.SUBMIT and made.ledger.open_round is None
    with pytest.raises(TransactionReverted, match="RoundLedgerRoundStillOpen"):
        open_round(services_of(made, DAEMONS[0]), two, agreement)
    assert not made.troubles and all(node_of(made, name).state.ledger.open_round is None for name in DAEMONS)

    # a member's own record of the forged round, signed: no reader can take it
    services_of(made, DAEMONS[0]).send_private(rounds.abandon_round(number + 1, leaf_salt()))
    for error in ended(made, len(DAEMONS)):
        assert "RoundAbandonSupported" in str(error) and "RoundOpened" in str(error)

    former = services_of(made, DAEMONS[1])
    former.journal.close()
    former.keystore.close()
    again = made.start(DAEMONS[1])  # as systemd starts it again: the same word, and nothing begun
    (error,) = ended(made, 1)
    assert "RoundOpened" in str(error) and again.state.in_flight == frozenset()


def ended(made: World, count: int) -> list[BaseException]:
    """How that many daemons end, each by the ledger's contradiction."""
    deadline = time.monotonic() + 60
    while len(made.troubles) < count:
        assert time.monotonic() < deadline, "they did not end"
        time.sleep(0.1)
    assert all(isinstance(error, ProtocolError) for error in made.troubles)
    troubles, made.troubles = made.troubles, []
    return troubles
