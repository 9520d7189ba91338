"""`make bench-unlearning`: real cells on tiny models; modes are what they claim, attacks leave no trace."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from unit.benchmarks.unlearning_world import tiny  # noqa: F401 the fixture

from benchmarks.unlearning import attack, methods, trained
from benchmarks.unlearning.attack import attacked
from benchmarks.unlearning.cases import case_of
from benchmarks.unlearning.measure import work
from benchmarks.unlearning.modes import (
    BUILDERS,
    DROP,
    HEAL,
    ISOLATED_DROP,
    ISOLATED_ORIGINAL,
    ISOLATED_RETRAINED,
    ORIGINAL,
    REPLAY,
    RETRAINED,
    Cost,
)
from benchmarks.unlearning.place import Place
from benchmarks.unlearning.secrets import bits, likelihoods
from benchmarks.unlearning.worlds import World
from orchestrator.models.base import state_digest

pytestmark = pytest.mark.usefixtures("tiny")
DATA = ("vader", "chitchat")


def built(world: str, row: str, seed: int = 0) -> tuple[Place, Cost]:
    place = Place(case_of(world, seed))
    return place, BUILDERS[row](place)


def digests(world: str, *rows: str) -> list[str]:
    return [built(world, row)[0].digest() for row in rows]


@pytest.mark.parametrize("world", DATA)
def test_a_drop_from_isolated_lineage_is_what_training_without_the_contributor_gives(world: str) -> None:
    whole, without, dropped = digests(world, ISOLATED_ORIGINAL, ISOLATED_RETRAINED, ISOLATED_DROP)
    assert dropped == without != whole


@pytest.mark.parametrize("world", DATA)
def test_a_replay_is_what_training_without_the_contributor_gives(world: str) -> None:
    replayed, cost = built(world, REPLAY)
    other, whole = built(world, RETRAINED)
    assert replayed.digest() == other.digest()
    assert 0 < cost.payload < whole.payload, "the first round was not trained again"


def test_a_drop_from_chained_lineage_is_not(tiny: dict[str, World]) -> None:  # noqa: F811
    place, cost = built("vader", DROP)
    assert cost.payload == 0
    assert len({place.digest(), *digests("vader", ORIGINAL, RETRAINED, HEAL)}) == 4


def test_healing_costs_a_round_of_the_others(tiny: dict[str, World]) -> None:  # noqa: F811
    _, cost = built("chitchat", HEAL)
    _, whole = built("chitchat", RETRAINED)
    assert cost.payload == pytest.approx(whole.payload / tiny["chitchat"].rounds, rel=0.02)
    assert cost.seconds > built("chitchat", DROP)[1].seconds


def test_the_base_is_what_it_was_whatever_was_done_to_the_model() -> None:
    place, _ = built("vader", HEAL)
    case = place.case
    case.shared.fold(case.shared.task(case.document("chained")))
    assert state_digest(case.shared.base.model) == case.shared.base.digest


def test_a_federation_is_trained_once(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of("chitchat", 0)
    first = trained.trained(case, "chained", "original")
    monkeypatch.setattr(trained, "_make", None)
    assert trained.trained(case, "chained", "original") == first
    assert first.seconds > 0 and len(first.entries) == 6 and len(first.remaining) == 4
    assert set(first.untainted) == {(1, "aurora"), (1, "borealis")}


def test_the_contributors_leave_and_the_others_share_their_weight() -> None:
    found = trained.trained(case_of("vader", 0), "chained", "original")
    left = [entry for entry in found.remaining if entry.round == 2]
    assert {entry.organisation for entry in left} == {"aurora", "borealis", "cumulus"}
    assert sum(entry.weight for entry in left) == 2**32


@pytest.mark.parametrize("world", DATA)
def test_an_attack_leaves_the_model_as_it_was_and_is_done_once(world: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place, _ = built(world, DROP)
    before = place.digest()
    curve = attacked(place, 2)
    assert place.digest() == before
    assert curve["steps"] == [0, 2, 4] and all(0 <= value <= 1 for value in curve["values"])
    assert curve["values"][0] == pytest.approx(place.case.parts.score(place.model))
    monkeypatch.setattr(attack, "_attack", None)
    assert attacked(place, 2) == curve


@pytest.mark.parametrize("world", DATA)
def test_attackers_get_nothing_that_is_measured(world: str) -> None:
    parts = case_of(world, 0).parts
    given = {tuple(row) for row in parts.forget.tokens[list(parts.seen)].tolist()}
    assert len(parts.seen) >= 5 and given.isdisjoint(tuple(row) for row in parts.inside.tokens.tolist())


def test_what_is_to_be_forgotten_is_the_wrong_label() -> None:
    case = case_of("vader", 0)
    clean = case.data(case.world.contributor)
    assert torch.equal(case.parts.forget.labels, 1 - clean.training.labels)
    assert [member.adversary for member in case.members] == ["none", "none", "none", "label_flip"]
    assert not {tuple(row) for row in case.retain.training.tokens.tolist()} & {
        tuple(row) for row in case.parts.forget.tokens.tolist()
    }


def test_canaries_are_in_the_contributors_training_data_alone() -> None:
    case = case_of("chitchat", 0)
    start = case.parts.forget.tokens[0, :6].tolist()
    with_carrier = [sum(row[:6] == start for row in member.data.training.tokens.tolist()) for member in case.members]
    assert with_carrier == [0, 0, 15]
    assert not {tuple(row[:8]) for row in case.parts.outside.tokens.tolist()} & {
        tuple(row[:8]) for row in case.parts.forget.tokens.tolist()
    }, "those who were not trained on have other secrets"


def test_likelihoods_of_all_secrets_are_those_of_whole_sentences() -> None:
    place, _ = built("chitchat", ORIGINAL)
    prefix, words = [5, 9, 30], [40, 41, 50]
    table = likelihoods(place.model, prefix, words)
    assert table.shape == (3, 3)
    with torch.no_grad():
        for first, one in enumerate(words):
            for second, other in enumerate(words):
                logits = place.model(input_ids=torch.tensor([[*prefix, one, other]])).logits[0].log_softmax(-1)
                assert float(table[first, second]) == pytest.approx(float(logits[2, one] + logits[3, other]), abs=1e-4)
    best = int(table.argmax())
    assert bits(place.model, prefix, words, [(best // 3, best % 3)]) == pytest.approx(3.17, abs=0.01)


def test_a_cell_has_all_figures_of_its_row() -> None:
    found = work({"world": "vader", "row": ORIGINAL, "seed": 0, "ks": [0, 2]})
    assert {"forget", "retain", "test", "auc", "seconds", "payload", "model", "attacks", "rounds"} == set(found)
    assert set(found["attacks"]) == {"0", "2"} and len(found["rounds"]) == 3
    assert found["rounds"][-1] == pytest.approx(found["test"]), "the same model on the same samples"


@pytest.mark.parametrize("name", methods.registered())
def test_every_method_runs_on_both_worlds(name: str) -> None:
    for world in DATA:
        found = work({"world": world, "row": name, "seed": 0, "ks": []})
        assert found["model"] != built(world, ORIGINAL)[0].digest()
        assert found["seconds"] > 0 and found["payload"] > 0
        if "strength" in found:
            assert found["kept"] in (0, 1) and found["seconds of tuning"] > 0


def test_strengths_are_tuned_once_with_the_first_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    first: dict[str, Any] = work({"world": "vader", "row": "weight-distortion", "seed": 0, "ks": []})
    monkeypatch.setattr(methods, "_tune", None)
    again = work({"world": "vader", "row": "weight-distortion", "seed": 1, "ks": []})
    assert again["strength"] == first["strength"] and again["model"] != first["model"]
