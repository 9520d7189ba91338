"""Words for words: only those that may be swapped, no more than may be, and until the model is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from orchestrator.attacks.evasion.swaps import SwapSettings, WordSwaps, with_swaps
from orchestrator.attacks.evasion.words import Words, neighbours
from orchestrator.attacks.slopes import slopes
from orchestrator.errors import ConfigurationError, DataError
from tests.unit.attacks_evasion.bag_world import ID, TOKENS, BagTokenizer, bag, samples, text

SETTINGS = SwapSettings(share=0.5, nearest=5, cosine=0.8, tried=4)
GOOD = ("the", "film", "was", "good")


def attack(**changes: float) -> WordSwaps:
    return WordSwaps(bag(), BagTokenizer(), replace(SETTINGS, **changes))


def test_words_are_told_from_pieces_signs_and_grammar() -> None:
    words = Words.of(BagTokenizer(), len(TOKENS) + 2)
    assert len(words.whole) == len(TOKENS) + 2
    assert {TOKENS[place] for place in words.whole.nonzero()[:, 0]} == {
        *("good", "great", "fine", "poor", "bad", "awful", "film", "movie", "plot", "blue", "green", "tree")
    }
    assert TOKENS[int(words.continues.nonzero()[0, 0])] == "##ly"
    assert words.count(text("good", "##ly", "the", ".")) == 2
    places = words.places(text("great", "##ly", "film", "the"))
    assert places.tolist() == [False, False, False, True, False, False]


def test_vocabularies_that_mark_spaces() -> None:
    class Marked:
        tokens = ("<s>", "Ġgood", "Ġthe", "ly", "Ġ", ",")

        def __len__(self) -> int:
            return len(self.tokens)

        def convert_ids_to_tokens(self, places: range) -> list[str]:
            return [self.tokens[place] for place in places]

    words = Words.of(Marked(), 6)
    assert words.whole.tolist() == [False, True, False, False, False, False]
    assert words.continues.tolist() == [False, False, False, True, False, False]
    Marked.tokens = ("<s>", "a", "b")
    with pytest.raises(DataError, match="where words begin"):
        Words.of(Marked(), 3)


def test_neighbours_are_near_words_and_never_the_word_itself() -> None:
    words, table = Words.of(BagTokenizer(), len(TOKENS)), bag().embedding.weight.detach()
    near = neighbours(table, text("good"), words, nearest=5, cosine=0.8)
    assert {TOKENS[place] for place in near[1].nonzero()[:, 0]} == {"great", "fine", "poor"}
    few = neighbours(table, text("good"), words, nearest=1, cosine=0.8)
    assert {TOKENS[place] for place in few[1].nonzero()[:, 0]} == {"great"}


def test_the_gradient_is_that_of_the_embeddings() -> None:
    model, tokens = bag(), text(*GOOD)
    texts = {"input_ids": tokens[None], "attention_mask": torch.ones(1, len(tokens))}
    found = slopes(model, texts, lambda logits: logits[0, 1])
    assert torch.allclose(found[0], model.classifier.weight[1].detach().expand(len(tokens), -1) / len(tokens))
    assert not model.embedding._forward_hooks


def test_one_swap_is_enough_where_a_neighbour_says_the_contrary() -> None:
    found = attack().run(text(*GOOD), 1)
    assert found.wrong and found.swaps == ((4, ID["good"], ID["poor"]),)
    assert found.tokens.tolist() == text("the", "film", "was", "poor").tolist()
    assert found.words == 4 and found.need == 0.25


def test_a_model_that_is_wrong_anyway_needs_no_swap() -> None:
    found = attack().run(text(*GOOD), 0)
    assert found.need == 0 and found.swaps == ()


def test_bounds_hold() -> None:
    """A fourth of three words is none; without neighbours there is nothing to swap."""
    assert attack(share=0.25).run(text("the", "film", "good"), 1).need is None
    alone = attack(cosine=0.9999).run(text(*GOOD), 1)
    assert alone.need is None and torch.equal(alone.tokens, text(*GOOD))
    many = attack(share=1.0).run(text("good", "great", "great"), 1)
    assert len({place for place, _, _ in many.swaps}) == len(many.swaps)
    for _, before, after in many.swaps:
        assert before != after


def test_the_curve_counts_shares_of_words() -> None:
    certain = ("the", "awful", "awful", "bad")  # two swaps of four do not turn it
    texts = samples((1, GOOD), (0, ("the", "plot", "was", "awful")), (1, ("the", "tree", "was", "bad")), (0, certain))
    curve = attack().curve(texts, (0, 0.2, 0.25, 0.5))
    assert [point.accuracy.value for point in curve.points] == [0.75, 0.75, 0.25, 0.25]
    with pytest.raises(ConfigurationError, match="not tried"):
        attack().curve(texts, (0.6,))


def test_attacked_texts_join_the_training_data_under_their_labels() -> None:
    texts = samples((1, GOOD), (0, ("awful",)))
    made = with_swaps(texts, attack())
    assert len(made) == 4 and made.labels.tolist() == [1, 0, 1, 0]
    assert torch.equal(made.tokens[:2], texts.tokens) and torch.equal(made.mask[2:], texts.mask)
    assert made.tokens[2].tolist() == text("the", "film", "was", "poor").tolist()
    with pytest.raises(DataError, match="no text"):
        with_swaps(type(texts)(texts.tokens[:0], texts.mask[:0], texts.labels[:0]), attack())
    with pytest.raises(ConfigurationError, match="share"):
        SwapSettings(share=1.5)
