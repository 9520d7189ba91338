"""Misconfigurations that need deployed contracts, planted on Anvil and Ganache: `loranchor doctor` finds each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chain_deployment import Consortium, MemberKeys, deploy
from chain_nodes import anvil, ganache
from rpc_proxy import proxy

from orchestrator.chain.connection import Connection
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import TransactionSender
from orchestrator.cli import run
from orchestrator.files import write_json
from orchestrator.keystore import Keystore
from orchestrator.organisation import FORMAT
from orchestrator.types import Digest

SALT = Digest("0x" + "05" * 32)
Doctor = Callable[..., dict[str, dict[str, str]]]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    with anvil() as public, ganache(tmp_path_factory.mktemp("ganache")) as private:
        yield deploy(public, private, tmp_path_factory.mktemp("deployments"))


@pytest.fixture
def consortium(deployed: Consortium) -> Iterator[Consortium]:
    """The chains as they were deployed; what a test did is taken back."""
    chains = (deployed.public_chain, deployed.private_chain)
    before = [chain.request("evm_snapshot", []) for chain in chains]
    yield deployed
    for chain, snapshot in zip(chains, before, strict=True):
        assert chain.request("evm_revert", [snapshot])


def home_of(keys: MemberKeys, folder: Path, name: str = "") -> Path:
    """A home with the member's real keys, under its name or another."""
    secret: dict[str, Any] = {
        "authority_key": bytes(keys.authority.account.key),
        "delegate_key": bytes(keys.delegate.account.key),
    }
    home = folder / "home"
    with Keystore.create(home, "correct horse", scrypt_n=2, **secret):
        pass
    home.chmod(0o700)
    addresses = {"authority": keys.authority.address, "delegate": keys.delegate.address}
    about = {"format": FORMAT, "version": 1, "name": name or keys.organisation, **addresses, "settings": {}}
    write_json(home / "organisation.json", about)
    return home


@pytest.fixture
def doctor(consortium: Consortium, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Doctor:
    monkeypatch.setattr("orchestrator.diagnosis.host.EXTRAS", {})

    def ask(*words: str) -> dict[str, dict[str, str]]:
        capsys.readouterr()
        settings = {
            "chain.public.url": consortium.public_chain.url,
            "chain.private.url": consortium.private_chain.url,
            "chain.deployments": consortium.folder,
            "chain.network": "null",
        }
        run(
            [
                "doctor",
                "--json",
                *words,
                *(f"{key}={value}" for key, value in settings.items() if key not in str(words)),
            ]
        )
        return {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}

    return ask


def send(chain: Connection, keys: MemberKeys, call: Call) -> None:
    signer = keys.authority if call.role == "authority" else keys.delegate
    TransactionSender(chain, signer, timeout=30, poll=0.02).send(call)


def one(found: dict[str, dict[str, str]], name: str, status: str, detail: str, mend: str) -> None:
    check = found[name]
    assert check["status"] == status, check
    assert detail in check["detail"] and mend in check["mend"], check


def test_a_member_in_good_order(doctor: Doctor, consortium: Consortium, tmp_path: Path) -> None:
    first = consortium.members[0]
    send(consortium.private_chain, first, consortium.private.keys.publish_prekeys([b"k" * 1216, b"l" * 1216], SALT))
    found = doctor("--home", str(home_of(first, tmp_path)))
    for name in ("consortium", "quorum", "paused", "pair", "public balance", "private balance", "second daemon"):
        assert found[name]["status"] == "ok", found[name]
    assert found["prekeys"]["detail"] == "2 unused ones on the private chain"
    for side in ("public", "private"):
        assert found[f"{side} history"]["status"] == found[f"{side} contracts"]["status"] == "ok"


def test_no_prekeys(doctor: Doctor, consortium: Consortium, tmp_path: Path) -> None:
    found = doctor("--home", str(home_of(consortium.members[1], tmp_path)))
    one(found, "prekeys", "warning", "borealis has no unused prekey", "start its daemon")


def test_the_delegate_is_not_the_one_on_chain(doctor: Doctor, consortium: Consortium, tmp_path: Path) -> None:
    other = home_of(consortium.members[1], tmp_path, name="aurora")
    found = doctor("--home", str(other))
    one(found, "consortium", "broken", "the delegate of aurora is", "rotate the delegate, or use the home")


def test_the_organisation_is_no_member(doctor: Doctor, consortium: Consortium, tmp_path: Path) -> None:
    found = doctor("--home", str(home_of(consortium.members[0], tmp_path, name="dune")))
    one(found, "consortium", "broken", "dune is not a member", "ask the members to add it")


@pytest.mark.parametrize(
    ("wei", "status", "words"), [(0, "broken", "has 0 ether, and gas costs"), (10**12, "warning", "enough for")]
)
def test_the_delegate_has_no_ether(
    doctor: Doctor, consortium: Consortium, tmp_path: Path, wei: int, status: str, words: str
) -> None:
    delegate = consortium.members[0].delegate.address
    consortium.public_chain.request("anvil_setBalance", [delegate, hex(wei)])
    found = doctor("--home", str(home_of(consortium.members[0], tmp_path)))
    one(found, "public balance", status, words, f"loranchor consortium fund --to {delegate} --chain public")
    assert found["private balance"]["status"] == "ok"


def test_the_quorum_cannot_be_reached(doctor: Doctor, consortium: Consortium) -> None:
    for keys in consortium.members[:2]:
        revoke = consortium.private.consortium.revoke_delegate(keys.organisation)
        send(consortium.private_chain, keys, revoke)
        found = doctor()
    one(found, "quorum", "broken", "1 members have a delegate, the quorum is 2", "the authority of aurora, borealis")


def test_one_member_without_a_delegate(doctor: Doctor, consortium: Consortium) -> None:
    keys = consortium.members[2]
    send(consortium.private_chain, keys, consortium.private.consortium.revoke_delegate(keys.organisation))
    one(doctor(), "quorum", "warning", "cumulus has no delegate; 2 that have one are enough", "delegate name")


def test_a_second_daemon_of_the_organisation(doctor: Doctor, consortium: Consortium, tmp_path: Path) -> None:
    """What two daemons of one organisation do to each other: prekeys are published and taken back, again and again."""
    first, keys = consortium.members[0], consortium.private.keys
    home = str(home_of(first, tmp_path))
    for turn in range(2):
        send(consortium.private_chain, first, keys.publish_prekeys([bytes([turn]) * 1216], SALT))
        send(consortium.private_chain, first, keys.discard_prekeys(SALT))
        found = doctor("--home", home)
        assert (found["second daemon"]["status"] == "broken") == (turn == 1)
    one(found, "second daemon", "broken", "were taken back 2 times in a row", "stop the second daemon")


def test_the_node_has_no_history(doctor: Doctor, consortium: Consortium) -> None:
    """A node that prunes logs answers with none."""
    with proxy(consortium.private_chain.url) as between:
        real = between.answer

        def without_logs(body: bytes) -> bytes | None:
            question = json.loads(body)
            if isinstance(question, dict) and question["method"] == "eth_getLogs":
                return json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": []}).encode()
            return real(body)

        between.answer = without_logs  # type: ignore[method-assign]
        found = doctor(f"chain.private.url={between.url}")
    one(found, "private history", "broken", "no events of block", "keeps all logs and receipts")


def test_the_code_is_not_what_was_deployed(doctor: Doctor, consortium: Consortium) -> None:
    """As after an operator of the chain replaced a contract."""
    where = consortium.public.anchor.address
    consortium.public_chain.request("anvil_setCode", [where, "0x6000"])
    found = doctor()
    one(found, "public contracts", "broken", f"the code of CheckpointAnchor at {where}", "do not use this chain")


def test_the_chain_was_started_anew(doctor: Doctor, consortium: Consortium) -> None:
    for name in ("Consortium", "CheckpointAnchor"):
        address = consortium.public.deployment.address(name)
        consortium.public_chain.request("anvil_setCode", [address, "0x"])
    one(doctor(), "public contracts", "broken", "there is no contract Consortium", "deploy again")


def test_the_two_chains_name_other_consortia(doctor: Doctor, consortium: Consortium, tmp_path: Path) -> None:
    for path in consortium.folder.glob("*.json"):
        (tmp_path / path.name).write_text(path.read_text())
    document = json.loads((tmp_path / "1337.json").read_text())
    (tmp_path / "1337.json").write_text(json.dumps({**document, "consortium_id": "0x" + "c1" * 32}))
    found = doctor(f"chain.deployments={tmp_path}")
    one(found, "deployments", "broken", "are of two consortia", "take both files from one deployment")
    one(found, "private contracts", "broken", "as its consortiumId", "do not use this deployment")
