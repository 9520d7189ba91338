"""Key files, security.txt and SECURITY.md, and the verbs that make them."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from unit.disclosure.registry_chain import RegistryChain, contact, desk_on, report_of
from unit.ledger.actors import CONTRACTS

from orchestrator.cli import run
from orchestrator.disclosure import Desk
from orchestrator.disclosure.contact_files import BEGIN, END, Published, security_txt, write_contact
from orchestrator.disclosure.key_files import make_account, make_key, open_account, open_key
from orchestrator.envelope.prekeys import public_of
from orchestrator.errors import ConfigurationError, KeystoreError
from orchestrator.settings import compose
from orchestrator.storage import cid_of
from orchestrator.types import Digest

PASSWORD = "a password for tests"
QUICK = 2
GROUP = {
    "contacts": ["mailto:security@example.org", "https://example.org/report"],
    "languages": ["en", "ja"],
    "policy": "https://example.org/policy",
    "acknowledgments": None,
    "canonical": "https://example.org/.well-known/security.txt",
}


@pytest.fixture
def desk() -> Desk:
    return desk_on(RegistryChain())


# -- keys


def test_a_key_for_reports_opens_with_its_password_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    public = make_key(path, PASSWORD, scrypt_n=QUICK)
    assert public_of(open_key(path, PASSWORD)) == public and path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeystoreError, match="wrong password"):
        open_key(path, "another")
    with pytest.raises(ConfigurationError, match="exists"):
        make_key(path, PASSWORD, scrypt_n=QUICK)


@pytest.mark.parametrize("change", [{"kdf": {"name": "none"}}, {"sealed": "zz"}, {"nonce": 3}])
def test_a_damaged_key_is_told(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "key.json"
    make_key(path, PASSWORD, scrypt_n=QUICK)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(KeystoreError, match="is damaged"):
        open_key(path, PASSWORD)


def test_a_reporters_salt_is_the_keys_and_the_reports(tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    address = make_account(one, PASSWORD, scrypt_n=QUICK)
    make_account(two, PASSWORD, scrypt_n=QUICK)
    key, again, other = open_account(one, PASSWORD), open_account(one, PASSWORD), open_account(two, PASSWORD)
    report, registry = report_of().digest, CONTRACTS["Consortium"]
    assert key.address == address and key.salt(report, 1, registry) == again.salt(report, 1, registry)
    salts = {
        key.salt(report, 1, registry),
        other.salt(report, 1, registry),
        key.salt(Digest("0x" + "00" * 32), 1, registry),
        key.salt(report, 2, registry),
        key.salt(report, 1, CONTRACTS["RoundLedger"]),
    }
    assert len(salts) == 5
    with pytest.raises(ConfigurationError, match="exists"):
        make_account(one, PASSWORD, scrypt_n=QUICK)


# -- what reporters find


def test_security_txt_has_what_rfc_9116_asks_for(desk: Desk) -> None:
    found = contact(desk)
    text = security_txt(Published.of(GROUP), found, cid_of(found.to_bytes()))
    fields = [line.partition(": ")[::2] for line in text.splitlines() if not line.startswith("#")]
    names = [name for name, _ in fields]
    assert names.count("Contact") == 2 and names.count("Expires") == names.count("Preferred-Languages") == 1
    assert [value for name, value in fields if name == "Contact"] == GROUP["contacts"]
    values = dict(fields)
    assert datetime.fromisoformat(values["Expires"]).timestamp() == found.expires
    assert values["Encryption"] == f"ipfs://{cid_of(found.to_bytes())}"
    assert values["Preferred-Languages"] == "en, ja" and values["Canonical"] == GROUP["canonical"]
    assert "Acknowledgments" not in values and all(re.fullmatch(r"[\x20-\x7e]*", line) for line in text.splitlines())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"contacts": []}, "disclosure.contacts is empty"),
        ({"contacts": ["security@example.org"]}, "is not a mailto:, tel:\\+ or https:// address"),
        ({"contacts": ["mailto:a@b\nEncryption: x"]}, "is not a mailto:"),
        ({"contacts": "mailto:a@b.org"}, "give a list"),
        ({"policy": "http://example.org"}, "not an https:// address"),
        ({"languages": ["English!"]}, "not a language tag"),
    ],
)
def test_settings_that_the_standard_does_not_allow_are_named(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        Published.of({**GROUP, **change})


def test_the_packaged_settings_can_be_read() -> None:
    group = compose(["disclosure.contacts=[mailto:a@example.org]"]).group("disclosure")
    assert Published.of(group).contacts == ("mailto:a@example.org",)


def test_other_sections_of_security_md_stay(desk: Desk, tmp_path: Path) -> None:
    found, published = contact(desk), Published.of(GROUP)
    cid = cid_of(found.to_bytes())
    page = tmp_path / "SECURITY.md"
    page.write_text("# Security\n\nOurs \\1.\n")
    write_contact(tmp_path, published, found, cid, 90)
    first = page.read_text()
    assert first.startswith("# Security\n\nOurs \\1.\n") and cid in first
    page.write_text(first + "\n## Later\n")
    files = write_contact(tmp_path, published, found, cid, 30)
    text = page.read_text()
    assert text.count(BEGIN) == text.count(END) == 1 and "30 days" in text and text.endswith("## Later\n")
    assert {path.name for path in files} == {"SECURITY.md", "security.txt", "contact.json"}
    assert (tmp_path / "contact.json").read_bytes() == found.to_bytes()
    assert all(str(item.organisation) in text for item in found.recipients)


# -- verbs


def error_of(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    told: dict[str, str] = json.loads(capsys.readouterr().err)["error"]
    return told


def test_a_reporter_makes_an_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    to = tmp_path / "reporter.json"
    assert run(["disclosure", "account", "--to", str(to), "--password-file", str(password), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert open_account(to, PASSWORD).address == made["account"]


def test_what_is_missing_is_said_before_anything_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.toml"
    report.write_text('title="a"\nseverity="low"\ndescription="b"\nsteps="c"\naffected={component="d"}\n')
    apart = [f"chain.deployments={tmp_path}", "chain.public.url=http://127.0.0.1:9"]
    code = run(["disclosure", "report", str(report), "--key-file", str(tmp_path / "key"), "--json", *apart])
    assert code == 2 and error_of(capsys)["message"] == "no contact is given"
    assert run(["disclosure", "status", "--json", *apart]) == 2
    assert error_of(capsys)["message"] == "no registry is known"
    code = run(["disclosure", "status", "--json", "--contact", "nothing", *apart])
    assert code == 2 and error_of(capsys)["message"] == "the contact 'nothing' is neither a file nor a CID"
    settings = ["disclosure.contacts=[mailto:a@example.org]", *apart]
    statement = tmp_path / "statement.json"
    for content, why in ((None, "cannot read"), (b"{}", "expected the format loranchor/disclosure-recipient")):
        if content is not None:
            statement.write_bytes(content)
        code = run(["disclosure", "contact", "--recipient", str(statement), "--to", str(tmp_path), "--json", *settings])
        told = error_of(capsys)["message"]
        assert code in (2, 7) and why in told and str(statement) in told
    code = run(["disclosure", "extend", "1", "--json", "--agree", "--until", "+1d", *apart])
    assert code == 2 and error_of(capsys)["message"] == "an extension needs an end"
