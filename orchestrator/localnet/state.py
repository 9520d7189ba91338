"""What a run folder's `state.json` holds: processes, ports and addresses of one local network."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.localnet.ports import HOST
from orchestrator.localnet.processes import ProcessId

FORMAT = "loranchor-local-network"
VERSION = 1


@dataclass(frozen=True)
class Chain:
    """One chain's node.

    Attributes:
        kind: `anvil` or `ganache`.
        port: of the JSON-RPC on loopback.
        process: None while it is stopped; the port is kept for the next start.
    """

    name: str
    kind: str
    chain_id: int
    port: int
    process: ProcessId | None = None

    @property
    def rpc_url(self) -> str:
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True)
class StorageNode:
    """One organisation's IPFS node.

    Attributes:
        kind: `kubo` or `js-ipfs`.
        peer_id: its identity in the swarm; empty until the first start.
    """

    organisation: str
    kind: str
    api_port: int
    swarm_port: int
    peer_id: str = ""
    process: ProcessId | None = None

    @property
    def api_url(self) -> str:
        return f"http://{HOST}:{self.api_port}"

    @property
    def api_multiaddr(self) -> str:
        return f"/ip4/{HOST}/tcp/{self.api_port}/http"

    @property
    def swarm_multiaddr(self) -> str:
        return f"/ip4/{HOST}/tcp/{self.swarm_port}/p2p/{self.peer_id}"


@dataclass(frozen=True)
class Network:
    """A local network as of its last start or stop.

    Attributes:
        chains: `public` and `private`.
        storage: by organisation.
        started: what the call that returned this has started; empty means that all ran already. Not stored.
    """

    chains: dict[str, Chain]
    storage: dict[str, StorageNode]
    started: tuple[str, ...] = ()

    @property
    def nodes(self) -> dict[str, Chain | StorageNode]:
        """All nodes by the name of their log file."""
        return {**self.chains, **{f"ipfs-{name}": node for name, node in self.storage.items()}}


def to_json(network: Network) -> dict[str, Any]:
    """The stored form; the addresses are there for readers, `from_json` derives them again."""
    chains = {
        name: {
            "kind": chain.kind,
            "chain_id": chain.chain_id,
            "port": chain.port,
            "rpc_url": chain.rpc_url,
            "process": _process_json(chain.process),
        }
        for name, chain in network.chains.items()
    }
    organisations = {
        name: {
            "kind": node.kind,
            "api_port": node.api_port,
            "swarm_port": node.swarm_port,
            "api_url": node.api_url,
            "api_multiaddr": node.api_multiaddr,
            "peer_id": node.peer_id,
            "process": _process_json(node.process),
        }
        for name, node in network.storage.items()
    }
    return {"format": FORMAT, "version": VERSION, "chains": chains, "organisations": organisations}


def _process_json(process: ProcessId | None) -> dict[str, Any] | None:
    return None if process is None else asdict(process)


def from_json(document: dict[str, Any]) -> Network:
    """Raises:
    FormatError: another format or version, or a field is missing.
    """
    found = (document.get("format"), document.get("version"))
    if found != (FORMAT, VERSION):
        raise FormatError(f"state.json has format {found[0]} version {found[1]}, not {FORMAT} {VERSION}")
    try:
        chains = {
            name: Chain(name, item["kind"], item["chain_id"], item["port"], _process(item["process"]))
            for name, item in document["chains"].items()
        }
        storage = {
            name: StorageNode(
                name, item["kind"], item["api_port"], item["swarm_port"], item["peer_id"], _process(item["process"])
            )
            for name, item in document["organisations"].items()
        }
    except (KeyError, TypeError) as error:
        raise FormatError(f"state.json lacks {error}") from error
    return Network(chains, storage)


def _process(item: dict[str, Any] | None) -> ProcessId | None:
    return None if item is None else ProcessId(item["pid"], item["started"])


def state_path(run_dir: Path) -> Path:
    return run_dir / "state.json"


def read_state(run_dir: Path) -> Network | None:
    """The stored network; None without one.

    Raises:
        FormatError: the file is damaged or of another version.
    """
    path = state_path(run_dir)
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        raise FormatError(f"{path} is not JSON ({error.msg})", mend="remove the folder, then start again") from error
    return from_json(document)


def write_state(run_dir: Path, network: Network) -> None:
    """Write whole or not at all: a crash must not lose the processes that run."""
    path = state_path(run_dir)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(to_json(network), indent=2) + "\n")
    draft.replace(path)
