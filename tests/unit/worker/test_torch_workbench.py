"""The workbench with a real, tiny model: train, judge, evaluate, forget; and what hostile updates meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, word_of
from unit.worker.bench_world import nothing
from unit.worker.torch_world import Objects, manifest_of, spec_of

from orchestrator.contribution import AdapterDelta, LowRank, Reason, parse, serialise
from orchestrator.data import DataSettings
from orchestrator.errors import ContentKeyDestroyed, DataError
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import load_base, resolve
from orchestrator.models.base import state_digest
from orchestrator.types import MILLION, Digest, ProtectedDelta, UpdateId
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TorchWorkbench]:
    folder = tmp_path_factory.mktemp("texts")
    for number in range(20):
        (folder / f"{number}.txt").write_text(f"line {number} of what this organisation knows, and nobody else")
    data = DataSettings("text", {}, folder, 200_000, 4, 7)
    threads = torch.get_num_threads()
    yield TorchWorkbench(Equipment(AURORA, "tiny:llama", data))
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def base() -> Digest:
    return load_base(resolve("tiny:llama")).digest


@pytest.fixture(scope="module")
def spec(base: Digest) -> TaskSpec:
    return spec_of(base)


@pytest.fixture(scope="module")
def trained(bench: TorchWorkbench, spec: TaskSpec) -> ProtectedDelta:
    return bench.train(spec, manifest_of(spec), nothing, 1, lambda step, steps: None)


def changed(delta: bytes, scale: float = 1.0, **changes: Any) -> bytes:
    """The update, with its B matrices scaled and members replaced."""
    found = parse(delta)
    modules = {name: replace(low, b=low.b * scale) for name, low in found.modules.items()}
    return serialise(replace(found, modules=modules, **changes))


def poisoned(delta: bytes) -> bytes:
    found = parse(delta)
    name, low = next(iter(found.modules.items()))
    b = low.b.clone()
    b[0, 0] = float("nan")
    return serialise(replace(found, modules={**found.modules, name: replace(low, b=b)}))


def test_training_gives_a_delta_from_the_manifest(
    bench: TorchWorkbench, spec: TaskSpec, trained: ProtectedDelta, base: Digest
) -> None:
    delta = parse(trained.payload)
    assert delta.base == base and delta.parent_manifest == manifest_of(spec).digest == trained.parent_manifest
    assert delta.modules and trained.samples == 6 and trained.policy == "none"
    assert bench._folded is not None and state_digest(bench._folded.model) == base, "the model is at its base again"


def test_progress_is_told_and_another_round_trains_otherwise(
    bench: TorchWorkbench, spec: TaskSpec, trained: ProtectedDelta
) -> None:
    steps: list[tuple[int, int]] = []
    again = bench.train(spec, manifest_of(spec), nothing, 1, lambda step, total: steps.append((step, total)))
    assert again.payload == trained.payload
    assert steps[-1] == (3, 3) and len(steps) == 3
    other = bench.train(spec, manifest_of(spec), nothing, 2, lambda step, total: None)
    assert other.payload != trained.payload


def test_there_is_a_statement_once_there_are_data(bench: TorchWorkbench, trained: ProtectedDelta) -> None:
    assert DataStatement.from_bytes(bench.statement()).organisation == AURORA
    with pytest.raises(DataError, match="no data was loaded yet"):
        TorchWorkbench(bench._own).statement()


def test_hostile_updates_get_their_reasons_and_the_round_goes_on(
    bench: TorchWorkbench, spec: TaskSpec, trained: ProtectedDelta
) -> None:
    good, manifest = trained.payload, manifest_of(spec)
    held = {
        "good": good,
        "copy": good,
        "scaled": changed(good, -0.5),
        "nan": poisoned(good),
        "garbage": b"this is no safetensors file",
        "nothing": b"",
        "large": changed(good, 1e5),
        "other_base": changed(good, base=word_of("other")),
        "other_parent": changed(good, parent_manifest=word_of("other")),
        "rank": serialise(_of_rank(parse(good), 2)),
    }
    objects = Objects(**held)
    refused = {UpdateId("lost"): "NOT_FOUND"}
    found = bench.judge(spec, manifest, list(objects.held), objects, refused)
    reasons = {str(update_id): judgement.reason for update_id, judgement in found.items()}
    assert reasons == {
        "good": "",
        "copy": Reason.COPY_OF_ANOTHER,
        "scaled": "",
        "nan": Reason.NOT_FINITE,
        "garbage": Reason.NOT_SAFETENSORS,
        "nothing": Reason.NOT_SAFETENSORS,
        "large": Reason.NORM_TOO_LARGE,
        "other_base": Reason.WRONG_BASE,
        "other_parent": Reason.WRONG_PARENT,
        "rank": Reason.BAD_RANK,
        "lost": "NOT_FOUND",
    }
    for update_id, judgement in found.items():
        assert judgement.accept == (reasons[update_id] == "")
        assert judgement.weight_cap == (MILLION if judgement.accept else 0)
        assert isinstance(judgement.score, int) and (judgement.accept or judgement.score == 0)
        assert len(judgement.reason) < 32 and judgement.reason.isascii()
    assert found[UpdateId("good")].score > found[UpdateId("scaled")].score, (
        "the opposite of what was learnt is worth less"
    )


def _of_rank(delta: AdapterDelta, rank: int) -> AdapterDelta:
    modules = {name: LowRank(low.a[:rank], low.b[:, :rank], low.alpha) for name, low in delta.modules.items()}
    return replace(delta, modules=modules)


def test_a_round_of_nothing_but_rubbish(bench: TorchWorkbench, spec: TaskSpec) -> None:
    found = bench.judge(spec, manifest_of(spec), [UpdateId("x")], Objects(x=b"rubbish"), {})
    assert {item.reason for item in found.values()} == {Reason.NOT_SAFETENSORS}
    assert bench.judge(spec, manifest_of(spec), [], nothing, {}) == {}


def test_a_score_below_the_minimum_is_refused_by_the_validation_policy_alone(
    bench: TorchWorkbench, base: Digest, trained: ProtectedDelta
) -> None:
    objects, candidates = Objects(good=trained.payload), [UpdateId("good")]
    high = {"minimum_score": 1_000 * MILLION}
    strict, lenient = spec_of(base, policy="validation", **high), spec_of(base, **high)
    refused = bench.judge(strict, manifest_of(strict), candidates, objects, {})[UpdateId("good")]
    accepted = bench.judge(lenient, manifest_of(lenient), candidates, objects, {})[UpdateId("good")]
    assert (refused.accept, refused.reason, refused.weight_cap) == (False, Reason.SCORE_TOO_LOW, 0)
    assert accepted.accept and accepted.score == refused.score != 0


def test_a_figure_is_remembered_until_it_is_forgotten(
    bench: TorchWorkbench, spec: TaskSpec, trained: ProtectedDelta, base: Digest
) -> None:
    objects = Objects(one=trained.payload)
    with_it = manifest_of(spec, (UpdateId("one"), BOREALIS))
    before = bench.evaluate(spec, manifest_of(spec), nothing)
    after = bench.evaluate(spec, with_it, objects)
    assert after.value < before.value, "it was trained on this organisation's own data"
    assert (after.metric, after.samples) == ("loss", before.samples) and before.samples > 0
    assert bench._folded is not None and state_digest(bench._folded.model) != base
    bench.forget()
    assert state_digest(bench._folded.model) == base
    assert bench._memory == {} and bench._folded.entries == ()
    objects.opened.clear()
    assert bench.evaluate(spec, with_it, objects) == after
    assert objects.opened == [UpdateId("one")]


def test_dropping_one_is_as_if_it_had_never_been(
    bench: TorchWorkbench, spec: TaskSpec, trained: ProtectedDelta
) -> None:
    objects = Objects(one=trained.payload, two=changed(trained.payload, 0.3))
    only = manifest_of(spec, (UpdateId("one"), BOREALIS))
    both = manifest_of(spec, (UpdateId("one"), BOREALIS), (UpdateId("two"), CUMULUS))
    bench.forget()
    clean = bench.evaluate(spec, only, objects)
    assert bench._folded is not None
    bits = state_digest(bench._folded.model)
    assert bench.evaluate(spec, both, objects) != clean
    bench._memory.clear()
    assert bench.evaluate(spec, only, objects) == clean
    assert state_digest(bench._folded.model) == bits


def test_a_contribution_that_cannot_be_opened_leaves_the_model_as_it_was(
    bench: TorchWorkbench, spec: TaskSpec, trained: ProtectedDelta
) -> None:
    objects = Objects(one=trained.payload)
    known = manifest_of(spec, (UpdateId("one"), BOREALIS))
    figure = bench.evaluate(spec, known, objects)
    shredded = manifest_of(spec, (UpdateId("one"), BOREALIS), (UpdateId("gone"), CUMULUS))
    with pytest.raises(ContentKeyDestroyed, match="gone"):
        bench.evaluate(spec, shredded, objects)
    bench._memory.clear()
    assert bench.evaluate(spec, known, objects) == figure


def test_a_task_of_another_base_is_refused(bench: TorchWorkbench) -> None:
    other = spec_of(word_of("another model"))
    with pytest.raises(DataError, match=r"tiny:llama has base digest .*configure the model that the task names"):
        bench.evaluate(other, manifest_of(other), nothing)


def test_a_task_of_another_kind_does_not_spoil_the_next_one(spec: TaskSpec, bench: TorchWorkbench) -> None:
    """Anybody may open the first round that a daemon sees."""
    fresh = TorchWorkbench(bench._own)
    hostile = replace(spec, base=replace(spec.base, kind="classifier"))
    with pytest.raises(DataError, match="base digest"):
        fresh.evaluate(hostile, manifest_of(hostile), nothing)
    assert fresh.evaluate(spec, manifest_of(spec), nothing).samples > 0


def test_each_task_has_samples_of_its_own_length(spec: TaskSpec, bench: TorchWorkbench) -> None:
    fresh = TorchWorkbench(bench._own)
    lengths = []
    for length in (24, 12, 24):
        other = replace(spec, training=replace(spec.training, length=length))
        fresh.evaluate(other, manifest_of(other), nothing)
        assert fresh._dataset is not None
        lengths.append(fresh._dataset.validation.tokens.shape[1])
    assert lengths == [24, 12, 24]
