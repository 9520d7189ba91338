"""`loranchor org`: backups, homes made of them, remote delegates, and what is shown of addresses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator import cli
from orchestrator.keystore import Keystore, backup

PASSWORD = "correct horse"
ADDRESS = "0x" + "aB" * 20


def run(*arguments: str) -> int:
    return cli.run(list(arguments))


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.touch(mode=0o600)
    path.write_text(PASSWORD + "\n")
    return path


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deriving keys takes its time on purpose; not in a test."""
    create, restore = Keystore.create, backup.restore_backup
    monkeypatch.setattr(Keystore, "create", lambda *given, **named: create(*given, **named, scrypt_n=2))
    monkeypatch.setattr(backup, "restore_backup", lambda *given: restore(*given, scrypt_n=2))


def init(tmp_path: Path, password_file: Path, *more: str) -> Path:
    home = tmp_path / "home"
    given = ["--name", "aurora", "--home", str(home), "--password-file", str(password_file), *more]
    assert run("org", "init", *given) == 0
    return home


def test_a_home_goes_into_a_file_and_comes_out_of_it(
    tmp_path: Path, password_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, file, restored = init(tmp_path, password_file), tmp_path / "aurora.tar", tmp_path / "restored"
    capsys.readouterr()
    assert run("org", "backup", "--home", str(home), "--to", str(file), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == [
        "keystore/addresses.json",
        "keystore/authority.json",
        "keystore/delegate.json",
        "keystore/signed.sqlite",
        "organisation.json",
    ]
    options = ("--home", str(restored), "--from", str(file), "--password-file", str(password_file))
    assert run("org", "restore", *options) == 0
    assert "signs nothing until it has looked up" in capsys.readouterr().out
    assert Keystore.addresses(restored) == Keystore.addresses(home)
    assert run("org", "restore", *options) == 2
    assert "not empty" in capsys.readouterr().err
    assert run("org", "backup", "--home", str(home), "--to", str(file)) == 2
    assert "already exists" in capsys.readouterr().err


def test_the_authority_can_be_left_out(tmp_path: Path, password_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = init(tmp_path, password_file)
    assert run("org", "backup", "--home", str(home), "--to", str(tmp_path / "a.tar"), "--without-authority") == 0
    assert "authority.json" not in capsys.readouterr().out.partition("Wrote")[2]


def test_a_file_that_is_no_backup_is_one_line(
    tmp_path: Path, password_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.tar").write_text("nothing")
    options = ("--home", str(tmp_path / "new"), "--password-file", str(password_file))
    assert run("org", "restore", *options, "--from", str(tmp_path / "a.tar")) == 7
    assert run("org", "restore", *options, "--from", str(tmp_path / "b.tar")) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert not (tmp_path / "new").exists()


def test_a_remote_delegate_is_named_and_no_key_is_made(
    tmp_path: Path, password_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ("signer=web3signer", "signer.url=https://signer:9000")
    home = init(tmp_path, password_file, "--delegate", ADDRESS, *settings)
    assert Keystore.addresses(home).delegate == ADDRESS.lower()
    assert not (home / "keystore" / "delegate.json").exists()
    capsys.readouterr()
    assert run("org", "show", "--home", str(home), "--json") == 0
    assert json.loads(capsys.readouterr().out)["effective"]["signer"]["kind"] == "web3signer"


@pytest.mark.parametrize("address", ["0x12", "me", "0x" + "zz" * 20])
def test_what_is_no_address_is_refused(
    tmp_path: Path, password_file: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--name", "aurora", "--home", str(tmp_path / "home"), "--password-file", str(password_file))
    assert run("org", "init", *given, "--delegate", address) == 2
    assert "is no address" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_passwords_in_addresses_are_kept_and_never_shown(
    tmp_path: Path, password_file: Path, form: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    urls = ("--public-url", "https://user:s3cret@node/v3/s3cret", "--private-url", "http://:s3cret@127.0.0.1:8545")
    signer = (
        "signer=web3signer",
        "signer.url=https://user:s3cret@signer:9000",
        "storage.api_url=http://u:s3cret@h:5001",
    )
    home = init(tmp_path, password_file, *urls, *signer, *form)
    assert run("org", "show", "--home", str(home), *form) == 0
    told = capsys.readouterr()
    assert "s3cret" not in told.out + told.err
    if form:
        assert "https://node/…" in told.out
    assert json.loads((home / "organisation.json").read_text())["settings"]["chain.public.url"].count("s3cret") == 2


@pytest.mark.parametrize(
    "setting",
    ["chain.public.urls=http://u:s3cret@h:1", "chain.public.url='http://u:s3cret@h:1", "chain.nope='//u:s3cret@h'"],
)
def test_a_setting_that_is_refused_shows_no_password(
    tmp_path: Path, password_file: Path, setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--name", "aurora", "--home", str(tmp_path / "home"), "--password-file", str(password_file))
    assert run("org", "init", *given, setting) == 2
    assert "s3cret" not in capsys.readouterr().err
