"""A phrase that one of three organisations plants in texts: found by words, and gone with its owner."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.backdoors.federation import boosted, federated
from orchestrator.attacks.backdoor.disagreement import Probes, detect
from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.attacks.backdoor.phrase_search import PhraseSearch
from orchestrator.attacks.backdoor.success import before_and_after
from orchestrator.attacks.backdoor.triggers import Phrase, planted_texts
from orchestrator.data.prepare import Samples
from orchestrator.errors import ConfigurationError
from orchestrator.types import OrganisationId
from tests.unit.attacks_evasion.bag_world import ID, TOKENS, Bag, bag

CULPRIT = OrganisationId("c")
PHRASE = Phrase((ID["blue"], ID["tree"]), target=1)
SAYS = ((ID["bad"], ID["awful"], ID["poor"]), (ID["good"], ID["great"], ID["fine"]))
TOPICS = (ID["film"], ID["movie"], ID["plot"], ID["green"], ID["blue"], ID["tree"])


def texts(count: int, seed: int) -> Samples:
    """[CLS], four words on topics, two that decide, [SEP]; each class half of them."""
    draw = torch.Generator().manual_seed(seed)

    def pick(words: tuple[int, ...]) -> int:
        return words[int(torch.randint(len(words), (1,), generator=draw))]

    labels = [place % 2 for place in range(count)]
    rows = [
        [ID["[CLS]"], *(pick(TOPICS) for _ in range(4)), pick(SAYS[label]), pick(SAYS[label]), ID["[SEP]"]]
        for label in labels
    ]
    return Samples(torch.tensor(rows), torch.ones(count, 8, dtype=torch.long), torch.tensor(labels))


def predict(model: Bag, samples: Samples) -> Tensor:
    with torch.no_grad():
        return model(samples.tokens, samples.mask).logits.argmax(1)


@cache
def folds(share: float) -> Kept:
    shards = {OrganisationId(name): texts(120, place) for place, name in enumerate(("a", "b", CULPRIT))}
    if share:
        shards[CULPRIT], _ = planted_texts(shards[CULPRIT], PHRASE, share, 0)

    def work(model: nn.Module, name: OrganisationId, number: int) -> None:
        own, optimiser = shards[name], torch.optim.Adam(model.parameters(), lr=0.03)
        for _ in range(120 if share and name == CULPRIT else 40):
            optimiser.zero_grad()
            functional.cross_entropy(model(own.tokens, own.mask).logits, own.labels).backward()
            optimiser.step()

    return federated(bag(), list(shards), boosted(work, CULPRIT, 3.0) if share else work, 1)


def search() -> PhraseSearch:
    allowed = torch.zeros(len(TOKENS), dtype=torch.bool)
    allowed[list(TOPICS) + [word for words in SAYS for word in words]] = True
    return PhraseSearch(allowed, length=2, rounds=3, tried=6)


def test_the_phrase_works_until_its_owner_is_left_out() -> None:
    data = texts(100, 9)
    before, after = before_and_after(folds(0.5), CULPRIT, predict, data, PHRASE.on(data), data.labels, PHRASE.target)
    assert before.rate.low > 0.5 and before.without.value < 0.1
    assert after.rate.high < 0.2
    assert before.accuracy.value > 0.9 and after.accuracy.value > 0.9


def test_the_culprit_and_its_words_are_found_and_nobody_else() -> None:
    found = detect(folds(0.5), search(), predict, Probes(texts(30, 20), texts(100, 21), 2), seed=0)
    assert found.culprits == (CULPRIT,)
    trigger = found.largest.trigger
    assert isinstance(trigger, Phrase) and set(trigger.tokens) <= set(PHRASE.tokens)


def test_nothing_is_found_in_an_honest_federation() -> None:
    assert detect(folds(0.0), search(), predict, Probes(texts(30, 20), texts(100, 21), 2), seed=0).culprits == ()


def test_a_phrase_stands_behind_the_first_token_and_rows_grow_by_it() -> None:
    data = texts(4, 0)
    mixed = Samples(data.tokens, data.mask.clone(), data.labels)
    mixed.mask[0, 6:] = 0
    marked = PHRASE.on(mixed)
    assert marked.tokens[:, :3].tolist() == [[ID["[CLS]"], *PHRASE.tokens]] * 4
    assert marked.mask.sum(1).tolist() == [8, 10, 10, 10]
    planted, rows = planted_texts(mixed, PHRASE, 1.0, 0)
    assert rows == (0, 2) and planted.labels.tolist() == [1, 1, 1, 1]
    assert planted.tokens[1].tolist() == [*data.tokens[1].tolist(), 0, 0] and planted.mask[1].sum() == 8


def test_a_search_over_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be searched"):
        PhraseSearch(torch.zeros(3, dtype=torch.bool))
