"""state.json is read by other programs: its form is fixed, and an unknown one is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError, EnvironmentMissing, FormatError
from orchestrator.localnet import Chain, Network, StorageNode, checkout, down, status, up
from orchestrator.localnet.plan import check_names
from orchestrator.localnet.processes import ProcessId
from orchestrator.localnet.state import from_json, read_state, state_path, to_json, write_state

NETWORK = Network(
    {
        "public": Chain("public", "anvil", 31337, 4001, ProcessId(12, "boot:34")),
        "private": Chain("private", "ganache", 1337, 4002),
    },
    {"aurora": StorageNode("aurora", "js-ipfs", 4003, 4004, "12D3KooW", ProcessId(13, "boot:35"))},
)


def test_the_stored_form() -> None:
    assert to_json(NETWORK) == {
        "format": "loranchor-local-network",
        "version": 1,
        "chains": {
            "public": {
                "kind": "anvil",
                "chain_id": 31337,
                "port": 4001,
                "rpc_url": "http://127.0.0.1:4001",
                "process": {"pid": 12, "started": "boot:34"},
            },
            "private": {
                "kind": "ganache",
                "chain_id": 1337,
                "port": 4002,
                "rpc_url": "http://127.0.0.1:4002",
                "process": None,
            },
        },
        "organisations": {
            "aurora": {
                "kind": "js-ipfs",
                "api_port": 4003,
                "swarm_port": 4004,
                "api_url": "http://127.0.0.1:4003",
                "api_multiaddr": "/ip4/127.0.0.1/tcp/4003/http",
                "peer_id": "12D3KooW",
                "process": {"pid": 13, "started": "boot:35"},
            }
        },
    }


@pytest.mark.parametrize("name", ["a" * 32, "Aurora", "9a", "", "a_b"])
def test_names_are_those_that_the_contracts_take(tmp_path: Path, name: str) -> None:
    check_names(["a" * 31])
    with pytest.raises(ConfigurationError, match="cannot be an organisation's name") as caught:
        check_names([name])
    assert caught.value.mend == "use a lower-case letter, then up to 30 of a-z, 0-9 and -"


def test_written_and_read_again(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None
    write_state(tmp_path, NETWORK)
    assert read_state(tmp_path) == NETWORK
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("change", [{"version": 2}, {"format": "another"}])
def test_another_version_is_refused_by_name(change: dict[str, object]) -> None:
    with pytest.raises(FormatError, match=str(next(iter(change.values())))):
        from_json({**to_json(NETWORK), **change})


def test_a_missing_field_is_named() -> None:
    document = to_json(NETWORK)
    del document["chains"]["public"]["port"]
    with pytest.raises(FormatError, match="port"):
        from_json(document)


def test_a_damaged_file_is_one_clear_error(tmp_path: Path) -> None:
    state_path(tmp_path).write_text("{")
    with pytest.raises(FormatError, match=r"state\.json is not JSON"):
        read_state(tmp_path)


def test_recorded_processes_that_are_gone_count_as_stopped(tmp_path: Path) -> None:
    write_state(tmp_path, NETWORK)
    assert {node.name: node.running for node in status(tmp_path)} == {
        "public": False,
        "private": False,
        "ipfs-aurora": False,
    }
    assert down(tmp_path) is False
    stored = json.loads(state_path(tmp_path).read_text())
    assert stored["chains"]["public"]["process"] is None
    assert stored["chains"]["public"]["port"] == 4001


def test_down_without_a_network_says_so_and_makes_nothing(tmp_path: Path) -> None:
    assert down(tmp_path / "none", purge=True) is False
    assert not (tmp_path / "none").exists()


def test_purge_leaves_a_folder_alone_that_is_no_run_folder(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("data")
    down(tmp_path, purge=True)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize("names", [[], ["a", "a"], ["../up"], ["Upper"], ["x" * 33]])
def test_names_that_cannot_be_used(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        up(tmp_path, names)
    assert read_state(tmp_path) is None


def test_outside_a_checkout_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout.orchestrator, "__file__", str(tmp_path / "site-packages" / "orchestrator" / "x.py"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EnvironmentMissing, match="local networks need a checkout"):
        checkout.find_checkout()


def test_missing_node_modules_name_the_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkout, "find_checkout", lambda: tmp_path)
    with pytest.raises(EnvironmentMissing, match="run `make setup`"):
        up(tmp_path / "run", ["aurora"])
    state = read_state(tmp_path / "run")
    assert state is None or not any(node.process for node in state.nodes.values())
