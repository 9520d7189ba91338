"""`loranchor consortium` on a machine without any chain: signing offline, merging, and what is refused there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from unit.governance.decisions_made import key_of, membership, pause
from unit.ledger.actors import AURORA, BOREALIS, address_of_key, sign

from orchestrator import cli
from orchestrator.governance.ceremony import Ceremony, read_ceremony, write_ceremony
from orchestrator.keystore import accounts

PASSWORD = "offline"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with an unsigned ceremony, two key files and their password."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LORANCHOR_")]:
        monkeypatch.delenv(name)
    write_ceremony(tmp_path / "change.json", Ceremony.of(membership()))
    for name in (AURORA, BOREALIS):
        path = tmp_path / f"{name}.json"
        accounts.write_account(path, PASSWORD, key=key_of(name).secret, scrypt_n=2**10)
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    return tmp_path


def run(*arguments: str) -> int:
    return cli.run(["consortium", *arguments])


def signed_by(name: str, *more: str) -> int:
    return run("sign", "change.json", "--key-file", f"{name}.json", "--password-file", "password", "--offline", *more)


def test_signed_apart_and_merged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (AURORA, BOREALIS):
        assert signed_by(name, "--yes", "--out", f"by-{name}.json") == 0
    assert read_ceremony(folder / "change.json").signatures == {}
    assert run("merge", "by-aurora.json", "by-borealis.json", "--out", "change.json") == 0
    merged = read_ceremony(folder / "change.json")
    assert set(merged.signatures) == {address_of_key(key_of(name)) for name in (AURORA, BOREALIS)}
    capsys.readouterr()
    assert run("show", "change.json", "--offline") == 0
    out = capsys.readouterr().out
    assert "change of membership to epoch 2" in out and "not compared with any chain" in out
    assert run("show", "change.json", "--offline", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ceremony"] == merged.document()


def test_signing_twice_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert signed_by(AURORA, "--yes") == 0
    before = (folder / "change.json").read_bytes()
    assert signed_by(AURORA, "--yes") == 0
    assert "had signed it already; nothing changed" in capsys.readouterr().out
    assert (folder / "change.json").read_bytes() == before


def test_nobody_signs_unasked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert signed_by(AURORA) == 2
    assert "there is no terminal to ask at" in capsys.readouterr().err
    assert read_ceremony(folder / "change.json").signatures == {}


def test_signing_elsewhere_overwrites_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody's signature may be in the only file that there is of it; and a name is mistyped easily."""
    decision = membership()
    write_ceremony(folder / "kept.json", Ceremony.of(decision).signed(sign(key_of(BOREALIS), decision.digest())))
    assert signed_by(AURORA, "--yes", "--out", "kept.json") == 0
    assert len(read_ceremony(folder / "kept.json").signatures) == 2
    for content in (Ceremony.of(pause()).to_bytes(), b"notes of somebody"):
        (folder / "other.json").write_bytes(content)
        assert signed_by(AURORA, "--yes", "--out", "other.json") == 7
        assert (folder / "other.json").read_bytes() == content
    assert read_ceremony(folder / "change.json").signatures == {}
    capsys.readouterr()


def test_merging_never_overwrites(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decision = membership()
    kept = Ceremony.of(decision).signed(sign(key_of(AURORA), decision.digest()))
    write_ceremony(folder / "kept.json", kept)
    assert run("merge", "change.json", "--out", "kept.json") == 0
    assert read_ceremony(folder / "kept.json") == kept
    for content in (Ceremony.of(pause()).to_bytes(), b"notes of somebody"):
        (folder / "other.json").write_bytes(content)
        assert run("merge", "change.json", "--out", "other.json") == 7
        assert (folder / "other.json").read_bytes() == content
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show",), 2, "no address is set for the public chain"),
        (("show", "none.json"), 2, "cannot read none.json"),
        (("show", "password"), 7, "password: loranchor/ceremony: not JSON"),
        (("show", "change.json", "chain.colour=red"), 2, "chain.colour"),
        (("propose",), 2, "one thing is proposed at a time"),
        (("propose", "--pause", "--quorum", "2"), 2, "one thing is proposed at a time"),
        (("propose", "--add", "drift"), 2, "is not NAME=ADDRESS"),
        (("propose", "--add", "drift=0x1", "--add", "drift=0x2"), 2, "names drift twice"),
        (("propose", "--quorum", "2"), 2, "no address is set"),
        (("sign", "change.json", "--yes", "--offline"), 2, "no key is given"),
        (("sign", "change.json", "--yes", "--offline", "--key-file", "none"), 6, "no terminal to ask for the password"),
        (("submit", "change.json"), 2, "no address is set"),
        (("submit", "none.json"), 2, "cannot read none.json"),
        (("fund", "--to", "aurora", "--ether", "1"), 2, "is no address"),
        (("fund", "--to", "0x" + "1" * 40, "--ether", "much"), 2, "is no amount of ether"),
        (("delegate", "rotate", "--home", "nowhere"), 2, "there is no organisation in nowhere"),
        (("authority", "new", "--home", "nowhere"), 2, "there is no organisation in nowhere"),
        (("authority", "export", "--home", "nowhere", "--to", "x"), 6, "no terminal"),
        (("merge", "--out", "x"), 2, "Missing argument"),
        (("depose", "aurora"), 2, "No such command"),
    ],
)
def test_refused_in_one_line(
    folder: Path, arguments: tuple[str, ...], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.iterdir())
    assert run(*arguments) == code
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1 and told[0].startswith("error: ") and words in told[0], told
    assert sorted(folder.iterdir()) == before


def test_errors_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", "password", "--json") == 7
    told = json.loads(capsys.readouterr().err)["error"]
    assert told["code"] == "FormatError" and "as it was sent" in told["mend"]
