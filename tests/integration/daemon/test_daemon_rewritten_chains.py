"""A public chain that is reorganised, and a private chain that its operator rewrites, before running daemons.

Three blocks of the public chain are replaced just when a checkpoint's anchor is in them: it is brought again. Later the
private chain goes back into the round (``evm_revert``): each daemon stops signing and sending under a named alarm,
across a restart too, until its operator has cleared it; and even then signs no second content for the sequence.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from killed_daemon import PASSWORD, TICK
from real_world import LONG, World, world
from unit.daemon.fake_workbench import FakeWorkbench
from unit.ledger.actors import task

from orchestrator.chain.connection import Connection
from orchestrator.chain.public_events import read_anchored
from orchestrator.chain.reader import Attestation, read_attestations
from orchestrator.daemon.access import connect
from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN
from orchestrator.daemon.journal import read_journal
from orchestrator.daemon.node import Node
from orchestrator.daemon.operations import open_round
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.daemon.view import look
from orchestrator.errors import ChainRewritten
from orchestrator.ledger.entities import RoundStatus
from orchestrator.settings import compose
from orchestrator.types import OrganisationId

DEPTH = 3
"""At least so many blocks of the public chain are replaced; more only where the daemons were slow to see the anchor."""
WATCHED_SECONDS = 8
"""Some thirty blocks, in each of which every daemon would send what its round still lacks."""


class Daemon:
    """One member's daemon, in a thread that can be ended and begun again."""

    def __init__(self, made: World, name: OrganisationId) -> None:
        self.made, self.member = made, made.members[name]
        self.start()

    def start(self) -> None:
        member = self.member
        access = connect(compose([], organisation_home=member.home), member.home, PASSWORD)
        self.services = member.services = Services.of(access, FakeWorkbench(member.name))
        self.node = member.node = Node(self.services)
        node, self.stop = self.node, threading.Event()
        stop = self.stop
        self.made._in_thread(lambda: node.run(stop, tick=TICK))
        self.thread = self.made.threads[-1]

    def end(self) -> None:
        self.stop.set()
        self.thread.join(60)
        self.services.journal.close()
        self.services.keystore.close()

    @property
    def alarms(self) -> dict[str, str]:
        return {alarm.name: alarm.text for alarm in self.node.health().alarms}


def in_step(made: World, daemons: list[Daemon]) -> bool:
    """Each daemon's ledger is that of a reader who begins now."""
    truth = look(made.consortium.private).state
    return all(daemon.node.state.ledger == truth for daemon in daemons)


def sent_by_members(made: World) -> int:
    """Transactions of the members' delegates on both chains, as the chains count them."""
    chains = (made.consortium.private_chain, made.consortium.public_chain)
    return sum(chain.mined_count(keys.delegate.address) for keys in made.consortium.members for chain in chains)


def attestations(made: World) -> list[Attestation]:
    chain = made.consortium.private_chain
    return list(read_attestations(chain, made.consortium.private, 0, chain.block_number()))


def rewound(chain: Connection, snapshot: str) -> None:
    assert chain.request("evm_revert", [snapshot]) is True


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_reorganised_and_rewritten_chains(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        daemons = [Daemon(made, name) for name in made.members]
        try:
            _story(made, daemons)
        finally:
            for daemon in daemons:
                daemon.stop.set()


def _story(made: World, daemons: list[Daemon]) -> None:
    public, private = made.consortium.public_chain, made.consortium.private_chain
    agreement = made.agree()
    made.until(lambda: not made.ledger.without_prekeys, 120, "prekeys")
    terms = task(deadlines=LONG, minimum_updates=3)
    number = open_round(daemons[0].services, terms, agreement)
    snapshot = private.request("evm_snapshot", [])

    # the anchor's block and those around it are replaced: it is in none of the new ones
    soon(lambda: all(daemon.node.state.last_anchored == 1 for daemon in daemons), made, 300)
    behind = public.block_number() - anchored(made)[0] + 2  # a block may be made meanwhile
    public.request("anvil_reorg", [max(behind, DEPTH), []])
    assert anchored(made) == [], "the reorganisation has taken the anchor out"
    made.until(lambda: all(daemon.node.state.last_anchored == 1 for daemon in daemons), 120, "the anchor again")
    made.until(lambda: all(len(daemon.node.state.claimed) == 3 for daemon in daemons), 120, "awards")
    made.until(lambda: in_step(made, daemons), 60, "one ledger")
    for daemon in daemons:
        told = [item for item in read_journal(daemon.member.home) if item["event"] == "rolled-back"]
        assert {item["side"] for item in told} == {"public"} and daemon.alarms == {}
    first = attestations(made)
    assert sorted(item.organisation for item in first) == sorted(made.members), "each has signed once"

    # the operator takes the private chain back to the round's beginning
    rewound(private, snapshot)
    made.until(lambda: all(PRIVATE_CHAIN_REWRITTEN in daemon.alarms for daemon in daemons), 120, "the alarm")
    made.until(lambda: in_step(made, daemons), 60, "they follow the chain that is there")
    count = sent_by_members(made)
    daemons[0].end()
    daemons[0].start()
    made.until(lambda: PRIVATE_CHAIN_REWRITTEN in daemons[0].alarms, 60, "the alarm, after a restart too")
    time.sleep(WATCHED_SECONDS)
    assert sent_by_members(made) == count, "nothing was sent"
    for daemon in daemons:
        assert "checkpoint 1" in daemon.alarms[PRIVATE_CHAIN_REWRITTEN] and not daemon.node.health().ready
        with pytest.raises(ChainRewritten, match="nothing is signed or sent"):
            daemon.services.send_private(made.consortium.private.rounds.pass_round(number, leaf_salt()))
    assert made.ledger.open_round == number and not made.ledger.updates

    # their operators have looked, and say so, one after the other
    daemons[0].services.journal.clear_alarm(PRIVATE_CHAIN_REWRITTEN)
    made.until(lambda: len(made.ledger.updates) == 1, 120, "work of the one that was cleared")
    assert PRIVATE_CHAIN_REWRITTEN in daemons[1].alarms and PRIVATE_CHAIN_REWRITTEN in daemons[2].alarms
    for daemon in daemons[1:]:
        daemon.services.journal.clear_alarm(PRIVATE_CHAIN_REWRITTEN)
    made.until(lambda: made.ledger.rounds[number].status is RoundStatus.CLOSED, 300, "the round")
    made.until(lambda: in_step(made, daemons), 60, "one ledger")
    only_the_first_signatures(made, daemons, first)

    # what is on the public chain cannot be taken back: the next checkpoint would have to follow on one that is gone
    open_round(daemons[1].services, terms, agreement)
    made.until(lambda: all(PRIVATE_CHAIN_REWRITTEN in daemon.alarms for daemon in daemons), 300, "the alarm again")
    assert all("as checkpoint 1 anchored it" in daemon.alarms[PRIVATE_CHAIN_REWRITTEN] for daemon in daemons)
    only_the_first_signatures(made, daemons, first)


def anchored(made: World) -> list[int]:
    """Blocks of the public chain's checkpoints."""
    chain = made.consortium.public_chain
    return [item.place.block for item in read_anchored(chain, made.consortium.public, 0, chain.block_number())]


def soon(condition: Callable[[], bool], made: World, seconds: float) -> None:
    """As ``World.until``, with hardly a pause: a block is a quarter of a second."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert not made.troubles and time.monotonic() < deadline
        time.sleep(0.02)


def only_the_first_signatures(made: World, daemons: list[Daemon], first: list[Attestation]) -> None:
    """What was signed before the rewriting is all that was ever signed."""
    assert {item.head for item in attestations(made)} <= {item.head for item in first}
    for daemon in daemons:
        with closing(sqlite3.connect(daemon.member.home / "keystore" / "signed.sqlite")) as database:
            assert len(database.execute("SELECT sequence FROM checkpoints").fetchall()) == 1
