"""What every workbench does, in the daemon's own process and in one of its own, with a real, tiny model."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from unit.ledger.actors import AURORA, BOREALIS, word_of
from unit.worker.bench_world import by_process, in_process, manifest_of, nothing, quiet, spec_of, write_texts

from orchestrator.contribution import Reason, parse
from orchestrator.daemon.workbench import Workbench
from orchestrator.errors import ContentKeyDestroyed, DataError, StorageError, WorkCancelled
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import MILLION, ProtectedDelta, UpdateId

LONG = 100_000
"""Steps of a training that nobody waits for."""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_texts(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module", params=["in process", "process"])
def bench(request: pytest.FixtureRequest, texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    made: Workbench = (
        in_process(texts) if request.param == "in process" else by_process(texts, tmp_path_factory.mktemp("home"))
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def spec() -> TaskSpec:
    return spec_of()


@pytest.fixture(scope="module")
def expected(texts: Path, spec: TaskSpec) -> ProtectedDelta:
    """What one undisturbed process trains."""
    return train(in_process(texts), spec)


def train(bench: Workbench, spec: TaskSpec, round_number: int = 1) -> ProtectedDelta:
    return bench.train(spec, manifest_of(spec), nothing, round_number, quiet)


def test_there_is_a_statement_after_the_first_evaluation(bench: Workbench, spec: TaskSpec) -> None:
    with pytest.raises(DataError, match="no data was loaded yet"):
        bench.statement()
    bench.evaluate(spec, manifest_of(spec), nothing)
    assert DataStatement.from_bytes(bench.statement()).organisation == AURORA


def test_training_gives_the_same_bits_everywhere(bench: Workbench, spec: TaskSpec, expected: ProtectedDelta) -> None:
    delta = train(bench, spec)
    assert delta == expected and delta.payload == expected.payload
    assert (delta.samples, delta.policy) == (6, "none")
    assert delta.parent_manifest == manifest_of(spec).digest
    assert train(bench, spec, 2).payload != expected.payload
    bench.settle(1)
    assert train(bench, spec).payload == expected.payload


def test_progress_is_told(bench: Workbench, spec: TaskSpec) -> None:
    told: list[tuple[int, int]] = []
    bench.train(spec, manifest_of(spec), nothing, 1, lambda step, steps: told.append((step, steps)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_round_is_judged(bench: Workbench, spec: TaskSpec, expected: ProtectedDelta) -> None:
    held = {"good": expected.payload, "copy": expected.payload, "rubbish": b"rubbish"}
    named = {UpdateId(word_of(name)): name for name in (*held, "lost")}
    objects = {update_id: held[name] for update_id, name in named.items() if name in held}
    lost = {UpdateId(word_of("lost")): "NOT_FOUND"}
    found = bench.judge(spec, manifest_of(spec), list(objects), objects.__getitem__, lost)
    reasons = {named[update_id]: item.reason for update_id, item in found.items()}
    refused = {"copy": Reason.COPY_OF_ANOTHER, "rubbish": Reason.NOT_SAFETENSORS, "lost": "NOT_FOUND"}
    assert reasons == {"good": "", **refused}
    good = found[UpdateId(word_of("good"))]
    assert good.accept and good.weight_cap == MILLION and good.score > 0
    assert bench.judge(spec, manifest_of(spec), [], nothing, {}) == {}


def test_a_figure_of_a_manifest(bench: Workbench, spec: TaskSpec, expected: ProtectedDelta) -> None:
    opened: list[str] = []

    def opener(update_id: UpdateId) -> bytes:
        opened.append(update_id)
        return expected.payload

    with_it = manifest_of(spec, ("one", BOREALIS))
    before = bench.evaluate(spec, manifest_of(spec), nothing)
    after = bench.evaluate(spec, with_it, opener)
    assert after.value < before.value and (after.metric, after.samples) == ("loss", before.samples)
    assert bench.evaluate(spec, with_it, nothing) == after, "it is remembered"
    bench.forget()
    assert bench.evaluate(spec, with_it, opener) == after
    assert opened == ["one", "one"]
    assert bench.evaluate(spec, manifest_of(spec), nothing) == before


def test_training_goes_on_from_what_was_contributed(
    bench: Workbench, spec: TaskSpec, expected: ProtectedDelta, texts: Path
) -> None:
    with_it = manifest_of(spec, ("one", BOREALIS))
    delta = bench.train(spec, with_it, lambda update_id: expected.payload, 2, quiet)
    again = in_process(texts).train(spec, with_it, lambda update_id: expected.payload, 2, quiet)
    assert delta.payload == again.payload
    assert parse(delta.payload).parent_manifest == with_it.digest


@pytest.mark.parametrize("error", [ContentKeyDestroyed("it is gone"), StorageError("no node has it", mend="wait")])
def test_what_the_opener_raises_comes_through(bench: Workbench, spec: TaskSpec, error: Exception) -> None:
    def opener(update_id: UpdateId) -> bytes:
        raise error

    with pytest.raises(type(error)) as caught:
        bench.evaluate(spec, manifest_of(spec, ("gone", BOREALIS)), opener)
    assert caught.value is error
    assert bench.evaluate(spec, manifest_of(spec), nothing).samples > 0


def test_a_task_of_another_base_is_refused(bench: Workbench, spec: TaskSpec) -> None:
    other = spec_of(base=word_of("another model"))
    with pytest.raises(DataError, match=r"tiny:llama has base digest .*configure the model that the task names"):
        bench.evaluate(other, manifest_of(other), nothing)


def test_a_training_is_cancelled_and_the_next_is_as_if_it_had_not_been(
    bench: Workbench, spec: TaskSpec, expected: ProtectedDelta
) -> None:
    bench.cancel()
    endless, told = spec_of(LONG), []

    def tell(step: int, steps: int) -> None:
        told.append(step)
        if step == 3:
            threading.Thread(target=bench.cancel).start()

    with pytest.raises(WorkCancelled):
        bench.train(endless, manifest_of(endless), nothing, 5, tell)
    assert 3 <= told[-1] < LONG
    assert train(bench, spec).payload == expected.payload
