"""A process is recognised by number and start, so that a number used again is never killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator.errors import EnvironmentMissing
from orchestrator.localnet import guard as guard_module
from orchestrator.localnet.guard import Guard
from orchestrator.localnet.processes import ProcessId, identify, is_alive, spawn, stop, uninterrupted, wait_until

SLEEP = str(shutil.which("sleep"))


def test_this_process_is_recognised() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert is_alive(me)


def test_a_number_used_again_is_another_process(tmp_path: Path) -> None:
    process = spawn([SLEEP, "60"], tmp_path / "log", dict(os.environ))
    recycled = ProcessId(process.pid, "another start")
    assert not is_alive(recycled)
    stop([recycled])
    assert is_alive(process)
    stop([process])
    assert not is_alive(process)


def test_a_child_that_ended_is_not_alive_and_leaves_no_remains(tmp_path: Path) -> None:
    process = spawn([SLEEP, "0"], tmp_path / "log", dict(os.environ))
    deadline = time.monotonic() + 10
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(process)
    assert not Path(f"/proc/{process.pid}").exists()


def test_a_process_that_ignores_the_request_is_killed_with_its_children(tmp_path: Path) -> None:
    script = f"trap '' TERM; {SLEEP} 60 & echo $!; wait; wait"
    process = spawn(["/bin/sh", "-c", script], tmp_path / "log", dict(os.environ))
    assert wait_until(lambda: (tmp_path / "log").read_text().strip().isdigit(), process, 10)
    child = identify(int((tmp_path / "log").read_text()))
    assert child is not None
    stop([process], grace=0.3)
    assert not is_alive(process)
    assert wait_for_end(child)


def test_waiting_ends_when_the_process_does(tmp_path: Path) -> None:
    process = spawn([SLEEP, "0"], tmp_path / "log", dict(os.environ))
    start = time.monotonic()
    assert not wait_until(lambda: False, process, 30)
    assert time.monotonic() - start < 10


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentMissing, match="/no/such/program"):
        spawn(["/no/such/program"], tmp_path / "log", {})


def test_only_errors_are_kept_when_output_is_not(tmp_path: Path) -> None:
    command = ["/bin/sh", "-c", "echo secret; echo trouble >&2"]
    process = spawn(command, tmp_path / "log", dict(os.environ), keep_output=False)
    assert wait_for_end(process)
    assert (tmp_path / "log").read_text() == "trouble\n"


def test_nodes_do_not_outlive_a_command_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path;"
        "from orchestrator.localnet.guard import Guard; from orchestrator.localnet.processes import spawn;"
        "guard = Guard().__enter__();"
        f"process = spawn([{SLEEP!r}, '60'], Path({str(tmp_path / 'log')!r}), dict(os.environ));"
        "guard.watch(process.pid); print(process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        node = identify(int(command.stdout.readline()))
        assert node is not None
        command.kill()
    assert wait_for_end(node)


def test_a_node_that_could_not_be_named_in_time_is_found_by_its_mark(tmp_path: Path) -> None:
    with Guard() as guard:
        process = spawn([SLEEP, "60"], tmp_path / "log", {**os.environ, **guard.mark})
    assert wait_for_end(process)


def test_an_interrupt_waits_for_the_end_of_the_block(tmp_path: Path) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        signal.raise_signal(signal.SIGINT)
        process = spawn([SLEEP, "60"], tmp_path / "log", dict(os.environ))
        done.append(process)
    stop(done, grace=5)  # the child must not have inherited the block: SIGTERM ends it
    assert not is_alive(done[0])


def test_released_nodes_go_on(tmp_path: Path) -> None:
    with Guard() as guard:
        process = spawn([SLEEP, "60"], tmp_path / "log", dict(os.environ))
        guard.watch(process.pid)
        guard.release()
    assert is_alive(process)
    stop([process])


def test_the_guard_needs_no_other_module_of_ours() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-E", guard_module.__file__, "token"], input="keep\n", text=True, cwd="/"
    )
    assert done.returncode == 0


def wait_for_end(process: ProcessId) -> bool:
    deadline = time.monotonic() + 10
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(process)
