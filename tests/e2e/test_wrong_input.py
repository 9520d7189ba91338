"""Wrong input gives one line that says what to do, an exit code that is not 0, and nothing half-written."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from orchestrator import localnet
from tests.e2e.conftest import MEMBER, Run, loranchor

NOBODY = "http://127.0.0.1:9"


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]


def test_no_such_model_folder(tmp_path: Path) -> None:
    root = tmp_path / "run"
    done = loranchor("demo", "--run-dir", str(root), "experiment=tiny", "model.name=/no/such/model")
    refused(done, 9, "/no/such/model")
    assert not root.exists()


def test_empty_shard(tmp_path: Path) -> None:
    root, texts = tmp_path / "run", tmp_path / "texts"
    texts.mkdir()
    done = loranchor(
        "demo", "--run-dir", str(root), "experiment=tiny", "data=text", f"data.folder={texts}",
        "experiment.organisations=[{name: aurora, shard: {}, adversary: none}]",
    )  # fmt: skip
    refused(done, 9)
    assert not root.exists()


def test_unknown_experiment(tmp_path: Path) -> None:
    root = tmp_path / "run"
    done = loranchor("demo", "--run-dir", str(root), "experiment=sotu_gpt9")
    refused(done, 2, "sotu_gpt9", "sotu_smollm2")
    assert not root.exists()


def test_run_folder_that_holds_something_else(tmp_path: Path) -> None:
    mine = tmp_path / "deployments" / "mine.json"
    mine.parent.mkdir()
    mine.write_text("mine")
    done = loranchor("demo", "--run-dir", str(tmp_path), "experiment=tiny")
    refused(done, 2, str(tmp_path))
    assert mine.read_text() == "mine"


def test_chain_down(run: Run) -> None:
    done = run.member(["daemon", "run"], MEMBER, "experiment=tiny", f"chain.private.url={NOBODY}")
    refused(done, 4, NOBODY)


def test_ipfs_down(run: Run) -> None:
    done = run.member(["daemon", "run"], MEMBER, "experiment=tiny", f"storage.api_url={NOBODY}")
    refused(done, 5, NOBODY)


def test_wrong_password(run: Run, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.touch(mode=0o600)
    wrong.write_text("not the password\n")
    verb = ["daemon", "run", "--home", str(run.home(MEMBER)), "--password-file", str(wrong)]
    refused(run.loranchor(*verb, "experiment=tiny"), 6, "password")


def test_wrong_chain_id(run: Run) -> None:
    network = localnet.read_network(run.root / "network")
    assert network is not None
    other = network.chains["public"].rpc_url
    done = run.member(["daemon", "run"], MEMBER, "experiment=tiny", f"chain.private.url={other}")
    refused(done, 4, "31337", "1337")


def test_keys_that_are_not_the_members(run: Run, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("somebody else's\n")
    own = ["--home", str(tmp_path / "home"), "--password-file", str(password)]
    assert run.loranchor("org", "init", "--name", MEMBER, *own).returncode == 0
    refused(run.loranchor("daemon", "run", *own, "experiment=tiny"), 6, "delegate", MEMBER)


def test_port_taken(tmp_path: Path) -> None:
    root = tmp_path / "network"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = loranchor("network", "up", "--run-dir", str(root), "--public-port", str(port))
    refused(done, 3, str(port))
    assert not any(node.running for node in localnet.status(root))
