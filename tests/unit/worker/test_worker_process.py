"""A real worker with a real, tiny model: killed in its training, held in memory, and told apart from the daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from unit.worker.bench_world import by_process, in_process, manifest_of, nothing, spec_of, values_of, write_texts

from orchestrator.daemon.process_workbench import ProcessWorkbench
from orchestrator.daemon.worker_settings import WorkerSettings
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.types import OrganisationId
from orchestrator.worker.kept import folder_of

STEPS = 30
DAEMON = """
import importlib, pkgutil, psutil, sys
for found in pkgutil.walk_packages(["orchestrator/daemon"], "orchestrator.daemon."):
    importlib.import_module(found.name)
import orchestrator.commands.daemon
heavy = {"torch", "transformers", "peft", "accelerate", "numpy", "safetensors"} & set(sys.modules)
print(sorted(heavy), psutil.Process().memory_info().rss // 2**20)
"""


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_texts(tmp_path_factory.mktemp("texts"))


@pytest.fixture
def bench(texts: Path, tmp_path: Path) -> Iterator[ProcessWorkbench]:
    made = by_process(texts, tmp_path, checkpoint_every=0.0)
    yield made
    made.close()


def pid_of(bench: ProcessWorkbench) -> int:
    assert bench._worker is not None
    return bench._worker.pid


def test_a_training_whose_worker_is_killed_twice_ends_with_the_same_bits(
    bench: ProcessWorkbench, texts: Path, tmp_path: Path
) -> None:
    spec, told, pids = spec_of(STEPS), [], set()

    def tell(step: int, steps: int) -> None:
        told.append(step)
        pids.add(pid_of(bench))
        if step in (11, 23) and told.count(step) == 1:
            os.kill(pid_of(bench), signal.SIGKILL)

    threads = torch.get_num_threads()
    expected = in_process(texts).train(spec, manifest_of(spec), nothing, 4, lambda step, steps: None)
    torch.set_num_threads(threads)
    found = bench.train(spec, manifest_of(spec), nothing, 4, tell)
    assert found.payload == expected.payload
    assert len(pids) == 3
    assert told[-1] == STEPS and len(told) < 2 * STEPS, "it went on, and did not begin again"
    assert list(folder_of(tmp_path).iterdir())
    bench.settle(4)
    assert not list(folder_of(tmp_path).iterdir())


def test_the_kernel_would_take_the_worker_first(bench: ProcessWorkbench) -> None:
    bench.check()
    assert int(Path(f"/proc/{pid_of(bench)}/oom_score_adj").read_text()) > 0
    limits = Path(f"/proc/{pid_of(bench)}/limits").read_text()
    assert next(line for line in limits.splitlines() if line.startswith("Max data size")).split()[3] != "unlimited"


def test_nothing_of_it_is_left(bench: ProcessWorkbench) -> None:
    bench.check()
    pid = pid_of(bench)
    bench.close()
    assert not psutil.pid_exists(pid)


def test_what_would_fail_later_is_refused_at_once(texts: Path, tmp_path: Path) -> None:
    def checked(home: str, organisation: str, **changes: object) -> None:
        bench = ProcessWorkbench(
            OrganisationId(organisation), {**values_of(texts), **changes}, tmp_path / home, WorkerSettings()
        )
        try:
            bench.check()
        finally:
            bench.close()

    with pytest.raises(DataError, match="no model folder"):
        checked("model", "aurora", model={"name": "./nowhere", "labels": 0})
    with pytest.raises(ConfigurationError, match="no data for borealis"):
        checked("organisation", "borealis")


def test_the_daemon_imports_nothing_that_computes_with_tensors() -> None:
    done = subprocess.run([sys.executable, "-B", "-c", DAEMON], capture_output=True, text=True, check=True)
    heavy, megabytes = done.stdout.rsplit(maxsplit=1)
    assert heavy == "[]"
    assert int(megabytes) <= 150
