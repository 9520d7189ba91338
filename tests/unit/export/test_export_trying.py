"""A try of a model in memory: what it says is what plain transformers would."""

from __future__ import annotations

import pytest
import torch

from orchestrator.errors import ConfigurationError
from orchestrator.export.trying import check, continuation, probabilities
from orchestrator.models import load_base, resolve


def test_a_classifier_says_how_likely_each_label_is() -> None:
    base = load_base(resolve("packaged:minilm-l6"), kind="classifier", labels=3)
    found = probabilities(base, "I liked it a lot!")
    with torch.no_grad():
        tokens = base.tokenizer("I liked it a lot!", return_tensors="pt")
        expected = base.model(**tokens).logits[0].softmax(dim=-1)
    assert sum(found.values()) == pytest.approx(1) and list(found.values()) == sorted(found.values(), reverse=True)
    for place, value in enumerate(expected):
        assert found[base.model.config.id2label[place]] == pytest.approx(float(value), abs=1e-6)
    assert len(probabilities(base, "word " * 2000)) == 3, "what is too long is cut"


def test_an_end_token_ends_it() -> None:
    base = load_base(resolve("tiny:llama"))
    first = continuation(base, "abc", max_tokens=1)
    letter = base.tokenizer(first)["input_ids"][0]
    base.model.generation_config.eos_token_id = [letter]
    assert first and continuation(base, "abc", max_tokens=9) == ""


def test_what_is_drawn_follows_from_the_seed() -> None:
    base = load_base(resolve("tiny:llama"))
    drawn = {seed: continuation(base, "abc", max_tokens=20, temperature=1.5, seed=seed) for seed in (1, 2, 3)}
    assert len(set(drawn.values())) == 3
    assert drawn[2] == continuation(base, "abc", max_tokens=20, temperature=1.5, seed=2)


@pytest.mark.parametrize("temperature", [-0.1, float("inf"), float("nan")])
def test_temperatures_that_are_none(temperature: float) -> None:
    with pytest.raises(ConfigurationError, match="there is no temperature"):
        check(1, temperature)
