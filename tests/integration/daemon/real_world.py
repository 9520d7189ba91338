"""A consortium of daemons on real chains and real IPFS nodes, with workbenches that need no tensors.

One organisation's daemon is a process of its own, which a test may kill; the others' are threads of the test. Import it
as ``from real_world import world``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chain_deployment import Consortium, MemberKeys, deploy
from chain_nodes import anvil, ganache
from killed_daemon import PASSWORD, TICK
from unit.daemon.fake_workbench import FakeWorkbench
from unit.ledger.actors import task

from benchmarks.round.homes import make_home
from orchestrator.chain.connection import Connection
from orchestrator.chain.sender import TransactionSender
from orchestrator.daemon.access import connect
from orchestrator.daemon.node import Node
from orchestrator.daemon.operations import open_round, request_revocation
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.daemon.view import look
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.entities import LedgerState
from orchestrator.localnet import nodes, rpc
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.ports import PortPicker
from orchestrator.localnet.processes import stop as stop_processes
from orchestrator.localnet.state import StorageNode
from orchestrator.settings import compose
from orchestrator.types import OrganisationId, RequestId

ROOT = Path(__file__).parents[3]
BLOCK_SECONDS = 0.25
LONG = {"submit": 4000, "release": 4000, "commit": 4000, "reveal": 4000}
"""Phases end when everybody has acted; a daemon that is killed over and over is in no hurry."""


@dataclass
class Member:
    """One organisation: its home, its settings, and its daemon, if that runs in the test's own process."""

    name: OrganisationId
    home: Path
    overrides: list[str]
    services: Services | None = None
    node: Node | None = None


@dataclass
class World:
    """A consortium on chains that make blocks by themselves."""

    folder: Path
    consortium: Consortium
    members: dict[OrganisationId, Member]
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)
    troubles: list[BaseException] = field(default_factory=list)

    @property
    def ledger(self) -> LedgerState:
        return look(self.consortium.private).state

    def start(self, name: str) -> Node:
        """A member's daemon in a thread of its own."""
        member = self.members[OrganisationId(name)]
        access = connect(compose(member.overrides, organisation_home=member.home), member.home, PASSWORD)
        member.services = Services.of(access, FakeWorkbench(member.name))
        member.node = node = Node(member.services)
        self._in_thread(lambda: node.run(self.stop, tick=TICK))
        return node

    @contextmanager
    def killed(self, name: str, kills: Path | None) -> Iterator[subprocess.Popen[bytes]]:
        """A member's daemon as a process that dies at each new step; see ``killed_daemon.py``."""
        member = self.members[OrganisationId(name)]
        program = Path(__file__).with_name("killed_daemon.py")
        if kills is not None:
            kills.touch()
        command = [sys.executable, str(program), str(member.home), str(kills or "-"), *member.overrides]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
        with Guard() as guard, (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env={**environment, **guard.mark}
            )
            guard.watch(process.pid)
            try:
                yield process
                process.send_signal(signal.SIGTERM)
                assert process.wait(180) == 0, self.log_of(name)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-4000:]

    def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self.troubles:
                raise self.troubles[0]
            assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
            time.sleep(0.3)

    # -- what operators do

    def agree(self) -> Agreement:
        """Everybody's authority accepts one agreement."""
        consortium_id = self.consortium.private.deployment.consortium_id
        agreement = Agreement.of(consortium_id, "Agreement", list(self.members), "tests", ["Be honest."])
        for keys in self.consortium.members:
            call = self.consortium.private.rounds.accept_agreement(agreement.digest, leaf_salt())
            TransactionSender(self.consortium.private_chain, keys.authority, timeout=60, poll=0.05).send(call)
        return agreement

    def open_round(self, by: str, agreement: Agreement) -> int:
        services = self.members[OrganisationId(by)].services
        assert services is not None
        return open_round(services, task(deadlines=LONG, minimum_updates=3), agreement)

    def request(self, by: str) -> RequestId:
        services = self.members[OrganisationId(by)].services
        assert services is not None
        return request_revocation(services, (), reason="withdrawn")

    # -- within

    def _in_thread(self, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - told by the test's own thread
                self.troubles.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        self.threads.append(thread)

    def make_blocks(self) -> None:
        def mine(chain: Connection) -> None:
            while not self.stop.wait(BLOCK_SECONDS):
                chain.request("evm_mine", [])

        for chain in (self.consortium.public_chain, self.consortium.private_chain):
            own = Connection(chain.url, chain.chain_id)
            self._in_thread(lambda own=own: mine(own))  # type: ignore[misc]

    def close(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(60)
        for member in self.members.values():
            if member.services is not None:
                member.services.journal.close()
                member.services.keystore.close()


@contextmanager
def world(folder: Path, *, quorum: int = 2) -> Iterator[World]:
    """Three members with funded keys on chains that make blocks; no daemon runs yet."""
    with ExitStack() as stack:
        public = stack.enter_context(anvil())
        private = stack.enter_context(ganache(folder))
        own, others = stack.enter_context(ipfs_pair(folder / "ipfs"))
        consortium = deploy(public, private, folder / "deployments", quorum=quorum, step_blocks=4000)
        members = {}
        for place, keys in enumerate(consortium.members):
            node = others if place else own
            members[keys.organisation] = _member(folder, keys, consortium, node)
        made = World(folder, consortium, members)
        stack.callback(made.close)
        made.make_blocks()
        yield made


def _member(folder: Path, keys: MemberKeys, consortium: Consortium, node: StorageNode) -> Member:
    home = folder / "homes" / keys.organisation
    settings = {
        "chain.deployments": str(folder / "deployments"),
        "chain.public.url": consortium.public_chain.url,
        "chain.private.url": consortium.private_chain.url,
        "storage.api_url": node.api_url,
    }
    make_home(home, keys.organisation, PASSWORD, authority=keys.authority, delegate=keys.delegate, settings=settings)
    return Member(keys.organisation, home, [])


@contextmanager
def ipfs_pair(folder: Path) -> Iterator[tuple[StorageNode, StorageNode]]:
    """Two connected IPFS nodes."""
    folder.mkdir(parents=True)
    with PortPicker() as ports:
        planned = [
            StorageNode(name, nodes.storage_kind(), ports.pick(), ports.pick()) for name in ("aurora", "borealis")
        ]
    with Guard() as guard:
        started = []
        try:
            for node in planned:
                started.append(nodes.start_storage(folder, node, guard.mark))
                guard.watch(started[-1].process.pid)  # type: ignore[union-attr]
            one, other = (nodes.wait_for_storage(folder, node) for node in started)
            assert rpc.connect_peer(one.api_url, other.swarm_multiaddr)
            yield one, other
        finally:
            stop_processes([node.process for node in started if node.process is not None])
