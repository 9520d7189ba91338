"""Start one node of the local network, and wait until it answers."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from orchestrator.errors import ChainError, StorageError
from orchestrator.localnet import kubo, rpc
from orchestrator.localnet.anvil import public_chain_command
from orchestrator.localnet.checkout import ganache_command, js_ipfs_command, kubo_program
from orchestrator.localnet.ports import HOST
from orchestrator.localnet.processes import is_alive, spawn, wait_until
from orchestrator.localnet.state import Chain, StorageNode

START_SECONDS = 90.0
ACCOUNTS = 20
BLOCK_GAS_LIMIT = 30_000_000


def log_of(run_dir: Path, name: str) -> Path:
    return run_dir / "logs" / f"{name}.log"


def swarm_key(run_dir: Path) -> Path:
    """The private swarm's key (IPFS pre-shared key, 32 random bytes), made at the first start."""
    path = run_dir / "ipfs" / "swarm.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            stream.write(f"/key/swarm/psk/1.0.0/\n/base16/\n{secrets.token_hex(32)}\n")
        draft.replace(path)
    return path


def peers_file(run_dir: Path) -> Path:
    """Multiaddrs of all nodes; js-ipfs reads it again and again and reconnects."""
    return run_dir / "ipfs" / "peers.json"


def storage_kind() -> str:
    return "js-ipfs" if kubo_program() is None else "kubo"


def start_chain(run_dir: Path, chain: Chain, mark: Mapping[str, str]) -> Chain:
    """Args:
    mark: the guard's, for the environment.
    """
    data = run_dir / "chains" / chain.name
    data.mkdir(parents=True, exist_ok=True)
    if chain.kind == "anvil":
        command = public_chain_command(chain.port, chain.chain_id, data / "state.json")
    else:
        command = _ganache(chain, data)
    # Ganache prints its accounts' keys at start, whatever its options
    log, keep = log_of(run_dir, chain.name), chain.kind != "ganache"
    return replace(chain, process=spawn(command, log, {**os.environ, **mark}, keep_output=keep))


def _ganache(chain: Chain, data: Path) -> list[str]:
    """A block every second; unlocked development accounts from Ganache's own fixed seed, the same at every start."""
    number = str(chain.chain_id)
    return [
        *ganache_command(),
        *("--logging.quiet", "--server.host", HOST, "--server.port", str(chain.port)),
        *("--chain.chainId", number, "--chain.networkId", number, "--chain.hardfork", "shanghai"),
        *("--miner.blockTime", "1", "--miner.blockGasLimit", str(BLOCK_GAS_LIMIT)),
        *("--wallet.deterministic", "--wallet.totalAccounts", str(ACCOUNTS), "--wallet.defaultBalance", "10000"),
        *("--database.dbPath", str(data)),
    ]


def start_storage(run_dir: Path, node: StorageNode, mark: Mapping[str, str]) -> StorageNode:
    """The former process is known to be dead here, so locks that it left are stale."""
    repo = run_dir / "ipfs" / node.organisation
    key = swarm_key(run_dir)
    if node.kind == "kubo":
        program = kubo_program() or "ipfs"
        kubo.prepare(program, repo, key, api_port=node.api_port, swarm_port=node.swarm_port)
        command, env = kubo.daemon_command(program), kubo.environment(repo)
    else:
        for stale in ("repo.lock", "api"):
            path = repo / stale
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        ports = (str(node.api_port), str(node.swarm_port))
        command = [*js_ipfs_command(), str(repo), str(key), *ports, str(peers_file(run_dir))]
        env = dict(os.environ)
    return replace(node, process=spawn(command, log_of(run_dir, f"ipfs-{node.organisation}"), {**env, **mark}))


def wait_for_chain(run_dir: Path, chain: Chain) -> Chain:
    """Raises:
    ChainError: the node ended, did not answer in time, or has another chain id.
    """
    assert chain.process is not None
    if not wait_until(lambda: rpc.chain_id(chain.rpc_url) is not None, chain.process, START_SECONDS):
        raise ChainError(_why(run_dir, chain.name, f"the {chain.name} chain ({chain.kind})"), mend=_mend(run_dir))
    found = rpc.chain_id(chain.rpc_url)
    if found != chain.chain_id:
        raise ChainError(f"port {chain.port} answers with chain id {found}, not {chain.chain_id}", mend=_mend(run_dir))
    return chain


def wait_for_storage(run_dir: Path, node: StorageNode) -> StorageNode:
    """Returns the node with its identity.

    Raises:
        StorageError: it ended or did not answer in time.
    """
    assert node.process is not None
    if not wait_until(lambda: rpc.peer_id(node.api_url) is not None, node.process, START_SECONDS):
        name = f"ipfs-{node.organisation}"
        raise StorageError(_why(run_dir, name, f"the IPFS node of {node.organisation}"), mend=_mend(run_dir))
    return replace(node, peer_id=rpc.peer_id(node.api_url) or "")


def runs(node: Chain | StorageNode) -> bool:
    return node.process is not None and is_alive(node.process)


def _mend(run_dir: Path) -> str:
    return f"its state may be damaged: `loranchor network down --purge --run-dir {run_dir}` starts afresh"


def _why(run_dir: Path, name: str, what: str) -> str:
    log = log_of(run_dir, name)
    lines = (
        [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()] if log.exists() else []
    )
    errors = [line for line in lines if "error" in line.lower()] or lines
    return f"{what} did not start ({errors[-1][:200] if errors else 'no output'}; log: {log})"
