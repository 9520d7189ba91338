"""Anonymisation inside `prepare`: before tokens, after the split, stated, and nothing else about the data changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.anonymise import Anonymisation
from orchestrator.data import DataSettings, data_statement, prepare
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.samples import sample_id
from orchestrator.sensitivity import Declaration


class Words:
    """Tokens are numbers of words, so that a test reads what a model would see."""

    eos_token_id = 0

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def __call__(self, texts: list[str], **_: Any) -> dict[str, list[list[int]]]:
        return {"input_ids": [[self.known.setdefault(w, len(self.known) + 1) for w in t.split()] for t in texts]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(20):
        words = f"text {number} of jane{number}@example.org says nothing more"
        (tmp_path / f"{number:02d}.txt").write_text(words)
    return tmp_path


def settings(folder: Path, wanted: Anonymisation | None) -> DataSettings:
    declared = Declaration(sensitivity_class="personal", legal_basis="consent")
    return DataSettings("text", {}, folder, 200_000, 4, 7, declared=declared, anonymise=wanted)


def test_no_token_of_an_item_is_left_and_ids_are_those_of_the_owners_texts(folder: Path) -> None:
    words = Words()
    plain = prepare(settings(folder, None), Words(), kind="causal_lm", length=8, apart=True)
    clean = prepare(settings(folder, Anonymisation()), words, kind="causal_lm", length=8, apart=True)
    assert "[EMAIL]" in words.known and not any("@" in word for word in words.known)
    assert clean.rows == plain.rows, "the same split, and withdrawals go by the same ids"
    gone = sample_id((folder / "03.txt").read_text())
    left = prepare(
        settings(folder, Anonymisation()),
        Words(),
        kind="causal_lm",
        length=8,
        apart=True,
        withdrawn=lambda id: id == gone,
    )
    assert gone not in left.rows


def test_it_is_stated_with_counts(folder: Path) -> None:
    dataset = prepare(settings(folder, Anonymisation()), Words(), kind="causal_lm", length=8)
    stated = DataStatement.from_document(data_statement(dataset, organisation="aurora"))
    assert stated.anonymised is not None
    assert (stated.anonymised.operator, stated.anonymised.documents, stated.anonymised.found) == (
        "tag",
        20,
        {"email": 20},
    )
    assert (stated.sensitivity_class, stated.permissions) == ("personal", {"legal_basis": "consent"})


def test_off_by_default(folder: Path) -> None:
    dataset = prepare(settings(folder, None), Words(), kind="causal_lm", length=8)
    assert "anonymised" not in data_statement(dataset, organisation="aurora")


def test_pseudonyms_want_their_key(folder: Path) -> None:
    wanted = settings(folder, Anonymisation("pseudonym"))
    with pytest.raises(ConfigurationError, match="pseudonyms need a key"):
        prepare(wanted, Words(), kind="causal_lm", length=8)
    words = Words()
    prepare(wanted, words, kind="causal_lm", length=8, pseudonym_key=bytes(32))
    assert sum(word.startswith("[EMAIL-") for word in words.known) == 20


def test_settings_are_read_from_an_experiment(folder: Path) -> None:
    data = {"source": "text", "validation": {"share": 5, "limit": 6}, "statement": {"class": "public"}, "anonymise": {}}
    chosen = DataSettings.from_experiment(data, {"shard": {}}, 3)
    assert (chosen.declared.sensitivity_class, chosen.anonymise) == ("public", Anonymisation())
