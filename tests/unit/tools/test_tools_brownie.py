"""The brownie command: which network it means, and that the user's own Brownie is left in peace."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tools.brownie.arguments import read_call
from tools.brownie.networks import merged, write_network_config
from tools.setup.paths import ROOT, VENV, VENV_CONTRACTS

SHIM = ROOT / "tools" / "brownie" / "brownie"


@pytest.mark.parametrize(
    ("words", "command", "network", "needs_local"),
    [
        (["run", "deploy"], "run", None, True),
        (["run", "deploy", "--network", "private"], "run", "private", True),
        (["run", "deploy", "--network=public"], "run", "public", True),
        (["run", "deploy", "--network", "sepolia"], "run", "sepolia", False),
        (["run", "deploy", "--help"], "run", None, False),
        (["console"], "console", None, True),
        (["compile", "--all"], "compile", None, False),
        (["test"], "test", "test", False),
        (["test", "--network", "public"], "test", "public", True),
        (["--version"], "", None, False),
        ([], "", None, False),
    ],
)
def test_what_a_command_line_means(words: list[str], command: str, network: str | None, needs_local: bool) -> None:
    call = read_call(words)
    assert (call.command, call.network, call.needs_local_network) == (command, network, needs_local)


def test_tests_get_the_test_chain_by_name() -> None:
    assert read_call(["test", "tests/contracts"]).words == ("test", "tests/contracts", "--network", "test")


def test_our_networks_take_the_place_of_stock_ones_and_others_stay() -> None:
    stock = {
        "live": [{"name": "Ethereum", "networks": [{"id": "mainnet"}, {"id": "sepolia", "host": "stock"}]}],
        "development": [{"id": "anvil"}, {"id": "test", "host": "old"}],
    }
    once = merged(stock, {"public": "http://127.0.0.1:4001"}, 4002)
    assert merged(once, {"public": "http://127.0.0.1:4001"}, 4002) == once
    live = {entry["id"]: entry for group in once["live"] for entry in group["networks"]}
    assert set(live) == {"public", "private", "sepolia", "besu", "mainnet"}
    assert live["public"]["host"] == "http://127.0.0.1:4001"
    assert (live["public"]["chainid"], live["private"]["chainid"]) == (31337, 1337)
    assert live["sepolia"]["host"] == "$SEPOLIA_RPC_URL"
    assert [entry["id"] for entry in once["development"]] == ["anvil", "test"]


def test_the_configuration_is_rewritten_only_when_ports_change(tmp_path: Path) -> None:
    write_network_config(tmp_path, {"public": "http://127.0.0.1:4001", "private": "http://127.0.0.1:4002"})
    path = tmp_path / ".brownie" / "network-config.yaml"
    before = path.stat().st_ino
    write_network_config(tmp_path, {"public": "http://127.0.0.1:4001", "private": "http://127.0.0.1:4002"})
    assert path.stat().st_ino == before
    write_network_config(tmp_path, {"public": "http://127.0.0.1:5001", "private": "http://127.0.0.1:4002"})
    hosts = {entry["id"]: entry["host"] for entry in yaml.safe_load(path.read_text())["live"][0]["networks"]}
    assert hosts["public"] == "http://127.0.0.1:5001"


def test_the_users_own_brownie_is_neither_read_nor_changed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / ".brownie").mkdir(parents=True)
    (home / ".brownie" / "network-config.yaml").write_text("live: this would not parse: [")
    before = fingerprint(home)
    env = {**os.environ, "HOME": str(home), "LORANCHOR_NETWORK_DIR": str(tmp_path / "network")}
    done = subprocess.run([SHIM, "networks", "list"], env=env, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "public" in done.stdout
    assert "private" in done.stdout
    assert fingerprint(home) == before


def test_a_network_without_an_endpoint_is_one_line(tmp_path: Path) -> None:
    env = {key: value for key, value in os.environ.items() if key != "SEPOLIA_RPC_URL"}
    words = [SHIM, "run", "deploy", "--network", "sepolia"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "SEPOLIA_RPC_URL" in done.stderr


def test_both_environments_lead_to_the_same_command() -> None:
    assert (VENV / "bin" / "brownie").resolve() == SHIM
    assert (VENV_CONTRACTS / "bin" / "brownie").resolve() == SHIM


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }
