"""A consortium of any size on a local network of its own, gone when the block ends."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gas.keys import Key
from benchmarks.gas.world import organisation
from benchmarks.round.daemons import LOG, PASSWORD
from benchmarks.round.deployment import CONSORTIUM_ID, authority, delegate, deploy, mined
from benchmarks.round.homes import make_home
from orchestrator.chain.connection import Connection
from orchestrator.chain.contracts import PrivateContracts, private_contracts
from orchestrator.chain.sender import TransactionSender
from orchestrator.daemon.access import Access, connect
from orchestrator.daemon.services import leaf_salt
from orchestrator.errors import LoranchorError
from orchestrator.ledger.agreement import Agreement
from orchestrator.localnet import down, up
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.processes import ProcessId, is_alive, spawn, stop
from orchestrator.settings import compose
from orchestrator.types import Address, OrganisationId

IPFS_NODES = 3
"""So many at most: with more members, several share one."""
ANSWER_SECONDS, MINED_SECONDS = 30, 600
"""Patience with chains that run on the same cores as all daemons."""
CHECKOUT = Path(__file__).parents[2]


class RoundStuck(LoranchorError):
    """Something that should happen did not."""

    exit_code = 1


@dataclass(frozen=True)
class Signer:
    """A key in memory, for what operators sign once."""

    key: Key

    @property
    def address(self) -> Address:
        return self.key.address

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        return bytes(self.key.account.sign_transaction(dict(transaction)).raw_transaction)


class World:
    """Homes, chains and IPFS nodes; what is started through it is stopped with it."""

    def __init__(self, folder: Path, chains: Mapping[str, Connection], names: Sequence[OrganisationId]) -> None:
        self.folder, self.chains, self.names = folder, chains, names
        self._running: list[ProcessId] = []
        self._guard = Guard()

    def home(self, name: OrganisationId) -> Path:
        return self.folder / "homes" / name

    @property
    def private(self) -> PrivateContracts:
        return private_contracts(self.chains["private"], self.folder / "deployments")

    def start(self, module: str, arguments: Sequence[str], log: Path) -> ProcessId:
        """A Python program in a process group of its own."""
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), **self._guard.mark}
        process = spawn([sys.executable, "-B", "-m", module, *arguments], log, environment)
        self._guard.watch(process.pid)
        self._running.append(process)
        return process

    def until(self, what: str, holds: Callable[[], bool], seconds: float) -> None:
        """Look once a second.

        Raises:
            RoundStuck: it does not hold in time, or a program has ended meanwhile.
        """
        deadline = time.monotonic() + seconds
        while not holds():
            if not all(map(is_alive, self._running)):
                raise RoundStuck(f"a daemon ended while {what}: {self._last_words()}")
            if time.monotonic() > deadline:
                raise RoundStuck(f"{what}: not within {seconds:g} s; {self._last_words()}")
            time.sleep(1.0)

    def agree(self) -> Agreement:
        """Everybody's authority accepts one agreement; prepared one by one, mined together."""
        agreement = Agreement.of(CONSORTIUM_ID, "Agreement", list(self.names), "a measurement", ["Be honest."])
        chain, rounds = self.chains["private"], self.private.rounds
        hashes = []
        for name in self.names:
            sender = TransactionSender(chain, Signer(authority(name)))
            signed = sender.prepare(rounds.accept_agreement(agreement.digest, leaf_salt()))
            sender.broadcast(signed)
            hashes.append(signed.hash)
        mined(chain, hashes)
        return agreement

    def access(self, name: OrganisationId) -> Access:
        """As an operator's verb has it, beside the daemon."""
        return connect(compose([], organisation_home=self.home(name)), self.home(name), PASSWORD)

    def stop(self) -> None:
        """End what was started here, the chains last."""
        stop(self._running)
        self._running = []

    def _last_words(self) -> str:
        logs = [path for path in self.folder.rglob(LOG) if path.stat().st_size]
        lines = [path.read_text(errors="replace").strip().splitlines()[-1] for path in logs]
        return next((line for line in lines if "Error" in line or "ended" in line), lines[0] if lines else "no log")

    def __enter__(self) -> World:
        self._guard.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.stop()
        self._guard.__exit__(*exc)


@contextmanager
def world(size: int) -> Iterator[World]:
    """``size`` members with homes and funded keys on chains that make a block a second; no daemon runs yet.

    Raises:
        EnvironmentMissing: the node modules are not there. ChainError, StorageError: a node did not start.
    """
    names = [organisation(place) for place in range(size)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-round-")))
        watched = stack.enter_context(Guard())
        network = up(folder / "network", names[:IPFS_NODES])
        stack.callback(down, folder / "network")
        for node in network.nodes.values():
            assert node.process is not None
            watched.watch(node.process.pid)
        chains = {name: Connection(chain.rpc_url, chain.chain_id, 60.0) for name, chain in network.chains.items()}
        deploy(chains, folder / "deployments", names)
        apis = [node.api_url for node in network.storage.values()]
        for place, name in enumerate(names):
            _home(folder, name, chains, apis[place % len(apis)])
        yield stack.enter_context(World(folder, chains, names))


def _home(folder: Path, name: OrganisationId, chains: Mapping[str, Connection], api_url: str) -> None:
    settings = {
        "chain.deployments": str(folder / "deployments"),
        "chain.public.url": chains["public"].url,
        "chain.private.url": chains["private"].url,
        "storage.api_url": api_url,
        "chain.timeout": ANSWER_SECONDS,
        "chain.transaction_timeout": MINED_SECONDS,
    }
    cold, hot = authority(name), delegate(name)
    make_home(folder / "homes" / name, name, PASSWORD, authority=cold, delegate=hot, settings=settings)
