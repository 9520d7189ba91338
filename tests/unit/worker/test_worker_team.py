"""Two processes on one machine's CPUs that train one update together, started by `accelerate launch`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from unit.ledger.actors import BOREALIS
from unit.worker.bench_world import by_process, in_process, manifest_of, nothing, quiet, spec_of, write_texts

from orchestrator.contribution import AdapterDelta, distance, norm, parse
from orchestrator.daemon.process_workbench import ProcessWorkbench
from orchestrator.errors import ContentKeyDestroyed, WorkCancelled
from orchestrator.types import ProtectedDelta, UpdateId
from orchestrator.worker.limits import alive

STEPS = 8


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_texts(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module")
def bench(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessWorkbench]:
    made = by_process(texts, tmp_path_factory.mktemp("home"), processes=2, checkpoint_every=0.0)
    yield made
    made.close()


@pytest.fixture(scope="module")
def alone(texts: Path) -> ProtectedDelta:
    spec = spec_of(STEPS)
    return in_process(texts).train(spec, manifest_of(spec), nothing, 1, quiet)


def near(found: AdapterDelta, expected: AdapterDelta) -> bool:
    """Whether two deltas differ by no more than another order of adding explains."""
    return distance(found, expected) < 1e-3 * norm(expected)


def processes(bench: ProcessWorkbench) -> list[psutil.Process]:
    assert bench._worker is not None
    top = psutil.Process(bench._worker.pid)
    found = [item for item in top.children(recursive=True) if "orchestrator.worker" in item.cmdline()]
    assert len(found) == 2
    return found


def test_two_train_what_one_would(bench: ProcessWorkbench, alone: ProtectedDelta) -> None:
    spec, told = spec_of(STEPS), []
    found = bench.train(spec, manifest_of(spec), nothing, 1, lambda step, steps: told.append(step))
    assert told == list(range(1, STEPS + 1))
    assert found.samples == alone.samples
    assert near(parse(found.payload), parse(alone.payload))
    processes(bench)


def test_contributions_are_opened_once_for_both(bench: ProcessWorkbench, alone: ProtectedDelta, texts: Path) -> None:
    spec, opened = spec_of(STEPS), []
    manifest = manifest_of(spec, ("one", BOREALIS))

    def opener(update_id: UpdateId) -> bytes:
        opened.append(update_id)
        return alone.payload

    figure = bench.evaluate(spec, manifest, opener)  # the first process alone, and so further on than the second
    found = bench.train(spec, manifest, opener, 2, quiet)
    assert opened == ["one", "one"]
    expected = in_process(texts)
    assert near(parse(found.payload), parse(expected.train(spec, manifest, opener, 2, quiet).payload))
    assert bench.evaluate(spec, manifest, opener) == figure == expected.evaluate(spec, manifest, opener)


def test_what_cannot_be_opened_ends_the_training_of_both(bench: ProcessWorkbench, alone: ProtectedDelta) -> None:
    spec, error = spec_of(STEPS), ContentKeyDestroyed("it is gone")

    def opener(update_id: UpdateId) -> bytes:
        raise error

    bench.train(spec, manifest_of(spec), nothing, 1, quiet)  # so that both are there, whichever test came first
    before = processes(bench)
    with pytest.raises(ContentKeyDestroyed) as caught:
        bench.train(spec, manifest_of(spec, ("gone", BOREALIS)), opener, 3, quiet)
    assert caught.value is error
    again = bench.train(spec, manifest_of(spec), nothing, 1, quiet)
    assert near(parse(again.payload), parse(alone.payload))
    assert processes(bench) == before


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_one_of_them_is_killed_and_both_go_on_from_the_checkpoint(
    bench: ProcessWorkbench, alone: ProtectedDelta, victim: int
) -> None:
    spec, told = spec_of(STEPS), []
    bench.settle(1)

    def tell(step: int, steps: int) -> None:
        told.append(step)
        if step == 5 and told.count(5) == 1:
            os.kill(processes(bench)[victim].pid, signal.SIGKILL)

    found = bench.train(spec, manifest_of(spec), nothing, 1, tell)
    assert near(parse(found.payload), parse(alone.payload))
    assert told.count(1) == 1, "it went on, and did not begin again"


def test_cancelling_leaves_nobody_behind(bench: ProcessWorkbench, alone: ProtectedDelta) -> None:
    spec, before = spec_of(100_000), []

    def tell(step: int, steps: int) -> None:
        if step == 2:
            before.extend(processes(bench))
            bench.cancel()

    with pytest.raises(WorkCancelled):
        bench.train(spec, manifest_of(spec), nothing, 7, tell)
    assert before and not any(map(alive, before))
