"""Splits, batches, the label-flipping adversary, and the statement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.data import Dataset, DataSettings, Document, data_statement, prepare
from orchestrator.data.prepare import split
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.models import load_base, resolve


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load_base(resolve("tiny:llama")).tokenizer


@pytest.fixture
def rated(tmp_path: Path) -> Path:
    lines = [f"{k}\t{1 if k % 3 else -1}\tsentence number {k}" for k in range(60)]
    (tmp_path / "tweets_GroundTruth.txt").write_text("\n".join(lines))
    return tmp_path


def labelled(folder: Path, tokenizer: Any, **changes: Any) -> Dataset:
    chosen = DataSettings("vader", {"domain": "tweets"}, folder, 200_000, 10, 7, **changes)
    return prepare(chosen, tokenizer, kind="classifier", length=24)


@given(seed=st.integers(0, 1 << 40), share=st.integers(1, 999_999), count=st.integers(2, 40))
def test_split_is_disjoint_complete_and_of_two_parts(seed: int, share: int, count: int) -> None:
    documents = [Document(str(k)) for k in range(count)]
    chosen = DataSettings("text", validation_share=share, seed=seed)
    training, validation = split(documents, chosen)
    assert training
    assert validation
    assert sorted(d.text for d in training + validation) == sorted(d.text for d in documents)
    assert split(documents[::-1], chosen) == (training, validation)


def test_another_seed_is_another_split() -> None:
    documents = [Document(str(k)) for k in range(50)]
    first, second = (split(documents, DataSettings("text", seed=seed))[1] for seed in (1, 2))
    assert first != second


def test_a_single_document_cannot_be_split() -> None:
    with pytest.raises(DataError, match="single document"):
        split([Document("x")], DataSettings("text"))


def test_flipped_labels_are_in_the_training_part_only(rated: Path, tokenizer: Any) -> None:
    honest, flipped = labelled(rated, tokenizer), labelled(rated, tokenizer, adversary="label_flip")
    assert torch.equal(flipped.training.labels, 1 - honest.training.labels)
    assert torch.equal(flipped.training.tokens, honest.training.tokens)
    assert torch.equal(flipped.validation.labels, honest.validation.labels)
    assert len(honest.validation) == 10
    assert len(honest.training) == 48


def test_batches_see_every_sample_once_a_turn(rated: Path, tokenizer: Any) -> None:
    dataset = labelled(rated, tokenizer)
    seen = [tuple(row.tolist()) for b in dataset.batches(batch=8, steps=6, seed=1) for row in b["input_ids"]]
    assert len(set(seen)) == 48
    again = [b["labels"].tolist() for b in dataset.batches(batch=8, steps=6, seed=1)]
    assert again == [b["labels"].tolist() for b in dataset.batches(batch=8, steps=6, seed=1)]
    assert again != [b["labels"].tolist() for b in dataset.batches(batch=8, steps=6, seed=2)]
    assert len(list(dataset.batches(batch=50, steps=3, seed=1))) == 3


def test_validation_batches_are_fixed(rated: Path, tokenizer: Any) -> None:
    dataset = labelled(rated, tokenizer)
    first, second = dataset.validation_batches(4), dataset.validation_batches(4)
    assert [len(batch["labels"]) for batch in first] == [4, 4, 2]
    assert all(torch.equal(a["input_ids"], b["input_ids"]) for a, b in zip(first, second, strict=True))


def test_blocks_of_text(tmp_path: Path, tokenizer: Any) -> None:
    for k in range(10):
        (tmp_path / f"{k}.txt").write_text(f"text {k} " * 20)
    dataset = prepare(DataSettings("text", {}, tmp_path, 200_000, 3), tokenizer, kind="causal_lm", length=16)
    assert dataset.training.tokens.shape[1] == 16
    assert len(dataset.validation) == 3
    batch = next(dataset.batches(batch=4, steps=1, seed=0))
    assert batch["input_ids"].shape == (4, 16)
    assert torch.equal(batch["input_ids"], batch["labels"])


def test_too_little_text(tmp_path: Path, tokenizer: Any) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").write_text("two")
    with pytest.raises(DataError, match="a sample needs 64"):
        prepare(DataSettings("text", {}, tmp_path), tokenizer, kind="causal_lm", length=64)


def test_a_classifier_needs_labels(tmp_path: Path, tokenizer: Any) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").write_text("two")
    with pytest.raises(DataError, match="without labels"):
        prepare(DataSettings("text", {}, tmp_path), tokenizer, kind="classifier", length=8)


def test_statement_is_the_ledgers_object(rated: Path, tokenizer: Any) -> None:
    dataset = labelled(rated, tokenizer, adversary="label_flip", provenance="a test")
    statement = DataStatement.from_document(data_statement(dataset, organisation="aurora"))
    assert statement.provenance == (
        "a test; source vader, shard domain tweets; 60 documents, 48 training samples, 10 held-out samples used"
    )


def test_settings_from_an_experiment() -> None:
    data = {"source": "vader", "folder": None, "validation": {"share": 5, "limit": 6}, "sensitivity": "low"}
    organisation = {"name": "dune", "shard": {"domain": "movies"}, "adversary": "label_flip"}
    chosen = DataSettings.from_experiment(data, organisation, 7)
    assert (chosen.validation_share, chosen.validation_limit, chosen.seed) == (5, 6, 7)
    assert (chosen.adversary, chosen.sensitivity, chosen.folder) == ("label_flip", "low", None)
    with pytest.raises(ConfigurationError, match="unknown adversary 'evil'"):
        DataSettings.from_experiment(data, {**organisation, "adversary": "evil"}, 7)
    with pytest.raises(ConfigurationError, match="shard"):
        DataSettings.from_experiment(data, {"name": "dune"}, 7)
