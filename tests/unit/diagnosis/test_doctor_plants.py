"""Misconfigurations planted one by one: `loranchor doctor` finds each, names it and says how to mend it.

What needs deployed contracts is planted on real chains: tests/integration/test_doctor_on_chains.py.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from unit.diagnosis.fake_services import ipfs, node

from orchestrator import cli
from orchestrator.daemon.alarms import CHAIN_SILENT, PRIVATE_CHAIN_REWRITTEN, RECORD_PASSED_OVER
from orchestrator.daemon.journal import Journal
from orchestrator.deployment import ContractRecord, DeploymentRecord, write_record
from orchestrator.keystore import Keystore
from orchestrator.types import Digest

Doctor = Callable[..., dict[str, dict[str, str]]]
PASSWORD = "correct horse"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def home(tmp_path: Path, password_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    real = Keystore.create
    monkeypatch.setattr(Keystore, "create", lambda home, password, **more: real(home, password, scrypt_n=2, **more))
    words = ["org", "init", "--name", "aurora", "--home", str(tmp_path / "home"), "--password-file", str(password_file)]
    assert cli.run(words) == 0
    return tmp_path / "home"


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """The checks by name; the exit code must agree with them."""
    monkeypatch.setattr("orchestrator.diagnosis.host._elsewhere", lambda extra, package, own: pytest.fail(own))
    monkeypatch.setattr("orchestrator.diagnosis.host.EXTRAS", {})

    def run(*words: str) -> dict[str, dict[str, str]]:
        capsys.readouterr()
        code = cli.run(["doctor", "--json", *words, *([] if "network" in str(words) else ["chain.network=null"])])
        report = json.loads(capsys.readouterr().out)
        broken = [check["name"] for check in report["checks"] if check["status"] == "broken"]
        assert (code, report["ok"]) == ((3, False) if broken else (0, True))
        assert all(check["mend"] for check in report["checks"] if check["status"] in ("broken", "warning"))
        return {check["name"]: check for check in report["checks"]}

    return run


def one(found: dict[str, dict[str, str]], name: str, status: str, detail: str, mend: str) -> None:
    check = found[name]
    assert check["status"] == status, check
    assert detail in check["detail"] and mend in check["mend"], check


def test_a_home_without_faults_has_none(doctor: Doctor, home: Path, password_file: Path) -> None:
    with node(31337) as public, node(1337) as private, ipfs("kubo/0.32.1/901b745") as storage:
        chains = [f"chain.public.url={public}", f"chain.private.url={private}", f"storage.api_url={storage}"]
        found = doctor("--home", str(home), "--password-file", str(password_file), "experiment=tiny", *chains)
    assert not [check for check in found.values() if check["status"] in ("broken", "warning")]
    for name in ("home", "private files", "home is writable", "keystore", "public clock", "ipfs", "data", "model"):
        assert found[name]["status"] == "ok", found[name]


def test_the_node_serves_another_chain(doctor: Doctor) -> None:
    with node(1) as url:
        found = doctor(f"chain.public.url={url}")
    one(found, "public chain", "broken", "serves chain 1, expected chain 31337", "correct the address or the chain id")


def test_the_chain_is_down(doctor: Doctor) -> None:
    found = doctor("chain.private.url=http://127.0.0.1:9")
    one(found, "private chain", "broken", "no answer from http://127.0.0.1:9", "loranchor network up")


def test_both_chains_are_one(doctor: Doctor) -> None:
    found = doctor("chain.private.chain_id=31337")
    one(found, "deployments", "broken", "both chains have chain id 31337", "set chain.public.chain_id and")


def write_deployment(folder: Path, chain_id: int, side: str, consortium: str) -> None:
    contracts = {"Consortium": ContractRecord("0x" + "11" * 20, 1, "0x" + "33" * 32, [], "0x" + "22" * 32)}
    write_record(folder, DeploymentRecord(chain_id, side, Digest("0x" + consortium * 32), contracts))


def test_the_deployments_are_of_two_consortia(doctor: Doctor, tmp_path: Path) -> None:
    """Told without any chain: a member who was given the wrong file sees it at once."""
    write_deployment(tmp_path, 31337, "public", "c0")
    write_deployment(tmp_path, 1337, "private", "c0")
    assert doctor(f"chain.deployments={tmp_path}")["deployments"]["status"] == "ok"
    write_deployment(tmp_path, 1337, "private", "c1")
    found = doctor(f"chain.deployments={tmp_path}")
    one(found, "deployments", "broken", "are of two consortia, 0xc0", "take both files from one deployment")


def test_a_deployment_file_is_damaged(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "31337.json").write_text("{")
    assert "31337.json" in doctor(f"chain.deployments={tmp_path}")["deployments"]["detail"]


def test_the_password_is_wrong(doctor: Doctor, home: Path, password_file: Path) -> None:
    password_file.write_text("wrong\n")
    found = doctor("--home", str(home), "--password-file", str(password_file))
    one(found, "keystore", "broken", "wrong password", "give the password that this home was made with")


def test_others_can_read_the_password_file(doctor: Doctor, home: Path, password_file: Path) -> None:
    password_file.chmod(0o644)
    found = doctor("--home", str(home), "--password-file", str(password_file))
    one(found, "keystore", "broken", "has mode 0644, so others can read it", f"chmod 600 {password_file}")


def test_the_password_lies_in_the_home(doctor: Doctor, home: Path, password_file: Path) -> None:
    moved = password_file.rename(home / "pass.txt")
    found = doctor("--home", str(home), "--password-file", str(moved))
    one(found, "password file", "warning", "lies in the home that it opens", "move it out")


def test_others_can_look_into_the_home(doctor: Doctor, home: Path) -> None:
    home.chmod(0o755)
    found = doctor("--home", str(home))
    one(found, "home", "broken", f"others can look into {home} (mode 0755)", f"chmod 700 {home}")


@pytest.mark.parametrize(
    "name", ["act.token", "api/read.token", "daemon.sqlite", "outbox.sqlite-wal", "participation.json"]
)
def test_others_can_read_a_private_file(doctor: Doctor, home: Path, name: str) -> None:
    (home / name).parent.mkdir(exist_ok=True)
    (home / name).touch(mode=0o644)
    found = doctor("--home", str(home))
    one(found, "private files", "broken", f"others can read {home / name} (mode 0644)", f"chmod 600 {home / name}")


def test_others_can_read_the_keystore(doctor: Doctor, home: Path) -> None:
    (home / "keystore" / "delegate.json").chmod(0o640)
    found = doctor("--home", str(home))
    one(found, "keystore", "broken", "others can read", "chmod -R go=")


def test_the_keystore_is_of_another_home(doctor: Doctor, home: Path) -> None:
    path = home / "organisation.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "delegate": "0x" + "ab" * 20}))
    found = doctor("--home", str(home))
    one(found, "keystore", "broken", "its addresses are not those of organisation.json", "restore both files")


def test_the_home_belongs_to_another_user(doctor: Doctor, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: home.stat().st_uid + 1)
    one(doctor("--home", str(home)), "home", "warning", "belongs to user", "run `loranchor` as the user")


def test_the_disk_is_read_only(doctor: Doctor, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    found = doctor("--home", str(home))
    one(found, "home is writable", "broken", "Read-only file system", "mount it for writing")


@pytest.mark.parametrize(("free", "status"), [(1 << 20, "broken"), (1 << 30, "warning"), (1 << 40, "ok")])
def test_the_disk_is_nearly_full(
    doctor: Doctor, home: Path, monkeypatch: pytest.MonkeyPatch, free: int, status: str
) -> None:
    usage = shutil.disk_usage(home)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage._replace(free=free))
    found = doctor("--home", str(home))["disk"]
    assert found["status"] == status and bool(found["mend"]) == (status != "ok")


def test_a_daemon_runs_on_the_home(doctor: Doctor, home: Path) -> None:
    (home / "locks").mkdir()
    with (home / "locks" / "daemon.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = doctor("--home", str(home))
        one(found, "daemon", "ok", "one runs on this home", "stop it before you start another")
        with pytest.raises(BlockingIOError), (home / "locks" / "daemon.lock").open("w") as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert doctor("--home", str(home))["daemon"]["detail"] == "none runs on this home now"


def test_a_rewritten_private_chain_is_not_forgotten(doctor: Doctor, home: Path) -> None:
    journal = Journal(home, "1337")
    journal.raise_alarm(PRIVATE_CHAIN_REWRITTEN, "block 7 is another one now")
    found = doctor("--home", str(home))
    one(found, "alarms", "broken", "PRIVATE_CHAIN_REWRITTEN: block 7 is another one now", "compare the chain with the")
    assert found["journal"]["status"] == found["private files"]["status"] == "ok"
    journal.clear_alarm(PRIVATE_CHAIN_REWRITTEN)
    journal.raise_alarm(RECORD_PASSED_OVER, "an opening in block 9")
    one(
        doctor("--home", str(home)),
        "alarms",
        "broken",
        "RECORD_PASSED_OVER: an opening",
        "whoever runs the private chain",
    )
    journal.clear_alarm(RECORD_PASSED_OVER)
    journal.raise_alarm(CHAIN_SILENT, "no answer")
    one(doctor("--home", str(home)), "alarms", "warning", "CHAIN_SILENT: no answer", "end by themselves")
    journal.close()


def test_the_journal_is_of_a_newer_release_or_damaged(doctor: Doctor, home: Path) -> None:
    Journal(home, "1337").close()
    assert doctor("--home", str(home))["alarms"]["status"] == "ok"
    with closing(sqlite3.connect(home / "daemon.sqlite")) as database:
        database.execute("PRAGMA user_version=99")
    one(doctor("--home", str(home)), "journal", "broken", "is of version 99, this release reads", "upgrade LoRAnchor")
    (home / "daemon.sqlite").write_bytes(b"no database" * 100)
    one(doctor("--home", str(home)), "journal", "broken", "cannot be read", "put the file aside")


def test_the_remote_signer_is_down_or_not_named(doctor: Doctor, home: Path) -> None:
    assert doctor("--home", str(home))["signer"]["status"] == "ok"
    found = doctor("--home", str(home), "signer=web3signer")
    one(found, "signer", "broken", "no address is set for the signer", "set signer.url")
    found = doctor("--home", str(home), "signer=web3signer", "signer.url=http://127.0.0.1:9")
    assert found["signer"]["status"] == "broken" and "127.0.0.1:9" in found["signer"]["detail"]


def test_ipfs_is_down(doctor: Doctor) -> None:
    found = doctor("storage.api_url=http://127.0.0.1:9")
    one(found, "ipfs", "broken", "cannot reach IPFS", "is the IPFS daemon running at http://127.0.0.1:9?")


@pytest.mark.parametrize("agent", ["kubo/0.21.0/294db3e", "go-ipfs/0.12.0"])
def test_kubo_is_too_old(doctor: Doctor, agent: str) -> None:
    with ipfs(agent) as url:
        found = doctor(f"storage.api_url={url}")
    one(found, "ipfs", "broken", f"{agent} at {url} is older than Kubo 0.22", "upgrade Kubo")


@pytest.mark.parametrize("agent", ["kubo/0.22.0/3f884d3", "kubo/1.0.0", "js-ipfs/0.18.1"])
def test_kubo_is_new_enough(doctor: Doctor, agent: str) -> None:
    with ipfs(agent) as url:
        assert doctor(f"storage.api_url={url}")["ipfs"]["status"] == "ok"


def test_the_clock_is_off(doctor: Doctor) -> None:
    with node(31337, age=-3600) as url:
        found = doctor(f"chain.public.url={url}")
    one(found, "public clock", "broken", " s ahead of this machine's clock", "set this machine's clock")


@pytest.mark.parametrize(("age", "status"), [(5, "ok"), (120, "warning"), (7200, "broken")])
def test_the_newest_block_is_stale(doctor: Doctor, age: int, status: str) -> None:
    with node(1337, age=age) as url:
        found = doctor(f"chain.private.url={url}")
    one(found, "private clock", status, "s old", "" if status == "ok" else "does the chain make blocks")


@pytest.mark.parametrize(
    ("syncing", "words"),
    [({"currentBlock": "0x10", "highestBlock": "0x100"}, "block 16 of 256"), ({"stages": []}, "does not say how far")],
)
def test_the_node_is_not_in_step(doctor: Doctor, syncing: Any, words: str) -> None:
    with node(31337, syncing=syncing) as url:
        found = doctor(f"chain.public.url={url}")
    one(found, "public clock", "broken", words, "wait until it is")


def test_a_public_chains_newest_block_counts_as_final(doctor: Doctor) -> None:
    given = ["chain=sepolia", "chain.public.url=http://127.0.0.1:9", "chain.private.url=http://127.0.0.1:9"]
    assert doctor(*given)["finality"]["status"] == "ok"
    found = doctor(*given, "chain.public.finality_depth=0")
    one(found, "finality", "broken", "its newest block counts as final (depth 0)", "chain.public.finality_depth=12")


def test_a_node_is_asked_in_the_clear(doctor: Doctor) -> None:
    given = ["chain.timeout=0.2", "chain.public.url=http://user:secret@192.0.2.7:8545"]
    found = doctor(*given)
    one(found, "public connection", "warning", "what is said to 192.0.2.7 is not encrypted", "use https")
    assert "secret" not in found["public connection"]["detail"]


def test_the_cold_key_lies_beside_the_hot_one(doctor: Doctor, home: Path) -> None:
    urls = ["chain.public.url=http://127.0.0.1:9", "chain.private.url=http://127.0.0.1:9"]
    found = doctor("--home", str(home), "chain=sepolia", *urls)
    one(found, "cold key", "warning", "authority's key lies beside the daemon's", "authority export --remove")
    (home / "keystore" / "authority.json").unlink()
    assert doctor("--home", str(home), "chain=sepolia", *urls)["cold key"]["status"] == "ok"


def test_the_data_folder_is_missing_or_empty(doctor: Doctor, home: Path, tmp_path: Path) -> None:
    given = ["--home", str(home), "experiment=tiny", "data=text"]
    missing = doctor(*given, f"data.folder={tmp_path / 'nowhere'}")["data"]
    assert missing["status"] == "broken" and "nowhere" in missing["detail"] and missing["mend"]
    (tmp_path / "empty").mkdir()
    empty = doctor(*given, f"data.folder={tmp_path / 'empty'}")["data"]
    assert empty["status"] == "broken" and empty["mend"]


def test_the_shard_is_empty(doctor: Doctor, home: Path) -> None:
    shards = "[{name: aurora, shard: {years: [1492, 1493]}, adversary: none}]"
    found = doctor("--home", str(home), "experiment=tiny", f"experiment.organisations={shards}")
    one(found, "data", "broken", "is empty", "widen it")


def test_the_experiment_has_no_data_for_this_organisation(doctor: Doctor, home: Path) -> None:
    shards = "[{name: borealis, shard: {years: [1790, 1793]}, adversary: none}]"
    found = doctor("--home", str(home), "experiment=tiny", f"experiment.organisations={shards}")
    one(found, "data", "broken", "has no data for aurora", "it is for borealis")


def test_the_model_is_not_there(doctor: Doctor, tmp_path: Path) -> None:
    found = doctor("experiment=tiny", f"model.name={tmp_path / 'nowhere'}")
    one(found, "model", "broken", f"no model folder at {tmp_path / 'nowhere'}", "save_pretrained")


def test_the_organisation_would_pass_its_own_rounds(doctor: Doctor) -> None:
    found = doctor("experiment=tiny", "accept.training.steps=1")
    one(found, "accept", "warning", "training.steps is 4, this organisation accepts at most 1", "widen accept")


def test_a_policy_cannot_be_read(doctor: Doctor) -> None:
    found = doctor("participation=threshold", "participation.token=-3")
    one(found, "participation", "broken", "participation.token is -3", "give a number from 0")
