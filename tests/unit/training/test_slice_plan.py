"""Which layers and samples a stage has, and that no sample moves another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import ConfigurationError
from orchestrator.samples import sample_id
from orchestrator.training.slice_plan import (
    Stage,
    blocks_of,
    dealt_out,
    first_touched,
    never_seen,
    planned,
    shares_of,
)
from orchestrator.types import Digest

MODULES = [f"model.layers.{layer}.self_attn.{name}_proj" for layer in range(6) for name in "qv"]
IDENTITY = Digest("0x" + "12" * 32)
SAMPLES = [sample_id(f"text {number}") for number in range(40)]


def plan(samples: list[Digest] = SAMPLES, slices: int = 4, **other: object) -> tuple[Stage, ...]:
    rest = {"steps": 30, "seed": 5, "assignment": 6, "identity": IDENTITY, **other}
    return planned(MODULES, {item: item for item in samples}, slices=slices, **rest)  # type: ignore[arg-type]


def test_the_top_layers_come_first_and_no_layer_is_parted() -> None:
    blocks = blocks_of(MODULES, 4)
    assert [len(block) for block in blocks] == [4, 4, 2, 2]
    assert blocks[0][:2] == ("model.layers.5.self_attn.q_proj", "model.layers.5.self_attn.v_proj")
    assert blocks[-1] == ("model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj")
    assert sorted(name for block in blocks for name in block) == sorted(MODULES)
    assert blocks_of(["embed", "encoder.layer.0.q", "pooler"], 3) == (("pooler",), ("encoder.layer.0.q",), ("embed",))


def test_what_cannot_be_shared_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="7 slices need as many adapted layers, the model has 6"):
        blocks_of(MODULES, 7)
    with pytest.raises(ConfigurationError, match="3 cannot be shared by 4 slices"):
        plan(steps=3)
    assert shares_of(30, 4) == (8, 8, 7, 7)


def test_ids_are_what_other_releases_have_written() -> None:
    assert sample_id("one") == "0x18d4618cdeadaca7bf05d22d5181e8ae5912e42ae726519ce8803966da370f59"
    assert len({sample_id(text) for text in ("one", "one ", "One", "\ud800")}) == 4
    assert dealt_out(SAMPLES, 4, 6) == tuple(stage.samples for stage in plan())


@settings(max_examples=30, deadline=None)
@given(gone=st.sets(st.sampled_from(SAMPLES), max_size=10), slices=st.integers(1, 6), key=st.integers(0, 9))
def test_leaving_samples_out_is_never_having_had_them(gone: set[Digest], slices: int, key: int) -> None:
    """A plan without samples is the plan made from the others: same slices, seeds, steps and keys."""
    before = plan(slices=slices, assignment=key)
    fresh = plan([item for item in SAMPLES if item not in gone], slices, assignment=key)
    assert never_seen(before, gone, IDENTITY) == fresh
    first = first_touched(before, gone) or slices + 1
    assert [old.key == new.key for old, new in zip(before, fresh, strict=True)] == [
        number < first for number in range(1, slices + 1)
    ]


def test_every_sample_has_one_slice_in_any_order() -> None:
    stages = plan(SAMPLES[::-1] + SAMPLES[:3])
    assert stages == plan()
    assert sorted(item for stage in stages for item in stage.samples) == sorted(SAMPLES)
    assert first_touched(stages, [stages[2].samples[0]]) == 3
    assert first_touched(stages, [sample_id("unknown")]) is None


def test_keys_differ_by_all_that_decides() -> None:
    others = [{}, {"seed": 1}, {"steps": 31}, {"identity": Digest("0x" + "13" * 32)}, {"assignment": 7}]
    assert len({plan(**other)[-1].key for other in others}) == len(others)
    assert len({stage.seed for stage in plan()}) == 4


def test_a_sample_that_means_something_else_is_another_one() -> None:
    rest = {"slices": 4, "steps": 30, "seed": 5, "assignment": 6, "identity": IDENTITY}
    same = {item: item for item in SAMPLES}
    changed = planned(MODULES, {**same, plan()[1].samples[0]: IDENTITY}, **rest)  # type: ignore[arg-type]
    assert [old.key == new.key for old, new in zip(plan(), changed, strict=True)] == [True, False, False, False]
