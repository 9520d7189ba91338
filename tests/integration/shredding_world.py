"""Three organisations whose keys, seals, IPFS nodes, models and workers are real; only the chains are simulated.

All that they write lies below one folder: homes, IPFS repositories, logs and temporary files.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from model_world import tiny_spec
from unit.daemon.consortium import Consortium
from unit.ledger.actors import MEMBERS
from unit.worker.bench_world import values_of

from orchestrator.daemon.opening import open_contribution
from orchestrator.daemon.process_workbench import ProcessWorkbench
from orchestrator.daemon.worker_settings import WorkerSettings
from orchestrator.ledger.task import TaskSpec
from orchestrator.localnet import nodes, rpc
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.ports import PortPicker
from orchestrator.localnet.processes import stop
from orchestrator.localnet.state import StorageNode
from orchestrator.storage import IpfsStore
from orchestrator.types import Cid, OrganisationId, UpdateId


@contextmanager
def swarm(folder: Path) -> Iterator[dict[OrganisationId, StorageNode]]:
    """An IPFS node of each member; each knows the first."""
    with PortPicker() as ports:
        planned = [StorageNode(name, nodes.storage_kind(), ports.pick(), ports.pick()) for name in MEMBERS]
    nodes.swarm_key(folder)
    nodes.peers_file(folder).write_text("[]\n")
    with Guard() as guard:
        started = [nodes.start_storage(folder, node, guard.mark) for node in planned]
        try:
            for node in started:
                assert node.process is not None
                guard.watch(node.process.pid)
            ready = [nodes.wait_for_storage(folder, node) for node in started]
            for one in ready:
                for other in ready:
                    assert one is other or rpc.connect_peer(one.api_url, other.swarm_multiaddr)
            yield dict(zip(MEMBERS, ready, strict=True))
        finally:
            stop([node.process for node in started if node.process is not None])


class ShreddingWorld(Consortium):
    """Members whose trainings leave a checkpoint after each step."""

    def __init__(self, folder: Path, spec: TaskSpec, storage: dict[OrganisationId, StorageNode]) -> None:
        super().__init__(folder / "homes", spec)
        self.folder = folder
        for place, name in enumerate(MEMBERS):
            texts = folder / "texts" / name
            texts.mkdir(parents=True)
            for number in range(12):
                (texts / f"{number}.txt").write_text(f"{name} says {number} times {place}: " + "abc"[place] * 40)
            values = values_of(texts, organisations=[{"name": name, "shard": {}}])
            settings = WorkerSettings(checkpoint_every=0, idle_seconds=120)
            home = self.home / name
            self.benches[name] = ProcessWorkbench(name, values, home, settings)  # type: ignore[assignment]
            self.stores[name] = IpfsStore(storage[name].api_url)  # type: ignore[assignment]
        self.services = {name: self.make_services(name) for name in MEMBERS}

    def close(self) -> None:
        for bench in self.benches.values():
            bench.close()  # type: ignore[attr-defined]
        super().close()

    def play(self, rounds: int) -> None:
        self.until(lambda: all(name in self.history.state.prekeys for name in MEMBERS))
        for _ in range(rounds):
            self.open_round(MEMBERS[0])
            self.settle()

    def of(self, owner: OrganisationId) -> list[UpdateId]:
        """A member's contributions."""
        return [item.id for item in self.history.state.updates.values() if item.organisation == owner]

    def plaintext(self, update: UpdateId) -> bytes:
        """As the first member opens it."""
        return open_contribution(self.sync(MEMBERS[0]), self.history.state.updates[update])

    def blocks(self, name: OrganisationId) -> set[str]:
        """What lies in a member's IPFS repository, block by block."""
        store = self.stores[name]
        return {str(entry["Ref"]) for entry in store._rpc.request("/refs/local", decoder="json")}  # type: ignore[attr-defined]

    def objects(self, updates: list[UpdateId]) -> list[Cid]:
        found = (self.history.state.updates[item] for item in updates)
        return [cid for update in found for cid in (update.payload_cid, update.header_cid) if cid]


@contextmanager
def shredding_world(folder: Path) -> Iterator[ShreddingWorld]:
    """With logs of everything at the lowest level, and temporary files of all processes in the folder."""
    (folder / "tmp").mkdir(parents=True)
    (folder / "logs").mkdir(exist_ok=True)
    handler = logging.FileHandler(folder / "logs" / "daemons.log")
    root, level = logging.getLogger(), logging.getLogger().level
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("TMPDIR", str(folder / "tmp"))
        patch.setattr("tempfile.tempdir", None)
        patch.setattr(os, "fsync", lambda handle: None)
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        stack.callback(root.setLevel, level)
        stack.callback(root.removeHandler, handler)
        stack.callback(handler.close)
        storage = stack.enter_context(swarm(folder))
        world = ShreddingWorld(folder, tiny_spec(), storage)
        stack.callback(world.close)
        yield world
