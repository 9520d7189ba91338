"""Daemons as processes: whatever happens, none is left; and programs that fail say why in one line."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from orchestrator.demo import processes, programs
from orchestrator.demo.processes import DaemonDied, Daemons
from orchestrator.demo.programs import ProgramFailed, deploy, loranchor
from orchestrator.errors import EnvironmentMissing

CALM = "echo started $@; echo secret is $TOKEN; while true; do sleep 0.05; done"
STUBBORN = "trap '' TERM; echo started; while true; do sleep 0.05; done"
POLITE = "trap 'echo bye; exit 0' TERM; echo started; while true; do sleep 0.05; done"
FAILING = "echo first; echo 'error: wrong password; check the file' >&2; exit 6"


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Have a shell script run in place of ``python -m orchestrator``."""

    def script(body: str) -> None:
        path = tmp_path / "pretender"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(path))

    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    return script


def started(daemons: Daemons, log: Path, name: str = "aurora") -> psutil.Process:
    daemons.start(name, ["daemon", "run"], log, environment={"TOKEN": "of the demo"})
    limit = time.monotonic() + 10
    while "started" not in log.read_text() and time.monotonic() < limit:
        time.sleep(0.01)
    assert "started" in log.read_text()
    return psutil.Process(daemons._running[name].pid)


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_daemon_has_its_log_its_group_and_its_environment(tmp_path: Path, pretend) -> None:  # type: ignore[no-untyped-def]
    pretend(CALM)
    log = tmp_path / "logs" / "aurora.log"
    with Daemons() as daemons:
        process = started(daemons, log)
        assert os.getpgid(process.pid) == process.pid != os.getpgid(0)
        daemons.check()
        assert log.read_text().splitlines() == ["started -m orchestrator daemon run", "secret is of the demo"]
    assert gone(process)


def test_a_daemon_may_finish_what_it_does(tmp_path: Path, pretend) -> None:  # type: ignore[no-untyped-def]
    pretend(POLITE)
    log = tmp_path / "aurora.log"
    with Daemons() as daemons:
        started(daemons, log)
    assert log.read_text().splitlines()[-1] == "bye"


def test_a_daemon_that_ignores_the_request_is_killed_with_its_children(tmp_path: Path, pretend) -> None:  # type: ignore[no-untyped-def]
    pretend(STUBBORN)
    with Daemons() as daemons:
        process = started(daemons, tmp_path / "aurora.log")
        popen = daemons._running["aurora"]
        begun = time.monotonic()
    assert popen.returncode == -signal.SIGKILL
    assert 0.4 < time.monotonic() - begun < 5
    assert gone(process)


def test_all_are_stopped_within_one_patience(tmp_path: Path, pretend) -> None:  # type: ignore[no-untyped-def]
    pretend(STUBBORN)
    with Daemons() as daemons:
        found = [started(daemons, tmp_path / f"{name}.log", name) for name in ("aurora", "borealis", "cumulus")]
        begun = time.monotonic()
    assert time.monotonic() - begun < 1.4
    assert all(gone(process) for process in found)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_none_is_left_after_an_error(tmp_path: Path, pretend, error: type[BaseException]) -> None:  # type: ignore[no-untyped-def]
    pretend(CALM)
    daemons = Daemons()
    with pytest.raises(error), daemons:
        process = started(daemons, tmp_path / "aurora.log")
        raise error
    assert gone(process) and not daemons._running


def test_a_daemon_that_died_is_named_with_its_last_words(tmp_path: Path, pretend) -> None:  # type: ignore[no-untyped-def]
    pretend(FAILING)
    log = tmp_path / "aurora.log"
    with Daemons() as daemons:
        daemons.start("aurora", [], log, environment={})
        daemons._running["aurora"].wait(10)
        with pytest.raises(DaemonDied) as caught:
            daemons.check()
    assert caught.value.message == "the daemon of aurora ended with code 6: error: wrong password; check the file"
    assert caught.value.mend == f"see {log}"


def test_a_daemon_that_died_silently(tmp_path: Path, pretend) -> None:  # type: ignore[no-untyped-def]
    pretend("exit 3")
    with Daemons() as daemons:
        daemons.start("aurora", [], tmp_path / "aurora.log", environment={})
        daemons._running["aurora"].wait(10)
        with pytest.raises(DaemonDied, match="ended with code 3: no output"):
            daemons.check()


# -- programs


def test_what_a_verb_prints_is_given_and_logged(tmp_path: Path, pretend) -> None:  # type: ignore[no-untyped-def]
    pretend("echo out; echo err >&2")
    assert loranchor(["round", "status"], tmp_path / "deep" / "verbs.log", {}) == "out\n"
    assert (tmp_path / "deep" / "verbs.log").read_text().splitlines()[0].endswith("-m orchestrator round status")
    assert (tmp_path / "deep" / "verbs.log").read_text().splitlines()[1:3] == ["out", "err"]


def test_a_verb_that_fails_tells_its_last_line(tmp_path: Path, pretend) -> None:  # type: ignore[no-untyped-def]
    pretend(FAILING)
    with pytest.raises(ProgramFailed, match=r"failed: error: wrong password; check the file; see .*verbs\.log"):
        loranchor([], tmp_path / "verbs.log", {})


def test_brownie_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_checkout", lambda: tmp_path)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("nothing should be run"))
    with pytest.raises(EnvironmentMissing, match=r"brownie is not installed .*make setup"):
        deploy(tmp_path / "deploy.log", {})
