"""The audit of a life on Anvil and Ganache with the real contracts."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from audit_life import RealLife
from chain_deployment import deploy
from chain_nodes import anvil, ganache
from ipfs_node import ipfs_node

from orchestrator.audit import read_handed, verify, write_handover
from orchestrator.cli import run
from orchestrator.storage import IpfsStore


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLife]:
    folder = tmp_path_factory.mktemp("nodes")
    with anvil() as public, ganache(folder) as private, ipfs_node(folder) as ipfs:
        life = RealLife(deploy(public, private, folder / "deployments"), IpfsStore(ipfs), ipfs)
        updates = life.round()
        owner = life.consortium.members[2]
        life.revoke(owner, updates[owner.organisation])
        yield life


def test_an_honest_life_agrees(life: RealLife, tmp_path: Path) -> None:
    write_handover(tmp_path / "handover", life.sources)
    report = verify(life.sources, read_handed(tmp_path / "handover"))
    assert [str(finding) for finding in report.findings] == []
    assert report.ok
    assert {result.name: result.count > 0 for result in report.results} == dict.fromkeys(
        [result.name for result in report.results], True
    )
    assert "objects absent: 2, shredded, as certified" in report.result("updates").notes


def test_a_bundle_is_checked_offline(
    life: RealLife, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proofs of a real node, code with its immutables, calls as members really sign them."""
    chain, consortium = life.consortium.public_chain, life.consortium
    urls = [f"chain.public.url={chain.url}", f"chain.private.url={consortium.private_chain.url}"]
    sources = ["--ipfs", life.ipfs, f"chain.deployments={consortium.folder}", *urls]
    assert run(["audit", "bundle", "--to", str(tmp_path / "bundle"), "--disclose", "all", "--json", *sources]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["block_hash"] == chain.block(written["block"]).hash
    assert run(["audit", "bundle", "--to", str(tmp_path / "bundle"), *sources]) == 2  # it is there
    capsys.readouterr()

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("it connects to something")

    monkeypatch.setattr(socket.socket, "connect", refused)
    named = ["--anchor", consortium.public.anchor.address, "--chain-id", str(chain.chain_id)]
    common = ["audit", "verify", "--bundle", str(tmp_path / "bundle"), *named, "--json", "--block-hash"]
    assert run([*common, written["block_hash"]]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [entry for check in told["checks"] for entry in check["findings"]] == []
    assert {"updates", "verdicts", "revocations"} <= {check["name"] for check in told["checks"]}
    updates = next(check for check in told["checks"] if check["name"] == "updates")
    assert "objects absent: 2, certified, and not every receipt is under a root" in updates["notes"]
    assert run([*common, "0x" + "00" * 32]) == 8
    told = json.loads(capsys.readouterr().out)
    assert "state" in {entry["subject"] for check in told["checks"] for entry in check["findings"]}


def test_a_forged_transaction_of_the_operator_is_found(life: RealLife) -> None:
    """The operator of a development chain can send in a member's name, but not sign."""
    chain, member = life.consortium.private_chain, life.consortium.members[0]
    snapshot = chain.request("evm_snapshot", [])
    chain.request("evm_addAccount", [member.delegate.address, "pass"])
    chain.request("personal_unlockAccount", [member.delegate.address, "pass", 0])
    call = life.consortium.private.keys.publish_key(b"k" * 32, "0x" + "11" * 32)  # type: ignore[arg-type]
    forged = {"from": member.delegate.address, "to": call.to, "data": "0x" + call.data.hex(), "gas": hex(500_000)}
    chain.request("eth_sendTransaction", [forged])
    report = verify(life.sources)
    assert [finding.subject for finding in report.findings] == ["private records"]
    assert "nobody is known to have sent" in report.findings[0].message
    chain.request("evm_revert", [snapshot])


def test_the_command_line_says_what_is_down(life: RealLife, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With addresses from the handover, for want of other deployment files."""
    folder = write_handover(tmp_path / "handover", life.sources)
    common = ["audit", "verify", "--handover", str(folder), "--json"]
    none = f"chain.deployments={tmp_path / 'none'}"
    here = f"chain.public.url={life.consortium.public_chain.url}"
    there = f"chain.private.url={life.consortium.private_chain.url}"
    dead = "http://127.0.0.1:9"
    assert run([*common, "--ipfs", dead, none, here, f"chain.private.url={dead}"]) == 4
    assert dead in json.loads(capsys.readouterr().err)["error"]["message"]
    assert run([*common, "--ipfs", dead, none, here, there]) == 5
    assert "IPFS" in json.loads(capsys.readouterr().err)["error"]["message"]
    assert run(["audit", "verify", "--handover", str(tmp_path / "absent")]) == 2
    assert run(["audit", "verify", "--run-dir", str(tmp_path)]) == 2
