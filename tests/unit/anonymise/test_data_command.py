"""`loranchor data anonymise` and `data check`, as people run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli import run
from orchestrator.keystore import Keystore

PASSWORD = "a password of a test"


def test_anonymise_prints_counts_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, to = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text("text,label\nmail a@example.org,1\n")
    assert run(["data", "anonymise", str(file), "--to", str(to), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"operator": "tag", "items": 1, "found": {"email": 1}}
    assert to.read_text() == "text,label\nmail [EMAIL],1\n"
    assert run(["data", "anonymise", str(file), "--to", str(to)]) == 2
    assert run(["data", "anonymise", str(file), "--to", str(tmp_path / "ip"), "--kind", "ip"]) == 0
    assert "nothing: the text is as it was" in capsys.readouterr().out


def test_pseudonyms_come_from_the_keystore(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, home, word = tmp_path / "in.txt", tmp_path / "home", tmp_path / "password"
    file.write_text("a@example.org")
    asked = ["data", "anonymise", str(file), "--operator", "pseudonym"]
    assert run([*asked, "--to", str(tmp_path / "none")]) == 2
    assert "pseudonyms need a key" in capsys.readouterr().err
    home.mkdir()
    Keystore.create(home, PASSWORD, scrypt_n=2).close()
    word.write_text(PASSWORD)
    word.chmod(0o600)
    for name in ("one", "two"):
        to = tmp_path / name
        assert run([*asked, "--to", str(to), "--home", str(home), "--password-file", str(word)]) == 0
    assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text() != "a@example.org"


def test_check_says_what_is_missing_and_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "check", "--json", "data=sotu"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "class": "public",
        "missing": ["contact"],
        "anonymised": "no",
        "policy": "default",
        "training": "allowed",
        "release": "allow",
    }
    assert run(["data", "check", "data=chitchat", "sensitivity=strict"]) == 9
    found = capsys.readouterr()
    assert "missing: collected, contact" in found.out
    assert "data of class personal are trained on only with personal data taken out" in found.err
