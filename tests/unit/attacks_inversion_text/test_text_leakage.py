"""`loranchor evaluate leakage --texts`: a document, a table, and mistakes in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.errors import ConfigurationError, DataError

SMALL = ("--model", "tiny:llama", "--tokens", "10", "--images", "2")
SENTENCE = "quick brown jumps over lazy dogs while nobody is there to see them go. "


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    file = tmp_path / "texts.txt"
    file.write_text(SENTENCE * 3)
    return file


def words(output: Path, texts: Path, *more: str) -> list[str]:
    return ["evaluate", "leakage", "--output", str(output), "--texts", str(texts), *SMALL, *more]


def test_texts_come_back_and_the_document_says_how_well(tmp_path: Path, texts: Path) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, words(out, texts, "--rank", "32", "--json"))
    assert done.exit_code == 0, done.output
    document = json.loads((out / "leakage.json").read_text())
    assert json.loads(done.stdout) == document
    assert [one["truth"] for one in document["texts"]] == [SENTENCE[:10], SENTENCE[10:20]]
    assert all(one["precision"] == 1_000_000 and one["recall"] > 700_000 for one in document["texts"])
    assert document["texts"][0]["found"] == SENTENCE[:9] and document["strength"] == 0


def test_a_lock_and_a_table_for_people(tmp_path: Path, texts: Path) -> None:
    done = CliRunner().invoke(app, words(tmp_path / "out", texts, "--knowledge", "neither-known"))
    assert done.exit_code == 0, done.output
    assert "attacker: neither-known" in " ".join(done.stdout.split())
    document = json.loads((tmp_path / "out" / "leakage.json").read_text())
    assert document["strength"] == 500_000
    assert [one["accepted"] for one in document["texts"]] == [0, 0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--images", "40"], "has 21 texts of 10 tokens, not 40"),
        (["--images", "0"], "from 1"),
        (["--tokens", "1"], "from 2"),
        (["--knowledge", "all"], "no attacker knows 'all'"),
        (["--texts", "nowhere.txt"], "cannot be read"),
    ],
)
def test_what_has_no_meaning_is_said_in_a_line(tmp_path: Path, texts: Path, more: list[str], said: str) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(app, words(out, texts, *more))
    assert isinstance(done.exception, ConfigurationError | DataError) and said in done.exception.message
    assert not out.exists()
