"""A disclosure from the first key to the publication, by its verbs, on Anvil, Ganache and a real IPFS node.

The reporter has the public chain, IPFS, a key file and what security.txt says: no home and no deployment file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from chain_deployment import Consortium, deploy
from chain_nodes import AccountSigner, anvil, fund, ganache
from ipfs_node import ipfs_node

from orchestrator.cli import run
from orchestrator.disclosure import Contact, Report
from orchestrator.files import write_json
from orchestrator.keystore import Keystore
from orchestrator.ledger.canonical import sha256
from orchestrator.organisation import FILE, Organisation
from orchestrator.storage import IpfsStore, cid_of

PASSWORD = "a password for tests"
EMBARGO = 90 * 86_400
REPORT = """
title = "A prompt brings back training text"
severity = "high"
description = "The model repeats an address that was in the training data."
steps = "Ask for it."
contact = "mailto:finder@example.org"
[affected]
component = "the released adapter"
"""


@dataclass
class World:
    """Two members with homes, a reporter with nothing, and the command line of each.

    Attributes:
        capture: pytest's, for what a verb says; set by each test.
    """

    consortium: Consortium
    folder: Path
    ipfs: str
    capture: Any = None

    @property
    def password(self) -> str:
        return str(self.folder / "password")

    def home(self, name: str) -> str:
        return str(self.folder / name)

    def settings(self, *, deployments: bool) -> list[str]:
        chain = self.consortium.public_chain
        folder = self.consortium.folder if deployments else self.folder / "no-deployments"
        network = ["chain.network=null", f"chain.deployments={folder}", f"storage.api_url={self.ipfs}"]
        return [*network, f"chain.public.url={chain.url}", f"chain.public.chain_id={chain.chain_id}"]

    def verb(self, verb: str, *words: str, member: bool = True, key: bool = True) -> Any:
        """What a verb printed as JSON; of a refusal, its code and message. The reporter has no deployment file."""
        options = ["--password-file", self.password] if key else []
        code = run(["disclosure", verb, *words, "--json", *options, *self.settings(deployments=member)])
        out, err = self.capture.readouterr()
        return json.loads(out) if code in (0, 8) and out else (json.loads(err)["error"]["code"], code)

    def sleep(self, seconds: int) -> None:
        chain = self.consortium.public_chain
        chain.request("evm_increaseTime", [seconds])
        chain.request("evm_mine", [])


def make_home(world: World, name: str) -> None:
    """A home whose delegate is the one on the chains."""
    member = next(item for item in world.consortium.members if item.organisation == name)
    keys = {"authority_key": bytes(member.authority.account.key), "delegate_key": bytes(member.delegate.account.key)}
    home = world.folder / name
    with Keystore.create(home, PASSWORD, scrypt_n=2, **keys) as made:
        addresses = (made.authority_address, made.delegate_address)
    write_json(home / FILE, Organisation(member.organisation, home, *addresses, {}).document)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("disclosure")
    with (
        anvil() as public,
        ganache(folder) as private,
        ipfs_node(folder) as ipfs,
    ):
        world = World(deploy(public, private, folder / "deployments", embargo_seconds=EMBARGO), folder, ipfs)
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o600)
        for name in ("aurora", "borealis"):
            make_home(world, name)
        yield world


@pytest.fixture
def world(built: World, capsys: pytest.CaptureFixture[str]) -> World:
    built.capture = capsys
    return built


def keys_and_contact(world: World) -> str:
    """What maintainers do once, before the first report comes; the contact's CID."""
    if (known := world.folder / "site" / "contact.json").exists():
        return cid_of(known.read_bytes())
    statements = []
    for name in ("aurora", "borealis"):
        statement = str(world.folder / f"{name}-recipient.json")
        role = "authority" if name == "aurora" else "delegate"
        new = ["--key", str(world.folder / f"{name}-key.json"), "--to", statement, "--with", role]
        assert world.verb("key", "--home", world.home(name), *new)["statement"] == statement
        statements += ["--recipient", statement]
    site = world.folder / "site"
    words = [*statements, "--to", str(site), "disclosure.contacts=[mailto:security@example.org]"]
    cid: str = world.verb("contact", *words, key=False)["contact"]
    assert f"Encryption: ipfs://{cid}" in (site / ".well-known" / "security.txt").read_text()
    assert "The embargo is 90 days" in (site / "SECURITY.md").read_text()
    return cid


def reporter_with(world: World, name: str) -> str:
    """A key file with one ether on the public chain."""
    path = str(world.folder / name)
    assert run(["disclosure", "account", "--to", path, "--password-file", world.password, "--json"]) == 0
    fund(world.consortium.public_chain, json.loads(world.capture.readouterr().out)["account"], 1)
    return path


@pytest.mark.slow
def test_from_the_first_key_to_the_publication(world: World) -> None:
    contact = keys_and_contact(world)
    reporter = reporter_with(world, "reporter.json")
    report = world.folder / "report.toml"
    report.write_text(REPORT)
    sealed_to = ["--key-file", reporter, "--contact", contact]
    handed_in = world.verb("report", str(report), *sealed_to, member=False)
    assert (handed_in["id"], handed_in["state"], handed_in["recipients"]) == (1, "waiting", ["aurora", "borealis"])

    # a second report with the same digest, an early reveal: by name, and nothing happened
    assert world.verb("report", str(report), *sealed_to, member=False) == ("ReportKnown", 7)
    publication = ["1", "--opening", handed_in["opening"], "--key-file", reporter, "--contact", contact]
    assert world.verb("publish", *publication, member=False) == ("UnderEmbargo", 7)

    # a member opens it, with nothing but its key
    opened = str(world.folder / "opened.json")
    words = ["1", "--key", str(world.folder / "borealis-key.json"), "--to", opened]
    assert world.verb("open", *words)["report"]["title"] == "A prompt brings back training text"
    assert Path(opened).read_bytes() == Path(handed_in["opening"]).read_bytes()

    # acknowledged once, extended by both
    home = ["--home", world.home("aurora")]
    assert world.verb("acknowledge", "1", *home)["state"] == "acknowledged"
    assert world.verb("acknowledge", "1", *home) == ("AlreadyAcknowledged", 7)
    asked = world.verb("extend", "1", "--until", "+30d", *home)
    assert asked["proposed_by_member"] == handed_in["embargo_ends"] + 30 * 86_400
    agreed = world.verb("extend", "1", "--agree", "--key-file", reporter, "--contact", contact, member=False)
    assert agreed["embargo_ends"] == asked["proposed_by_member"] and agreed["proposed_by_member"] is None
    assert world.verb("extend", "1", "--until", "+0d", *home) == ("EmbargoNotLater", 7)

    # the embargo ends, whatever one side says now
    world.verb("extend", "1", "--until", "+300d", *home)
    assert world.verb("status", "--due", key=False)["reports"] == []
    world.sleep(EMBARGO + 20 * 86_400)
    assert world.verb("status", "--due", key=False)["reports"][0]["due"].startswith("its embargo ends in")
    world.sleep(11 * 86_400)
    assert world.verb("acknowledge", "1", *home) == ("EmbargoOver", 7)
    assert world.verb("extend", "1", "--until", "+1d", *home) == ("EmbargoOver", 7)

    # a stranger to whom the opening was given publishes it
    stranger = reporter_with(world, "stranger.json")
    false = json.loads(Path(opened).read_text())
    false["salt"] = "0x" + "00" * 32
    wrong = world.folder / "wrong.json"
    wrong.write_bytes(json.dumps(false, separators=(",", ":"), sort_keys=True).encode())
    paid = ["--key-file", stranger, "--contact", contact]
    assert world.verb("publish", "1", "--opening", str(wrong), *paid, member=False) == ("WrongReport", 7)
    public = world.verb("publish", "1", "--opening", opened, *paid, member=False)
    assert public["state"] == "published"
    last = public["timeline"][-1]
    data = IpfsStore(world.ipfs).fetch(last["cid"], limit=1 << 20)
    assert sha256(data) == last["digest"] and Report.from_bytes(data).severity == "high"
    assert world.verb("publish", "1", "--opening", opened, *paid, member=False) == ("AlreadyRevealed", 7)
    assert [item["what"] for item in public["timeline"]] == [
        "committed", "acknowledged", "proposed", "proposed", "extended", "proposed", "published"
    ]  # fmt: skip


@pytest.mark.slow
def test_a_false_contact_is_refused(world: World, tmp_path: Path) -> None:
    """Whoever writes security.txt can leave members out, and cannot put a key of his own in."""
    keys_and_contact(world)
    contact = Contact.from_bytes((world.folder / "site" / "contact.json").read_bytes())
    thief = AccountSigner()
    forged = contact.recipients[0].signed(lambda digest: bytes(thief.account.unsafe_sign_hash(digest).signature))
    path, report = tmp_path / "contact.json", tmp_path / "other.toml"
    path.write_bytes(Contact.of([forged]).to_bytes())
    report.write_text(REPORT.replace("high", "low"))
    reporter = reporter_with(world, "another-reporter.json")
    before = len(world.verb("status", key=False)["reports"])
    words = [str(report), "--key-file", reporter, "--contact", str(path)]
    assert world.verb("report", *words, member=False) == ("EnvelopeError", 7)
    assert len(world.verb("status", key=False)["reports"]) == before
