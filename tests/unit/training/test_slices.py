"""Sliced training: what is taken out was never there, to the bit, and only what it touched is trained again."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.training.slices_world import (
    ADAPTER,
    HEADED,
    IDENTITY,
    IDS,
    SETTINGS,
    Data,
    bits,
    sliced,
    small_llama,
    stages_of,
)

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.models.base import state_digest
from orchestrator.training.slice_plan import Stage, first_touched, never_seen
from orchestrator.training.slices import retrain
from orchestrator.types import ZERO_DIGEST, Digest
from orchestrator.worker.slice_book import Page, SliceBook


@pytest.fixture(scope="module")
def model() -> Any:
    return small_llama()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Memory(dict[Digest, bytes]):
    """Stages in memory."""

    stage, keep = dict.get, dict.__setitem__


def pages(stages: tuple[Stage, ...]) -> tuple[Page, ...]:
    return tuple(Page(stage.key, stage.samples, stage.steps) for stage in stages)


@pytest.fixture(scope="module")
def trained(model: Any) -> tuple[tuple[Stage, ...], Memory]:
    torch.set_num_threads(1)
    book, stages = Memory(), stages_of(model)
    sliced(model, stages, book=book)
    return stages, book


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gone=st.sets(st.sampled_from(IDS), min_size=1, max_size=3))
def test_retraining_has_the_bits_of_never_having_seen_it(model: Any, trained: Any, gone: set[Digest]) -> None:
    stages, kept = trained
    data, book = Data(), Memory(kept)
    rest = {"base": ZERO_DIGEST, "parent_manifest": ZERO_DIGEST, "book": book}
    again = retrain(model, stages, gone, IDENTITY, data, ADAPTER, SETTINGS, **rest)
    fresh = sliced(model, stages_of(model, [item for item in IDS if item not in gone]))
    assert bits(again) == bits(fresh)
    first = first_touched(stages, gone)
    assert first is not None
    assert again.trained == tuple(range(first, 5)) and len(again.trained) == 4 - first + 1
    assert fresh.trained == (1, 2, 3, 4)
    assert gone.isdisjoint(data.seen)
    assert again.outcome.losses == fresh.outcome.losses and again.outcome.samples == fresh.outcome.samples


def test_blocks_before_a_withdrawn_sample_are_as_they_were(model: Any) -> None:
    stages, book = stages_of(model), Memory()
    before = sliced(model, stages, book=book).outcome.delta.modules
    gone = stages[2].samples[0]
    after = sliced(model, never_seen(stages, [gone], IDENTITY), book=book).outcome.delta.modules
    for stage in stages:
        for name in stage.modules:
            same = torch.equal(before[name].b, after[name].b) and torch.equal(before[name].a, after[name].a)
            assert same == (stage.number < 3)
            assert after[name].b.abs().sum() > 0


def test_a_stage_sees_its_own_slice_alone(model: Any) -> None:
    stages = stages_of(model)
    for stage in stages:
        data = Data()
        list(data(stage.samples, 50, stage.seed))
        assert data.seen == set(stage.samples)
    data = Data()
    sliced(model, stages, data)
    assert data.seen <= set(IDS)


def test_heads_go_on_from_stage_to_stage_and_come_back_from_the_book() -> None:
    classifier = small_llama("classifier")
    digest, stages, book = state_digest(classifier), stages_of(classifier), Memory()
    first = sliced(classifier, stages, Data("classifier"), HEADED, book=book)
    gone = stages[3].samples[0]
    again = sliced(classifier, never_seen(stages, [gone], IDENTITY), Data("classifier"), HEADED, book=book)
    fresh = sliced(
        classifier, stages_of(classifier, [item for item in IDS if item != gone]), Data("classifier"), HEADED
    )
    assert again.trained == (4,)
    assert bits(again) == bits(fresh) != bits(first)
    assert first.outcome.delta.dense["score.weight"].abs().sum() > 0
    assert state_digest(classifier) == digest
    assert not any(parameter.requires_grad for parameter in classifier.parameters())


def test_an_emptied_slice_leaves_its_block_at_nothing(model: Any) -> None:
    stages = stages_of(model)
    found = sliced(model, never_seen(stages, stages[1].samples, IDENTITY))
    for name in stages[1].modules:
        assert not found.outcome.delta.modules[name].b.any()
    lost = stages[1].steps
    assert len(found.outcome.losses) == SETTINGS.steps - lost
    assert found.outcome.samples == (SETTINGS.steps - lost) * SETTINGS.batch


def test_a_training_that_was_killed_ends_with_the_same_bits(model: Any, tmp_path: Path) -> None:
    stages, book = stages_of(model), SliceBook(tmp_path / "slices")

    def stop(step: int, whole: int, loss: float) -> None:
        assert whole == SETTINGS.steps
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sliced(model, stages, book=book, progress=stop)
    told: list[int] = []
    rest = sliced(model, stages, book=book, progress=lambda step, whole, loss: told.append(step))
    assert rest.trained == (3, 4) and told == [5, 6, 7, 8]
    assert bits(rest) == bits(sliced(model, stages))
    assert sliced(model, stages, book=book).trained == ()


def test_the_book_is_private_and_forgets_what_it_must(model: Any, tmp_path: Path) -> None:
    folder = tmp_path / "slices"
    book, stages = SliceBook(folder), stages_of(model)
    sliced(model, stages, book=book)
    book.conclude(7, pages(stages))
    assert book.rounds() == {7: pages(stages)}
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "stages")} == {0o700}
    gone = stages[2].samples[0]
    assert book.forget([gone]) == (7,)
    assert book.rounds() == {0: pages(stages)[:2]} and book.forget([gone]) == ()
    assert sorted(path.stem for path in (folder / "stages").iterdir()) == sorted(stage.key for stage in stages[:2])
    assert not any(gone.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    left = never_seen(stages, [gone], IDENTITY)
    assert sliced(model, left, book=book).trained == (3, 4)
    book.conclude(8, pages(left))
    assert book.rounds() == {8: pages(left)}
    book.drop([8])
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_damaged_or_foreign_stage_is_as_none(model: Any) -> None:
    stages, book = stages_of(model), Memory()
    whole = sliced(model, stages, book=book)
    first, second = stages[0].key, stages[1].key
    for wrong in (b"", b"nothing", book[second], book[first][:-1]):
        again = sliced(model, stages, book=Memory({**book, first: wrong}))
        assert again.trained == (1,) and bits(again) == bits(whole)


def test_a_page_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "3.json").write_text("{}")
    with pytest.raises(DataError, match=r"the page 3\.json of the book"):
        SliceBook(tmp_path).rounds()


def test_stages_of_other_modules_are_refused(model: Any) -> None:
    with pytest.raises(ConfigurationError, match="planned for other modules"):
        sliced(model, stages_of(model)[1:])
