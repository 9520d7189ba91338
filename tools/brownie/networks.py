"""Brownie's network-config.yaml: its stock networks, and ours, whose addresses come from the environment.

So the file is the same for every run, and runs with networks of their own do not meet in it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from orchestrator.localnet import DEFAULT_ORGANISATIONS, read_network, up
from tools.setup.paths import ROOT, VENV_CONTRACTS, write_atomic

CHAIN_IDS = {"public": 31337, "private": 1337}
# examples of networks outside this machine: the variable that holds each one's endpoint
ENDPOINTS = {"sepolia": "SEPOLIA_RPC_URL", "besu": "BESU_RPC_URL"}
# the same for the local chains; the brownie command sets these
LOCAL_ENDPOINTS = {name: f"LORANCHOR_{name.upper()}_RPC_URL" for name in CHAIN_IDS}
OURS = ("public", "private", "sepolia", "besu", "test")
UNUSED_PORT = 1  # shown while the local network is down


def run_dir() -> Path:
    """Run folder of the local network: `runs/network`, or what LORANCHOR_NETWORK_DIR names."""
    return Path(os.environ.get("LORANCHOR_NETWORK_DIR") or ROOT / "runs" / "network")


def local_rpc_urls(*, start: bool) -> dict[str, str]:
    """RPC addresses of the two local chains, empty when the network is down and is not to be started.

    Raises:
        LoranchorError: the local network could not be started.
    """
    network = up(run_dir(), DEFAULT_ORGANISATIONS, keep_organisations=True) if start else read_network(run_dir())
    if network is None:
        return {}
    return {name: chain.rpc_url for name, chain in network.chains.items()}


def local_endpoints(urls: dict[str, str]) -> dict[str, str]:
    """What the environment says of the local chains; one that is down gets an address where nobody answers."""
    down = f"http://127.0.0.1:{UNUSED_PORT}"
    return {variable: urls.get(name, down) for name, variable in LOCAL_ENDPOINTS.items()}


def live_networks() -> list[dict[str, Any]]:
    local = [
        {
            "id": name,
            "name": f"{name.capitalize()} chain (local)",
            "chainid": chain_id,
            "host": f"${LOCAL_ENDPOINTS[name]}",
            "timeout": 60,
        }
        for name, chain_id in CHAIN_IDS.items()
    ]
    sepolia = {"id": "sepolia", "name": "Sepolia (public test network)", "chainid": 11155111}
    besu = {"id": "besu", "name": "Besu (permissioned)", "chainid": 2018}
    for entry in (sepolia, besu):
        entry["host"] = f"${ENDPOINTS[str(entry['id'])]}"
        entry["timeout"] = 120
    sepolia["explorer"] = "https://api.etherscan.io/v2/api"
    return [*local, sepolia, besu]


def test_network(port: int) -> dict[str, Any]:
    # `cmd` is needed by Brownie's checks; it never runs, since the chain is up already.
    return {
        "id": "test",
        "name": "Anvil that mines by hand",
        "cmd": "anvil",
        "host": f"http://127.0.0.1:{port}",
        "timeout": 120,
        "cmd_settings": {"port": port, "chain_id": 31337},
    }


def merged(config: dict[str, Any], test_port: int) -> dict[str, Any]:
    """`config` with our networks put in place of any of the same names; the user's others stay."""
    live = []
    for group in config["live"]:
        kept = [entry for entry in group["networks"] if entry["id"] not in OURS]
        if kept and group["name"] != "LoRAnchor":
            live.append({**group, "networks": kept})
    development = [entry for entry in config["development"] if entry["id"] not in OURS]
    return {
        "live": [{"name": "LoRAnchor", "networks": live_networks()}, *live],
        "development": [*development, test_network(test_port)],
    }


def config_path(home: Path) -> Path:
    return home / ".brownie" / "network-config.yaml"


def write_network_config(home: Path, *, test_port: int = UNUSED_PORT) -> None:
    path = config_path(home)
    stock = next(VENV_CONTRACTS.glob("lib/python3*/site-packages/brownie/data/network-config.yaml"))
    source = path if path.is_file() else stock
    text = yaml.safe_dump(merged(yaml.safe_load(source.read_text()), test_port), sort_keys=False)
    if not path.is_file() or path.read_text() != text:
        write_atomic(path, text)
