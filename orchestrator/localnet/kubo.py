"""Kubo in a private swarm on loopback: what production speaks to, used here when an `ipfs` is on PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from orchestrator.errors import StorageError
from orchestrator.localnet.ports import HOST


def environment(repo: Path) -> dict[str, str]:
    """With LIBP2P_FORCE_PNET a node without the swarm key refuses to start, rather than join the public network."""
    return {**os.environ, "IPFS_PATH": str(repo), "LIBP2P_FORCE_PNET": "1"}


def daemon_command(program: str) -> list[str]:
    return [program, "daemon", "--enable-gc"]


def prepare(program: str, repo: Path, swarm_key: Path, *, api_port: int, swarm_port: int) -> None:
    """Create the repository if there is none, and set keys and addresses.

    Raises:
        StorageError: `ipfs init` failed.
    """
    repo.mkdir(parents=True, exist_ok=True)
    if not (repo / "config").exists():
        done = subprocess.run(
            [program, "init", "--empty-repo"],
            env=environment(repo),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode:
            raise StorageError(f"`ipfs init` failed ({done.stderr.strip()[-200:]})", mend=f"look at {program}")
    shutil.copyfile(swarm_key, repo / "swarm.key")
    (repo / "swarm.key").chmod(0o600)
    path = repo / "config"
    path.write_text(json.dumps(private(json.loads(path.read_text()), api_port, swarm_port), indent=2))


def private(config: dict[str, object], api_port: int, swarm_port: int) -> dict[str, object]:
    """`config` with nothing in it that would reach beyond this machine."""
    return {
        **config,
        "Addresses": {
            "Swarm": [f"/ip4/{HOST}/tcp/{swarm_port}"],
            "API": f"/ip4/{HOST}/tcp/{api_port}",
            "Gateway": [],
            "Announce": [],
            "AppendAnnounce": [],
            "NoAnnounce": [],
        },
        "AutoConf": {"Enabled": False},
        "AutoTLS": {"Enabled": False},
        "Bootstrap": [],
        "Discovery": {"MDNS": {"Enabled": False}},
        "DNS": {"Resolvers": {}},
        "Ipns": {},
        "Routing": {"Type": "none"},
        "Swarm": {"AddrFilters": [], "DisableNatPortMap": True, "RelayClient": {"Enabled": False}},
    }
