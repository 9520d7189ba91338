"""`loranchor privacy keylock`: what it says, and that it never says the key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from orchestrator.cli import app
from orchestrator.errors import KeystoreError
from orchestrator.keystore import Keystore
from tests.unit.keystore.support import FAST, PASSWORD


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "aurora"
    Keystore.create(folder, PASSWORD, scrypt_n=FAST).close()
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    return folder


def said(home: Path, verb: str, *more: str) -> Result:
    options = ["--home", str(home), "--password-file", str(home.parent / "password"), *more]
    return CliRunner().invoke(app, ["privacy", "keylock", verb, *options])


def test_before_there_is_a_key_showing_makes_none(home: Path) -> None:
    assert said(home, "show").stdout.startswith("no lock key yet")
    assert json.loads(said(home, "show", "--json").stdout) == {"key": None}
    with Keystore.open(home, PASSWORD) as keystore:
        assert keystore.lock_generation is None


def test_the_key_in_use_is_named_and_not_shown(home: Path) -> None:
    with Keystore.open(home, PASSWORD) as keystore:
        key = keystore.lock_key()
    plain, as_json = said(home, "show").stdout, said(home, "show", "--json").stdout
    assert plain == f"lock key 1, commitment {key.commitment}\n"
    assert json.loads(as_json) == {"key": {"generation": 1, "commitment": key.commitment}}
    assert key.secret.hex() not in plain + as_json


def test_rotating_says_what_it_did(home: Path) -> None:
    with Keystore.open(home, PASSWORD) as keystore:
        first = keystore.lock_key()
    done = said(home, "rotate")
    assert done.exit_code == 0, done.output
    with Keystore.open(home, PASSWORD) as keystore:
        second = keystore.lock_key()
    assert done.stdout.startswith(f"lock key 2, commitment {second.commitment}\n")
    assert "destroyed" in done.stdout
    assert first.secret != second.secret


def test_a_home_without_a_keystore_and_a_wrong_password_are_told(home: Path, tmp_path: Path) -> None:
    nowhere = said(tmp_path / "nobody", "show")
    assert isinstance(nowhere.exception, KeystoreError)
    assert "no keystore" in str(nowhere.exception)
    (tmp_path / "password").write_text("wrong")
    assert isinstance(said(home, "rotate").exception, KeystoreError)
