"""Training one update: what it gives, what it leaves behind, and that it repeats itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from orchestrator.aggregation import WEIGHT_ONE, FoldedModel, FoldEntry
from orchestrator.contribution import check, norm, parse, serialise
from orchestrator.contribution.rules import DeltaRules
from orchestrator.errors import ConfigurationError, DataError, FormatError
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.models.base import state_digest
from orchestrator.training import AdapterSettings, TrainingOutcome, TrainingSettings, evaluate, train
from orchestrator.training.settings import derived_seed
from orchestrator.types import ZERO_DIGEST, OrganisationId, UpdateId

LANGUAGE = AdapterSettings(("q_proj", "v_proj"), rank=4, alpha=16)
SENTIMENT = AdapterSettings(("q_proj", "v_proj"), rank=2, alpha=16, dense=("score",))
SETTINGS = TrainingSettings(steps=3, batch=4, length=16, learning_rate_nano=10_000_000)


@pytest.fixture(scope="module")
def language() -> BaseModel:
    return load_base(resolve("tiny:llama"), seed=1)


@pytest.fixture(scope="module")
def sentiment() -> BaseModel:
    return load_base(resolve("tiny:llama"), kind="classifier", seed=1)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def batches(kind: str, count: int = 3, seed: int = 0) -> list[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    made = []
    for _ in range(count):
        tokens = torch.randint(2, 40, (4, 16), generator=generator)
        labels = tokens if kind == "causal_lm" else (tokens[:, 0] > 20).long()
        made.append({"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": labels})
    return made


def trained(base: BaseModel, adapter: AdapterSettings, seed: int = 5, settings: TrainingSettings = SETTINGS, **rest):
    made = batches(base.kind, settings.steps)
    return train(base.model, made, adapter, settings, base=base.digest, parent_manifest=ZERO_DIGEST, seed=seed, **rest)


def folded_loss(base: BaseModel, outcome: TrainingOutcome, made: list) -> float:
    """Loss of the model with the delta folded in; the model is at its base again afterwards."""
    folded = FoldedModel(base.model, base.digest)
    folded.move([FoldEntry(UpdateId("1"), 1, OrganisationId("a"), WEIGHT_ONE)], lambda _: outcome.delta)
    try:
        return evaluate(base.model, made).loss
    finally:
        folded.reset()


@pytest.mark.parametrize("kind", ["language", "sentiment"])
def test_the_base_is_untouched(kind: str, request: pytest.FixtureRequest) -> None:
    base = request.getfixturevalue(kind)
    before, names = state_digest(base.model), dict(base.shapes)
    generator = torch.get_rng_state()
    trained(base, LANGUAGE if kind == "language" else SENTIMENT)
    assert state_digest(base.model) == before
    assert base.shapes == names
    assert not any(parameter.requires_grad for parameter in base.model.parameters())
    assert not base.model.training
    assert torch.equal(torch.get_rng_state(), generator)


def test_the_delta_fits_the_task(sentiment: BaseModel) -> None:
    outcome = trained(sentiment, SENTIMENT)
    rules = DeltaRules(sentiment.digest, ("q_proj", "v_proj"), frozenset({2}), 16, False, ("score",))
    assert check(parse(serialise(outcome.delta)), rules, sentiment.shapes, parent_manifest=ZERO_DIGEST) > 0
    assert set(outcome.delta.dense) == {"score.weight"}
    assert len(outcome.delta.modules) == 4
    assert outcome.samples == 12
    assert len(outcome.losses) == 3


def test_it_repeats_itself_bit_for_bit(sentiment: BaseModel) -> None:
    first, second = (serialise(trained(sentiment, SENTIMENT).delta) for _ in range(2))
    assert first == second
    assert serialise(trained(sentiment, SENTIMENT, seed=6).delta) != first


def test_a_folded_update_learns_what_the_adapter_learnt(language: BaseModel) -> None:
    steps = replace(SETTINGS, steps=20)
    made = batches("causal_lm", 20)
    before = evaluate(language.model, made).loss
    outcome = trained(language, LANGUAGE, settings=steps)
    assert outcome.losses[-1] < outcome.losses[0]
    assert folded_loss(language, outcome, made) < before - 0.05


def test_rslora_scale_survives_the_fold(language: BaseModel) -> None:
    adapter = replace(LANGUAGE, rslora=True)
    outcome = trained(language, adapter)
    assert next(iter(outcome.delta.modules.values())).scale == 8.0
    assert norm(outcome.delta) > norm(trained(language, LANGUAGE).delta)


def test_progress_is_told(language: BaseModel) -> None:
    seen: list[tuple[int, int]] = []
    trained(language, LANGUAGE, progress=lambda step, steps, loss: seen.append((step, steps)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_an_interrupted_training_leaves_the_base(sentiment: BaseModel) -> None:
    before = state_digest(sentiment.model)

    def stop(step: int, steps: int, loss: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(sentiment, SENTIMENT, progress=stop)
    assert state_digest(sentiment.model) == before
    trained(sentiment, SENTIMENT)


def test_wrong_settings(language: BaseModel) -> None:
    with pytest.raises(ConfigurationError, match="no module 'query' to adapt"):
        trained(language, replace(LANGUAGE, modules=("query",)))
    with pytest.raises(ConfigurationError, match="no module 'classifier' to train"):
        trained(language, replace(LANGUAGE, dense=("classifier",)))
    with pytest.raises(ConfigurationError, match="optimizer 'sgd'"):
        trained(language, LANGUAGE, settings=replace(SETTINGS, optimizer="sgd"))
    with pytest.raises(DataError, match="ends after 3 of 9 steps"):
        train(
            language.model,
            batches("causal_lm"),
            LANGUAGE,
            replace(SETTINGS, steps=9),
            base=language.digest,
            parent_manifest=ZERO_DIGEST,
            seed=0,
        )


def test_settings_from_a_task() -> None:
    task = {
        "adapter": {"modules": ["q_proj"], "ranks": [8, 4], "alpha": 16, "rslora": False, "dense": []},
        "training": {
            "steps": 1, "batch": 2, "length": 3, "learning_rate_nano": 4, "optimizer": "adamw", "seed": 5,
        },
    }  # fmt: skip
    assert AdapterSettings.from_task(task).rank == 8
    assert AdapterSettings.from_task(task, rank=4).rank == 4
    assert TrainingSettings.from_task(task).learning_rate == 4e-9
    with pytest.raises(ConfigurationError, match="rank 5"):
        AdapterSettings.from_task(task, rank=5)
    with pytest.raises(FormatError):
        AdapterSettings.from_task({})
    with pytest.raises(FormatError):
        TrainingSettings.from_task({"training": {}})


def test_seeds_differ_by_every_part() -> None:
    seeds = {derived_seed(7, name, number) for name in ("a", "b") for number in (1, 2)}
    assert len(seeds) == 4
    assert derived_seed(7, "a", 1) == 419285853242786419
    assert max(seeds) < 1 << 62
