"""Bring the local network up, take it down, say how it is."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.errors import StorageError
from orchestrator.localnet import nodes, rpc
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.plan import check_names, planned
from orchestrator.localnet.processes import ProcessId, stop, uninterrupted
from orchestrator.localnet.state import Chain, Network, StorageNode, read_state, state_path, write_state

DEFAULT_ORGANISATIONS = ("aurora", "borealis", "cumulus")
LOCK = ".lock"


@dataclass(frozen=True)
class Status:
    """How one node is.

    Attributes:
        running: the recorded process lives.
        detail: the newest block of a chain, the connected peers of an IPFS node; None if it does not answer.
    """

    name: str
    kind: str
    address: str
    running: bool
    detail: int | None


def read_network(run_dir: Path) -> Network | None:
    """The network as recorded, running or not; None if this folder never had one."""
    return read_state(run_dir)


def up(
    run_dir: Path,
    organisations: Sequence[str] = DEFAULT_ORGANISATIONS,
    *,
    public_port: int | None = None,
    private_port: int | None = None,
    keep_organisations: bool = False,
) -> Network:
    """Start what does not run yet; `started` of the result names it. Former ports and data are used again.

    Args:
        organisations: one IPFS node for each; nodes of other organisations that run already go on.
        public_port, private_port: ports that the chains must have.
        keep_organisations: start the organisations of the last run, if there was one.

    Raises:
        ConfigurationError: an organisation's name cannot be used.
        EnvironmentMissing: no checkout or no node modules; PortTaken: a forced port is in use.
        ChainError, StorageError: a node did not start. All that this call started is stopped then.
    """
    with _locked(run_dir):
        former = read_state(run_dir)
        if keep_organisations and former is not None:
            organisations = list(former.storage)
        check_names(organisations)
        forced = {"public": public_port, "private": private_port}
        network = planned(former, organisations, forced)
        return _started(run_dir, network)


def down(run_dir: Path, purge: bool = False) -> bool:
    """Stop all nodes, the chains after having saved their state. Returns whether any ran.

    Args:
        purge: remove the run folder as well.
    """
    if not state_path(run_dir).exists():
        _remove_if_unused(run_dir, purge)
        return False
    with _locked(run_dir):
        network = read_state(run_dir)
        running = [] if network is None else [node for node in network.nodes.values() if nodes.runs(node)]
        stop(node.process for node in running if node.process is not None)
        if purge and network is not None:
            shutil.rmtree(run_dir)
        elif network is not None:
            write_state(run_dir, _with_processes_gone(network))
    return bool(running)


def _remove_if_unused(run_dir: Path, purge: bool) -> None:
    """A start that failed early leaves its lock and nothing else; a folder of something else is left alone."""
    if purge and run_dir.is_dir() and {path.name for path in run_dir.iterdir()} <= {LOCK}:
        shutil.rmtree(run_dir)


def status(run_dir: Path) -> list[Status]:
    """One line a node, chains first; empty if this folder never had a network."""
    network = read_state(run_dir)
    if network is None:
        return []
    return [_status(name, node) for name, node in network.nodes.items()]


def _status(name: str, node: Chain | StorageNode) -> Status:
    running = nodes.runs(node)
    if isinstance(node, Chain):
        detail = rpc.block_number(node.rpc_url) if running else None
        return Status(name, node.kind, node.rpc_url, running, detail)
    found = rpc.peers(node.api_url) if running else None
    return Status(name, node.kind, node.api_url, running, None if found is None else len(found))


@contextmanager
def _locked(run_dir: Path) -> Iterator[None]:
    """One up or down at a time in a run folder; the second waits. A purge removes the lock with the folder."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _started(run_dir: Path, network: Network) -> Network:
    """Start what is planned and not running; on any trouble, Ctrl-C included, stop it again."""
    begun: list[ProcessId] = []
    names = []
    with Guard() as guard:
        try:
            for name, node in network.nodes.items():
                if nodes.runs(node):
                    continue
                with uninterrupted():
                    node = _start(run_dir, node, guard.mark)
                    assert node.process is not None
                    guard.watch(node.process.pid)
                    begun.append(node.process)
                    names.append(name)
                    network = _replaced(network, node)
                    write_state(run_dir, network)
            network = _ready(run_dir, network)
            write_state(run_dir, network)
            guard.release()
        except BaseException:
            stop(begun)
            if state_path(run_dir).exists():
                write_state(run_dir, _without(network, begun))
            raise
    return replace(network, started=tuple(names))


def _start(run_dir: Path, node: Chain | StorageNode, mark: Mapping[str, str]) -> Chain | StorageNode:
    if isinstance(node, Chain):
        return nodes.start_chain(run_dir, node, mark)
    return nodes.start_storage(run_dir, node, mark)


def _ready(run_dir: Path, network: Network) -> Network:
    """Wait for every node, then join the IPFS nodes to one swarm."""
    for chain in network.chains.values():
        nodes.wait_for_chain(run_dir, chain)
    for node in network.storage.values():
        network = _replaced(network, nodes.wait_for_storage(run_dir, node))
    addresses = [node.swarm_multiaddr for node in network.storage.values()]
    path = nodes.peers_file(run_dir)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(addresses, indent=2) + "\n")
    draft.replace(path)
    _join(list(network.storage.values()))
    return network


def _join(storage: list[StorageNode]) -> None:
    for place, node in enumerate(storage):
        connected = rpc.peers(node.api_url) or []
        for other in storage[place + 1 :]:
            if other.peer_id not in connected and not rpc.connect_peer(node.api_url, other.swarm_multiaddr):
                raise StorageError(
                    f"the IPFS nodes of {node.organisation} and {other.organisation} do not connect",
                    mend="look at their logs in the run folder",
                )


def _replaced(network: Network, node: Chain | StorageNode) -> Network:
    if isinstance(node, Chain):
        return replace(network, chains={**network.chains, node.name: node})
    return replace(network, storage={**network.storage, node.organisation: node})


def _without(network: Network, ended: list[ProcessId]) -> Network:
    for node in network.nodes.values():
        if node.process in ended:
            network = _replaced(network, replace(node, process=None))
    return network


def _with_processes_gone(network: Network) -> Network:
    return _without(network, [node.process for node in network.nodes.values() if node.process is not None])
