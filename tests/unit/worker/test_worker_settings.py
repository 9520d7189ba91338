"""Settings of the worker, its command line, and where its checkpoints lie."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.daemon.worker_process import command
from orchestrator.daemon.worker_settings import WorkerSettings
from orchestrator.errors import ConfigurationError
from orchestrator.settings import compose
from orchestrator.worker.kept import checkpoint_path, discard, folder_of
from orchestrator.worker.limits import MIB, SHARE, machine_memory


def settings(*overrides: str) -> WorkerSettings:
    return WorkerSettings.of(compose(overrides).group("worker"))


def test_the_defaults() -> None:
    found = settings()
    assert (found.processes, found.launch, found.time_limit) == (1, (), 21600)
    assert found.memory_limit == int(machine_memory() * SHARE) > MIB
    assert (found.idle_seconds, found.checkpoint_every) == (300, 60)


def test_what_can_be_chosen() -> None:
    found = settings(
        "worker.processes=4",
        "worker.launch=['--num_machines=2']",
        "worker.memory_limit=2000",
        "worker.time_limit=null",
        "worker.checkpoint_every=0",
    )
    assert (found.processes, found.launch, found.memory_limit) == (4, ("--num_machines=2",), 2000 * MIB)
    assert (found.time_limit, found.checkpoint_every) == (None, 0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("processes", 0),
        ("processes", "two"),
        ("memory_limit", -1),
        ("memory_limit", True),
        ("time_limit", 0),
        ("idle_seconds", None),
        ("checkpoint_every", -1),
        ("launch", "--num_machines=2"),
    ],
)
def test_what_cannot(key: str, value: Any) -> None:
    group = {**compose().group("worker"), key: value}
    with pytest.raises(ConfigurationError, match=f"worker.{key} is "):
        WorkerSettings.of(group)


def test_one_process_is_started_directly() -> None:
    line = command(WorkerSettings(), "cpu", 1)
    assert line[0] == sys.executable and line[-4:] == ["-m", "orchestrator.worker", "--device", "cpu"]
    assert "accelerate.commands.launch" not in line


def test_several_are_started_by_accelerate() -> None:
    line = command(WorkerSettings(processes=4), "cuda", 2)
    assert line[-4:] == ["-m", "orchestrator.worker", "--device", "cuda"]
    assert "accelerate.commands.launch" in line and "--multi_gpu" in line
    assert {"--num_processes=4", "--num_machines=1", "--num_cpu_threads_per_process=2"} <= set(line)


def test_an_option_of_the_operator_takes_the_place_of_ours() -> None:
    line = command(WorkerSettings(processes=4, launch=("--num-machines=2", "--machine_rank=0")), "cuda", 1)
    assert "--num-machines=2" in line and "--num_machines=1" not in line


def test_checkpoints_of_a_round_go_with_their_drafts(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    discard(folder)
    folder.mkdir()
    names = {"3.safetensors", ".3.safetensors.x1y2", "4.safetensors", ".4.safetensors.abc", "another.txt", "5"}
    for name in names:
        (folder / name).touch()
    assert checkpoint_path(folder, 3).name in names
    discard(folder, round_number=3)
    names -= {"3.safetensors", ".3.safetensors.x1y2"}
    assert {path.name for path in folder.iterdir()} == names
    discard(folder, but=4)
    assert {path.name for path in folder.iterdir()} == names
    discard(folder)
    assert {path.name for path in folder.iterdir()} == {"another.txt", "5"}
