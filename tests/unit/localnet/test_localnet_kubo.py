"""A production node's settings: nothing that reaches beyond this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.errors import StorageError
from orchestrator.localnet import kubo

STOCK = {
    "Identity": {"PeerID": "12D3KooW"},
    "Bootstrap": ["/dnsaddr/bootstrap.example/p2p/Qm"],
    "Addresses": {"Swarm": ["/ip4/0.0.0.0/tcp/4001"], "API": "/ip4/127.0.0.1/tcp/5001"},
    "Discovery": {"MDNS": {"Enabled": True}},
}


def fake_ipfs(folder: Path, code: int = 0) -> str:
    program = folder / "ipfs"
    program.write_text(f"#!/bin/sh\necho '{json.dumps(STOCK)}' > \"$IPFS_PATH/config\"\nexit {code}\n")
    program.chmod(0o755)
    return str(program)


def test_everything_is_loopback_and_the_swarm_private(tmp_path: Path) -> None:
    key = tmp_path / "swarm.key"
    key.write_text("secret")
    repo = tmp_path / "repo"
    kubo.prepare(fake_ipfs(tmp_path), repo, key, api_port=4003, swarm_port=4004)
    config = json.loads((repo / "config").read_text())
    assert config["Identity"] == STOCK["Identity"]
    assert config["Addresses"]["Swarm"] == ["/ip4/127.0.0.1/tcp/4004"]
    assert config["Addresses"]["API"] == "/ip4/127.0.0.1/tcp/4003"
    assert config["Bootstrap"] == []
    assert config["Routing"] == {"Type": "none"}
    assert not config["Discovery"]["MDNS"]["Enabled"]
    assert (repo / "swarm.key").stat().st_mode & 0o777 == 0o600
    assert kubo.environment(repo)["LIBP2P_FORCE_PNET"] == "1"


def test_a_failing_init_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="ipfs init"):
        kubo.prepare(fake_ipfs(tmp_path, code=1), tmp_path / "repo", tmp_path / "key", api_port=1, swarm_port=2)
