"""Training from factors that all members of a round agreed on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from orchestrator.contribution import AdapterDelta, Frozen, Start, agreed_a, integers
from orchestrator.errors import DataError
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.models.base import state_digest
from orchestrator.training import AdapterSettings, TrainingSettings, train
from orchestrator.types import ZERO_DIGEST

ADAPTER = AdapterSettings(("q_proj", "v_proj"), rank=4, alpha=16, dense=("score",))
SETTINGS = TrainingSettings(steps=6, batch=4, length=16, learning_rate_nano=10_000_000)
BITS = 16


@pytest.fixture(scope="module")
def base() -> BaseModel:
    return load_base(resolve("tiny:llama"), kind="classifier", seed=1)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def modules(base: BaseModel) -> dict[str, tuple[int, ...]]:
    found = {
        name.removesuffix(".weight"): shape
        for name, shape in base.shapes.items()
        if "q_proj" in name or "v_proj" in name
    }
    return {name: tuple(shape) for name, shape in found.items()}


def trained(base: BaseModel, start: Start | None, settings: TrainingSettings = SETTINGS, seed: int = 5) -> AdapterDelta:
    generator = torch.Generator().manual_seed(0)
    batches = []
    for _ in range(settings.steps):
        tokens = torch.randint(2, 40, (4, 16), generator=generator)
        labels = (tokens[:, 0] > 20).long()
        batches.append({"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": labels})
    return train(
        base.model, batches, ADAPTER, settings, base=base.digest, parent_manifest=ZERO_DIGEST, seed=seed, start=start
    ).delta


def a_start(modules: dict[str, tuple[int, ...]], **other: object) -> Start:
    made = {name: agreed_a(7, name, 4, inputs) for name, (_, inputs) in modules.items()}
    return replace(Start(made), **other)  # type: ignore[arg-type]


def test_a_frozen_a_stays_and_b_lands_on_the_grid(base: BaseModel, modules: dict[str, tuple[int, ...]]) -> None:
    before = state_digest(base.model)
    start = a_start(modules, frozen=Frozen("a", 7), fraction_bits=BITS)
    delta = trained(base, start)
    assert state_digest(base.model) == before
    assert delta.frozen == Frozen("a", 7) and delta.modules.keys() == modules.keys()
    for name, low in delta.modules.items():
        assert torch.equal(low.a, start.a[name])
        assert integers(name, low.b, BITS).any()
    assert integers("score", delta.dense["score.weight"], BITS).any(), "heads too"


def test_the_grid_costs_half_a_step_at_most(base: BaseModel, modules: dict[str, tuple[int, ...]]) -> None:
    start = a_start(modules, frozen=Frozen("a", 7))
    free, rounded = trained(base, start), trained(base, replace(start, fraction_bits=BITS))
    for name, low in free.modules.items():
        assert 0 < float((low.b - rounded.modules[name].b).abs().max()) <= 2.0 ** -(BITS + 1)


def test_a_frozen_b_stays_and_a_trains_a_change(base: BaseModel, modules: dict[str, tuple[int, ...]]) -> None:
    b = {name: torch.full((outputs, 4), 1 / 64) for name, (outputs, _) in modules.items()}
    zero = {name: torch.zeros(4, inputs) for name, (_, inputs) in modules.items()}
    delta = trained(base, Start(zero, b, Frozen("b"), BITS))
    for name, low in delta.modules.items():
        assert torch.equal(low.b, b[name])
        assert integers(name, low.a, BITS).any()


def test_both_train_from_one_place(base: BaseModel, modules: dict[str, tuple[int, ...]]) -> None:
    start = a_start(modules)
    alike, own = trained(base, start), trained(base, None)
    assert alike.frozen is own.frozen is None
    for name, low in alike.modules.items():
        moved = float((low.a - start.a[name]).norm() / start.a[name].norm())
        assert 0 < moved < 0.5
        assert float((own.modules[name].a - start.a[name]).norm() / start.a[name].norm()) > 0.5
    again = trained(base, start, seed=6)
    assert all(torch.equal(low.a, again.modules[name].a) for name, low in alike.modules.items()), "no seed of its own"


def test_what_grows_beyond_the_grid_never_leaves(base: BaseModel, modules: dict[str, tuple[int, ...]]) -> None:
    start = a_start(modules, frozen=Frozen("a", 7), fraction_bits=23)
    before = state_digest(base.model)
    with pytest.raises(
        DataError, match=r"training went beyond what the task can add up exactly: OVERFLOW.*lower learn"
    ):
        trained(base, start, replace(SETTINGS, learning_rate_nano=1_000_000_000))
    assert state_digest(base.model) == before


def test_a_start_that_lacks_a_module(base: BaseModel, modules: dict[str, tuple[int, ...]]) -> None:
    start = a_start(modules)
    with pytest.raises(DataError, match="no agreed start for module"):
        trained(base, replace(start, a=dict(list(start.a.items())[1:])))
    assert not any(parameter.requires_grad for parameter in base.model.parameters())
