"""Planted secrets: drawn from a space that is known, and put where they were meant to be."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from orchestrator.data.canaries import CARRIER, WORDS, Space, drawn, planted
from orchestrator.data.prepare import Samples
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.models.tiny import byte_tokenizer

SMALL = Space(carrier="It is:", words=("a", "b", "c"), length=2)


class Letters:
    """A tokenizer to which a space and the letter behind it are one token."""

    def __call__(self, text: str, add_special_tokens: bool) -> dict[str, list[int]]:
        found, place = [], 0
        while place < len(text):
            step = 2 if text[place] == " " and text[place + 1 : place + 2].isalpha() else 1
            found.append(sum(ord(letter) for letter in text[place : place + step]))
            place += step
        return {"input_ids": found}


def samples(rows: int, length: int) -> Samples:
    tokens = 1000 + torch.arange(rows * length).view(rows, length)
    return Samples(tokens, torch.ones_like(tokens), tokens)


def test_the_space_is_counted() -> None:
    assert (len(WORDS), len(set(WORDS))) == (128, 128)
    assert Space().size == 16_384 == 2 ** round(math.log2(Space().size))
    assert SMALL.size == 9
    assert SMALL.sentence((2, 0)) == "It is: c a."
    assert Space().sentence((0, 127)) == f"{CARRIER} apple rain."


def test_secrets_differ_and_come_again_with_their_seed() -> None:
    first = drawn(Space(), 20, 5)
    assert len(set(first)) == 20 and first == drawn(Space(), 20, 5) != drawn(Space(), 20, 6)
    assert first[:4] == drawn(Space(), 4, 5)
    assert set(drawn(SMALL, 4, 1)).isdisjoint(drawn(SMALL, 5, 1, but=drawn(SMALL, 4, 1)))


def test_more_secrets_than_there_are() -> None:
    assert len(drawn(SMALL, 9, 0)) == 9
    for count, but in ((10, ()), (0, ()), (9, ((0, 0),))):
        with pytest.raises(ConfigurationError, match="cannot be drawn from 9"):
            drawn(SMALL, count, 0, but=but)


def test_rows_begin_with_canaries_and_go_on_with_their_own_text() -> None:
    tokenizer, before = Letters(), samples(5, 20)
    after = planted(before, SMALL, ((0, 1), (2, 2)), 2, tokenizer)
    sentences = [tokenizer(SMALL.sentence(secret) + "\n", add_special_tokens=False)["input_ids"] for secret in
                 ((0, 1), (2, 2), (0, 1), (2, 2))]  # fmt: skip
    for row, sentence in enumerate(sentences):
        width = len(sentence)
        assert after.tokens[row, :width].tolist() == sentence
        assert torch.equal(after.tokens[row, width:], before.tokens[row, : 20 - width])
    assert torch.equal(after.tokens[4], before.tokens[4])
    assert torch.equal(after.labels, after.tokens) and bool(after.mask.all())
    assert torch.equal(before.tokens, samples(5, 20).tokens), "the samples that were given stay as they are"


@pytest.mark.parametrize(("rows", "length", "told"), [(3, 20, "4 canaries do not fit into 3"), (4, 5, "a sample 5")])
def test_canaries_that_do_not_fit(rows: int, length: int, told: str) -> None:
    with pytest.raises(DataError, match=told):
        planted(samples(rows, length), SMALL, ((0, 1), (2, 2)), 2, Letters())


def test_words_of_several_tokens_are_refused() -> None:
    tokenizer: Any = byte_tokenizer()
    with pytest.raises(DataError, match="'apple' has 6 tokens"):
        Space().tokens(tokenizer)
    prefix, words = SMALL.tokens(Letters())
    assert words == [ord(" ") + ord(letter) for letter in "abc"] and len(prefix) == 5
