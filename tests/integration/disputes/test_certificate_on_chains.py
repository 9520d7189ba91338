"""A certificate leaves real chains as a file, holds offline under the anchored head, and its reason voids an award."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from dispute_world import World

from orchestrator.chain.structs import Verification
from orchestrator.commitment.certificate import build_certificate, certificate_bytes, certificate_digest, outcome_of
from orchestrator.ledger.canonical import sha256
from orchestrator.types import RequestId, UpdateId


def anchored(world: World) -> str:
    """The newest checkpoint by all; gives the head that the public chain shows then."""
    world.anchor(world.checkpoint(), list(world.members))
    return str(world.consortium.public.anchor.head())


@pytest.fixture
def request_id(world: World) -> RequestId:
    """Cumulus' contribution, revoked by the others for cause and certified; its awards are published and not vested."""
    anchored(world)
    world.done("aurora", "award", "publish", "1", signs=True)
    found, ledger = world.next_request(), world.consortium.private.revocations
    ask = ["revoke", "request", "--update", world.updates(1)["cumulus"], "--reason", "POISONED"]
    world.done("aurora", *ask, signs=True)
    world.done("borealis", "revoke", "support", found, signs=True)
    outcome = outcome_of(world.state, found, world.tasks)
    world.by("aurora", ledger.record_affected(found, [UpdateId(item) for item in outcome.descendants], world.SALT))
    world.by("aurora", ledger.record_replacement(found, outcome.after, world.SALT))
    for name in world.members:
        world.by(name, ledger.record_verification(found, Verification("loss", 3_000_000, 2_900_000, 64), world.SALT))
    consortium_id = world.consortium.private.deployment.consortium_id
    data = certificate_bytes(build_certificate(world.state, found, world.tasks, consortium_id=consortium_id))
    message = certificate_digest(found, sha256(data), ledger.chain.chain_id, ledger.address)
    cid = world.store.add(data)
    for name in ("aurora", "borealis"):
        signature = bytes(world.members[name].delegate.account.unsafe_sign_hash(message).signature)
        world.by(name, ledger.endorse(found, sha256(data), cid, signature, world.SALT))
    assert world.state.revocations[found].certificate == sha256(data)
    return found


def offline(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, dict[str, object]]:
    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connects to something"))
        said = world.run(["revoke", "verify", *words, "--json"])
    return said.code, json.loads(said.out or said.err)


def settings(world: World) -> list[str]:
    """Of a command that is typed without a home."""
    urls = (world.consortium.public_chain.url, world.consortium.private_chain.url)
    chains = [f"chain.public.url={urls[0]}", f"chain.private.url={urls[1]}", "chain.network=null"]
    return [*chains, f"chain.deployments={world.consortium.folder}"]


def test_it_leaves_the_chains_and_holds_offline(
    world: World, request_id: RequestId, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, members, handover = folder / "certificate.json", folder / "members.json", folder / "handover"
    told = world.done(
        "cumulus", "revoke", "certificate", request_id[:12], "--to", str(certificate), "--members-to", str(members)
    )
    assert "signed by aurora, borealis" in told
    code, found = offline(world, monkeypatch, str(certificate), "--members", str(members), "--request", request_id)
    assert (code, found["signers"], found["rejected"]) == (0, ["aurora", "borealis"], [])
    head = anchored(world)
    said = world.run(["audit", "handover", "--out", str(handover), "--ipfs", world.ipfs, *settings(world)])
    assert said.code == 0, said
    for path in (
        certificate,
        *(handover / "certificates").glob("0x????????????????????????????????????????*[0-9a-f].json"),
    ):
        code, found = offline(world, monkeypatch, str(path), "--handover", str(handover), "--head", head)
        assert (code, found["rejected"]) == (0, []), path


def test_it_is_written_once_certified_and_not_over_another(world: World, request_id: RequestId, folder: Path) -> None:
    write = ["revoke", "certificate", request_id, "--to", str(folder / "certificate.json")]
    world.done("aurora", *write)
    world.done("borealis", *write)  # the same bytes, whoever writes them
    (folder / "certificate.json").write_text("something else")
    assert "holds something else" in world.refused("aurora", *write, code=2)


def test_before_it_is_certified_there_is_none(world: World, folder: Path) -> None:
    found = world.next_request()
    world.done("borealis", "revoke", "request", signs=True)
    line = world.refused("aurora", "revoke", "certificate", found, "--to", str(folder / "certificate.json"), code=7)
    assert "is not certified" in line and not list(folder.iterdir())


def test_its_reason_voids_the_award(world: World, request_id: RequestId, folder: Path) -> None:
    world.done("aurora", "award", "propose-void", "1", "--revocation", request_id[:12], "--out", str(folder))
    (decision,) = folder.glob("award-void-1-*.json")
    for name in ("aurora", "borealis"):
        world.done(name, "award", "sign", str(decision), "--yes", signs=True)
    world.done("aurora", "award", "submit", str(decision), signs=True)
    again = ["award", "propose-void", "1", "--revocation", request_id, "--out", str(folder)]
    assert "are paid or void already" in world.refused("aurora", *again, code=7)
    row = next(line for line in world.done("cumulus", "award", "show", "1").splitlines() if "cumulus:" in line)
    assert ", void (update" in row
