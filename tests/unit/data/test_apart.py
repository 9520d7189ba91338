"""Documents kept apart: without some of them, everything about the others is as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.data import Dataset, DataSettings, Document, prepare
from orchestrator.data.apart import IGNORED, chopped, split_apart
from orchestrator.errors import DataError
from orchestrator.models import load_base, resolve
from orchestrator.samples import sample_id

DOCUMENTS = [Document(f"text number {number}") for number in range(40)]
CHOSEN = DataSettings("csv", validation_share=200_000, seed=7)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return load_base(resolve("tiny:llama")).tokenizer


def prepared(folder: Path, tokenizer: Any, kind: str = "classifier", **rest: Any) -> Dataset:
    lines = [f"text number {number},{number % 2}" for number in range(40)]
    (folder / "data.csv").write_text("\n".join(["text,label", *lines]))
    chosen = DataSettings("csv", {}, folder, 200_000, 10, 7)
    return prepare(chosen, tokenizer, kind=kind, length=16, apart=True, **rest)


@settings(max_examples=50)
@given(gone=st.sets(st.sampled_from(DOCUMENTS), max_size=12))
def test_nobody_changes_sides_when_others_go(gone: set[Document]) -> None:
    training, validation = split_apart(DOCUMENTS, CHOSEN)
    left = split_apart([item for item in DOCUMENTS[::-1] if item not in gone], CHOSEN)
    assert left == ([i for i in training if i not in gone], [i for i in validation if i not in gone])


def test_a_row_has_tokens_of_one_document(tokenizer: Any) -> None:
    documents = [Document("short"), Document("seventeen letters"), Document("x" * 31)]
    found = chopped(documents, tokenizer, 16)
    assert [found.rows[sample_id(item.text)] for item in documents] == [(0,), (1, 2), (3, 4)]
    assert found.mask.sum(1).tolist() == [6, 16, 2, 16, 16]
    assert tokenizer.decode(found.tokens[0][:5]) == "short"
    assert torch.equal(found.labels == IGNORED, found.mask == 0)


def test_a_lone_last_token_is_left_out(tokenizer: Any) -> None:
    assert chopped([Document("sixteen letters ")], tokenizer, 16).rows == {sample_id("sixteen letters "): (0,)}


@pytest.mark.parametrize("kind", ["classifier", "causal_lm"])
def test_batches_of_some_are_those_without_the_others(kind: str, tmp_path: Path, tokenizer: Any) -> None:
    whole = prepared(tmp_path, tokenizer, kind)
    some, gone = sorted(whole.rows)[::2], set(sorted(whole.rows)[1::2])
    left = prepared(tmp_path, tokenizer, kind, withdrawn=gone.__contains__)
    assert left.contents() == {name: whole.contents()[name] for name in some}
    asked: dict[str, Any] = {"batch": 3, "steps": 9, "seed": 5}
    for one, other in zip(whole.batches_of(some, **asked), left.batches_of(some, **asked), strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_what_is_withdrawn_is_on_neither_side(tmp_path: Path, tokenizer: Any) -> None:
    whole = prepared(tmp_path, tokenizer)
    held_out = [sample_id(item.text) for item in split_apart(DOCUMENTS, CHOSEN)[1]]
    left = prepared(tmp_path, tokenizer, withdrawn=set(held_out[:2]).__contains__)
    assert len(left.validation) == len(whole.validation) - 2
    assert set(left.rows) == set(whole.rows)
    with pytest.raises(DataError, match="leaves nothing on one side"):
        prepared(tmp_path, tokenizer, withdrawn=lambda _: True)


def test_too_few_documents_are_told() -> None:
    with pytest.raises(DataError, match="has 1 documents, too few"):
        split_apart(DOCUMENTS[:1], CHOSEN)
