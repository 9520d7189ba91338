"""The local network with its real parts: it starts, mines, carries objects, keeps its state, and goes away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from orchestrator.errors import ChainError, PortTaken
from orchestrator.localnet import Network, automining_anvil, down, nodes, read_network, rpc, status, up
from orchestrator.localnet.ports import HOST

ORGANISATIONS = ["aurora", "borealis"]
CONTENT = b"a sealed update\n" * 20_000


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("network") / "run"
    up(folder, ORGANISATIONS)
    yield folder
    down(folder, purge=True)


@pytest.fixture
def network(run_dir: Path) -> Network:
    found = read_network(run_dir)
    assert found is not None
    return found


def test_both_chains_mine_empty_blocks(network: Network) -> None:
    assert {name: rpc.chain_id(chain.rpc_url) for name, chain in network.chains.items()} == {
        "public": 31337,
        "private": 1337,
    }
    for chain in network.chains.values():
        before = rpc.block_number(chain.rpc_url) or 0
        assert soon(lambda url=chain.rpc_url, before=before: (rpc.block_number(url) or 0) >= before + 2)


def test_an_object_added_at_one_organisation_is_fetched_at_the_other(network: Network) -> None:
    added = ipfs(network, "aurora", "add", files=upload(CONTENT)).json()
    assert added["Hash"].startswith("Qm")
    assert ipfs(network, "borealis", "cat", params={"arg": added["Hash"]}).content == CONTENT


def test_the_nodes_listen_on_loopback_only(network: Network) -> None:
    for node in network.nodes.values():
        assert node.process is not None
        leader = psutil.Process(node.process.pid)
        listening = [
            connection.laddr.ip
            for process in (leader, *leader.children(recursive=True))
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        ]
        assert listening
        assert set(listening) == {HOST}


def test_a_second_start_starts_nothing(run_dir: Path, network: Network) -> None:
    again = up(run_dir, ORGANISATIONS)
    assert again.started == ()
    assert again.nodes == network.nodes


def test_no_key_is_in_a_log_or_a_process_list(run_dir: Path, network: Network) -> None:
    words = " ".join(
        " ".join(psutil.Process(node.process.pid).cmdline()) for node in network.nodes.values() if node.process
    )
    texts = [words, *(path.read_text(errors="replace") for path in (run_dir / "logs").iterdir())]
    swarm_secret = (run_dir / "ipfs" / "swarm.key").read_text().split()[-1]
    for text in texts:
        assert "private key" not in text.lower()
        assert "mnemonic" not in text.lower()
        assert swarm_secret not in text
    assert (run_dir / "ipfs" / "swarm.key").stat().st_mode & 0o077 == 0


def test_state_and_addresses_survive_a_restart(run_dir: Path, network: Network) -> None:
    receipts = {}
    for name, chain in network.chains.items():
        accounts = request(chain.rpc_url, "eth_accounts")
        sent = {"from": accounts[0], "to": accounts[1], "value": hex(7)}
        digest = request(chain.rpc_url, "eth_sendTransaction", sent)
        assert soon(lambda url=chain.rpc_url, digest=digest: request(url, "eth_getTransactionReceipt", digest))
        receipts[name] = request(chain.rpc_url, "eth_getTransactionReceipt", digest)
    content_id = ipfs(network, "aurora", "add", files=upload(b"kept")).json()["Hash"]

    assert down(run_dir)
    assert not any(node.running for node in status(run_dir))
    again = up(run_dir, ORGANISATIONS)

    assert {name: node.rpc_url for name, node in again.chains.items()} == {
        name: node.rpc_url for name, node in network.chains.items()
    }
    for name, chain in again.chains.items():
        kept = request(chain.rpc_url, "eth_getTransactionReceipt", receipts[name]["transactionHash"])
        assert kept["blockHash"] == receipts[name]["blockHash"]
    assert ipfs(again, "borealis", "cat", params={"arg": content_id}).content == b"kept"


def test_a_killed_node_is_started_again_alone(run_dir: Path, network: Network) -> None:
    victim = network.storage["borealis"].process
    assert victim is not None
    os.killpg(victim.pid, signal.SIGKILL)
    assert soon(lambda: not nodes.runs(network.storage["borealis"]))
    again = up(run_dir, ORGANISATIONS)
    assert again.started == ("ipfs-borealis",)
    assert again.storage["borealis"].peer_id == network.storage["borealis"].peer_id
    assert soon(lambda: rpc.peers(again.storage["borealis"].api_url) == [again.storage["aurora"].peer_id])


def test_a_forced_port_in_use_is_refused(tmp_path: Path, network: Network) -> None:
    port = network.chains["public"].port
    with pytest.raises(PortTaken, match=str(port)):
        up(tmp_path / "other", ["drava"], public_port=port)
    assert read_network(tmp_path / "other") is None


def test_a_start_that_fails_leaves_nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "js_ipfs_command", lambda: [str(shutil.which("false"))])
    monkeypatch.setattr(nodes, "kubo_program", lambda: None)
    with pytest.raises(Exception, match="the IPFS node of drava did not start"):
        up(tmp_path / "run", ["drava"])
    assert not any(node.running for node in status(tmp_path / "run"))
    assert processes_of(tmp_path / "run") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_start_leaves_nothing_running(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "run"
    with command("up", "--run-dir", str(folder)) as starting:
        assert soon(lambda: len(processes_of(folder)) >= 2)
        starting.send_signal(number)
        starting.communicate(timeout=60)
    assert starting.returncode != 0
    assert soon(lambda: processes_of(folder) == [])
    down(folder, purge=True)
    assert not folder.exists()


def test_the_verbs(tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    with command("up", "--run-dir", folder, "--organisations", "1", "--json") as starting:
        started = json.loads(starting.communicate()[0])
    assert starting.returncode == 0
    assert set(started["organisations"]) == {"aurora"}
    assert outcome("status", "--run-dir", folder, "--json")["running"] is True
    assert outcome("down", "--run-dir", folder, "--purge", "--json") == {"stopped": True, "purged": True}
    assert not Path(folder).exists()
    assert processes_of(Path(folder)) == []
    with command("status", "--run-dir", folder) as asking:
        assert "No local network" in asking.communicate()[0]
    assert asking.returncode == ChainError.exit_code


def test_the_test_chain_mines_for_each_transaction_and_ends() -> None:
    with automining_anvil() as port:
        url = f"http://{HOST}:{port}"
        accounts = request(url, "eth_accounts")
        request(url, "eth_sendTransaction", {"from": accounts[0], "to": accounts[1], "value": hex(1)})
        assert soon(lambda: rpc.block_number(url) == 1)
        time.sleep(1.5)
        assert rpc.block_number(url) == 1
    assert rpc.block_number(url) is None


def soon(condition: Callable[[], Any], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def request(url: str, method: str, *parameters: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
    answer = requests.post(url, json=body, timeout=10).json()
    assert "error" not in answer, answer
    return answer["result"]


def upload(content: bytes) -> dict[str, tuple[str, bytes, str]]:
    return {"file": ("file", content, "application/octet-stream")}


def ipfs(network: Network, organisation: str, verb: str, **arguments: Any) -> requests.Response:
    response = requests.post(f"{network.storage[organisation].api_url}/api/v0/{verb}", timeout=30, **arguments)
    response.raise_for_status()
    return response


def command(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [Path(sys.executable).with_name("loranchor"), "network", *words], stdout=subprocess.PIPE, text=True
    )


def outcome(*words: str) -> Any:
    with command(*words) as running:
        return json.loads(running.communicate()[0])


def processes_of(folder: Path) -> list[int]:
    """Processes, guards apart, whose command line or output names the run folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        program = Path(words[0]).name if words else ""
        if program in ("anvil", "node") and any(str(folder) in word for word in words):
            found.append(process.pid)
    return found
