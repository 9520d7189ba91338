"""Five organisations on real chains and IPFS nodes that can be restarted, with daemons as processes of their own.

The daemons reach both chains through proxies that drop, delay, cut and repeat answers. Import it as
``from chaos_world import chaos``.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from chain_deployment import Consortium, deploy
from killed_daemon import PASSWORD
from local_server import Handler, serving
from real_world import ROOT

from benchmarks.round.homes import make_home
from orchestrator.chain.connection import Connection
from orchestrator.chain.sender import TransactionSender
from orchestrator.daemon.services import leaf_salt
from orchestrator.errors import ChainError
from orchestrator.ledger.agreement import Agreement
from orchestrator.localnet import nodes, rpc
from orchestrator.localnet.anvil import base_command
from orchestrator.localnet.checkout import ganache_command
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.ports import HOST, PortPicker
from orchestrator.localnet.processes import ProcessId, spawn, wait_until
from orchestrator.localnet.processes import stop as stop_processes
from orchestrator.localnet.state import StorageNode
from orchestrator.types import OrganisationId

NAMES = ("aurora", "borealis", "cumulus", "dorado", "eridanus")
BLOCK_SECONDS = 0.5
QUORUM, STEP_BLOCKS = 3, 4000


class Between:
    """A proxy before ``node`` that is no good.

    Attributes:
        url: where it listens. trouble: share of the answers that are spoilt. random: whose seed the test prints.
        spoilt: how many were.
    """

    def __init__(self, node: str, seed: int) -> None:
        self.node, self.url = node, ""
        self.trouble, self.random = 0.0, random.Random(seed)
        self._last = b""
        self.spoilt = 0

    def answer(self, body: bytes) -> bytes | None:
        kind = self.random.choice(KINDS) if self.random.random() < self.trouble else ""
        self.spoilt += bool(kind)
        if kind == "lost":
            return None
        if kind == "late":
            time.sleep(self.random.uniform(0.2, 2.0))
        try:
            headers = {"Content-Type": "application/json"}
            told = requests.post(self.node, data=body, headers=headers, timeout=60).content
        except requests.RequestException:
            return None  # the chain is being restarted
        former, self._last = self._last, told
        match kind:
            case "unanswered":
                return None
            case "cut":
                return told[: len(told) // 2]
            case "another":
                return former
        return told


KINDS = ("lost", "late", "unanswered", "cut", "another")


@dataclass
class Chain:
    """A chain that keeps its state over graceful restarts."""

    command: Sequence[str]
    url: str
    chain_id: int
    log: Path
    mark: dict[str, str]
    process: ProcessId | None = None

    def start(self) -> None:
        self.process = spawn(self.command, self.log, {**os.environ, **self.mark}, keep_output=False)
        assert wait_until(lambda: rpc.chain_id(self.url) == self.chain_id, self.process, 60.0), self.log

    def stop(self) -> None:
        if self.process is not None:
            stop_processes([self.process])


@dataclass
class Daemon:
    """One member's daemon: a process whose child is the daemon's own, begun again when it ends by itself."""

    name: OrganisationId
    home: Path
    log: Path
    guard: Guard
    process: subprocess.Popen[bytes] | None = None
    ended: list[int] = field(default_factory=list)

    def start(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        program = Path(__file__).with_name("chaos_daemon.py")
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}:{program.parent}", **self.guard.mark}
        command = [sys.executable, "-B", str(program), str(self.home), "-"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=environment)
        self.guard.watch(self.process.pid)

    def revive(self) -> None:
        """As systemd does it: what ended by itself, such as while a chain was away, is begun again."""
        if self.process is not None and self.process.poll() is not None:
            self.ended.append(self.process.returncode)
            self.start()

    def kill(self) -> None:
        """SIGKILL to the daemon itself; its parent begins it again."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for child in children.read_text().split() if children.exists() else ():
            os.kill(int(child), signal.SIGKILL)

    def stop(self) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None


@dataclass
class Chaos:
    """Everything that can be disturbed."""

    folder: Path
    consortium: Consortium
    agreement: Agreement
    public: Chain
    private: Chain
    proxies: tuple[Between, Between]
    storage: list[StorageNode]
    daemons: dict[OrganisationId, Daemon]
    mark: dict[str, str]
    guard: Guard
    stopping: threading.Event = field(default_factory=threading.Event)
    quiet: threading.Lock = field(default_factory=threading.Lock)

    def restart_chain(self, chain: Chain) -> None:
        """Gracefully: it saves its state and comes back with it."""
        with self.quiet:
            chain.stop()
            chain.start()
        assert chain.process is not None
        self.guard.watch(chain.process.pid)

    def restart_storage(self, place: int) -> None:
        node = self.storage[place]
        assert node.process is not None
        stop_processes([node.process])
        begun = nodes.start_storage(self.folder / "ipfs", node, self.mark)
        assert begun.process is not None
        self.guard.watch(begun.process.pid)
        self.storage[place] = nodes.wait_for_storage(self.folder / "ipfs", begun)
        self.join()

    def join(self) -> None:
        one, other = self.storage
        assert rpc.connect_peer(one.api_url, other.swarm_multiaddr)

    def mine(self, chain: Connection) -> None:
        while not self.stopping.wait(BLOCK_SECONDS):
            with self.quiet:
                try:
                    chain.request("evm_mine", [])
                except ChainError:
                    continue

    def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not self._holds(condition):
            assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
            time.sleep(0.5)

    def _holds(self, condition: Callable[[], bool]) -> bool:
        try:
            return condition()
        except ChainError:
            return False


@contextmanager
def chaos(folder: Path, seed: int) -> Iterator[Chaos]:
    """Five members with funded keys who have accepted an agreement; no daemon runs yet, and nothing is disturbed."""
    with ExitStack() as stack:
        guard = stack.enter_context(Guard())
        mark = dict(guard.mark)
        with PortPicker() as ports:
            ports_of = [ports.pick() for _ in range(2)]
            kind = nodes.storage_kind()
            planned = [StorageNode(name, kind, ports.pick(), ports.pick()) for name in NAMES[:2]]
        public = _anvil(folder, ports_of[0], mark)
        private = _ganache(folder, ports_of[1], mark)
        for chain in (public, private):
            chain.start()
            stack.callback(chain.stop)
            assert chain.process is not None
            guard.watch(chain.process.pid)
        consortium = deploy(
            Connection(public.url, 31337),
            Connection(private.url, 1337),
            folder / "deployments",
            quorum=QUORUM,
            names=NAMES,
            step_blocks=STEP_BLOCKS,
        )
        proxies = tuple(stack.enter_context(_between(chain.url, seed)) for chain in (public, private))
        agreement = _agreed(consortium)
        storage: list[StorageNode] = []
        made = Chaos(folder, consortium, agreement, public, private, proxies, storage, {}, mark, guard)  # type: ignore[arg-type]
        stack.callback(lambda: stop_processes([node.process for node in storage if node.process is not None]))
        (folder / "ipfs").mkdir()
        for node in planned:
            begun = nodes.start_storage(folder / "ipfs", node, mark)
            assert begun.process is not None
            guard.watch(begun.process.pid)
            storage.append(nodes.wait_for_storage(folder / "ipfs", begun))
        made.join()
        for place, keys in enumerate(consortium.members):
            home = _home(folder, keys, proxies, storage[place % 2])
            made.daemons[keys.organisation] = Daemon(
                keys.organisation, home, folder / f"{keys.organisation}.log", guard
            )
        threads = [
            threading.Thread(target=made.mine, args=(Connection(chain.url, chain.chain_id, retries=1),))
            for chain in (public, private)
        ]
        for thread in threads:
            thread.start()
        try:
            yield made
        finally:
            for daemon in made.daemons.values():
                daemon.stop()
            made.stopping.set()
            for thread in threads:
                thread.join(30)


def _anvil(folder: Path, port: int, mark: dict[str, str]) -> Chain:
    command = [*base_command(port, 31337), "--state", str(folder / "anvil.json")]
    return Chain(command, f"http://{HOST}:{port}", 31337, folder / "anvil.log", mark)


def _ganache(folder: Path, port: int, mark: dict[str, str]) -> Chain:
    flags = ("--logging.quiet", "--server.host", HOST, "--server.port", str(port), "--chain.hardfork", "shanghai")
    ids = ("--chain.chainId", "1337", "--chain.networkId", "1337", "--wallet.deterministic")
    kept = ("--wallet.defaultBalance", "100000", "--database.dbPath", str(folder / "ganache"))
    (folder / "ganache").mkdir()
    return Chain([*ganache_command(), *flags, *ids, *kept], f"http://{HOST}:{port}", 1337, folder / "ganache.log", mark)


def _agreed(consortium: Consortium) -> Agreement:
    members = [keys.organisation for keys in consortium.members]
    agreement = Agreement.of(consortium.private.deployment.consortium_id, "Agreement", members, "tests", ["Be honest."])
    for keys in consortium.members:
        call = consortium.private.rounds.accept_agreement(agreement.digest, leaf_salt())
        TransactionSender(consortium.private_chain, keys.authority, timeout=60, poll=0.05).send(call)
    return agreement


@contextmanager
def _between(node: str, seed: int) -> Iterator[Between]:
    made = Between(node, seed)

    class Told(Handler):
        def do_POST(self) -> None:
            answer = made.answer(self.body)
            if answer is None:
                self.close_connection = True
                return
            with suppress(ConnectionError):  # whoever asked was killed meanwhile
                self.give(answer)

    with serving(Told) as made.url:
        yield made


def _home(folder: Path, keys: Any, proxies: Any, node: StorageNode) -> Path:
    home = folder / "homes" / keys.organisation
    settings = {
        "chain.deployments": str(folder / "deployments"),
        "chain.public.url": proxies[0].url,
        "chain.private.url": proxies[1].url,
        "storage.api_url": node.api_url,
    }
    make_home(home, keys.organisation, PASSWORD, authority=keys.authority, delegate=keys.delegate, settings=settings)
    return home
