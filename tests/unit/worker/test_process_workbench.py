"""The daemon's side of a worker: started when needed, mourned and replaced, held to its limits, ended in time."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from unit.ledger.actors import AURORA, task, word_of
from unit.worker.pretend_worker import PAYLOAD, STATEMENT, lives

from orchestrator.daemon import process_workbench, worker_process, worker_talk
from orchestrator.daemon.process_workbench import ProcessWorkbench
from orchestrator.daemon.worker_settings import WorkerSettings
from orchestrator.errors import ContentKeyDestroyed, DataError, StorageError, WorkCancelled, WorkerError, WorkerLimit
from orchestrator.ledger.manifest import Entry, Manifest
from orchestrator.types import ZERO_DIGEST, UpdateId
from orchestrator.worker.kept import checkpoint_path, folder_of

SPEC = task()
OWN, OTHER = (UpdateId(word_of(name)) for name in ("own", "other"))
ENTRY = Entry(1, AURORA, OWN, ZERO_DIGEST, ZERO_DIGEST, ZERO_DIGEST, 1 << 32)
MANIFEST = Manifest(SPEC.base.digest, word_of("settings"), "stack", (ENTRY,))
Make = Callable[..., ProcessWorkbench]


def nothing(update_id: UpdateId) -> bytes:
    raise AssertionError(f"nobody should open {update_id}")


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes a bench whose workers, life after life, do what they are told."""
    monkeypatch.setattr(worker_process, "MODULE", "unit.worker.pretend_worker")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(worker_talk, "TICK", 0.02)
    monkeypatch.setattr(worker_talk, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(worker_talk, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(process_workbench, "PAUSE_SECONDS", 0.01)
    benches = []

    def bench(*acts: str, **settings: Any) -> ProcessWorkbench:
        values = {"experiment": {"device": "cpu", "threads": 1, "acts": acts}}
        benches.append(ProcessWorkbench(AURORA, values, tmp_path, WorkerSettings(**settings)))
        return benches[-1]

    yield bench
    for item in benches:
        item.close()


def train(bench: ProcessWorkbench, opener: Any = nothing, told: list[int] | None = None) -> bytes:
    seen: list[int] = [] if told is None else told
    return bench.train(SPEC, MANIFEST, opener, 4, lambda step, steps: seen.append(step)).payload


def gone(folder: Path) -> bool:
    """Whether every worker that was started has ended."""
    pids = [int(path.read_text()) for path in folder.glob("life-*")]
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "it did not come to pass"
        time.sleep(0.02)


def test_a_worker_is_started_by_the_first_call_and_serves_the_next(make: Make, tmp_path: Path) -> None:
    bench = make("answer")
    assert lives(tmp_path) == 0
    bench.check()
    assert train(bench) == PAYLOAD
    assert bench.evaluate(SPEC, MANIFEST, nothing).value == 1.5
    assert bench.judge(SPEC, MANIFEST, [], nothing, {}) == {}
    assert lives(tmp_path) == 1


def test_what_a_worker_logs_is_in_the_daemons_log(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        train(make("answer"))
    assert [(item.name, item.getMessage()) for item in caplog.records] == [("pretended", "life does train")]


def test_the_statement_outlives_worker_and_daemon(make: Make, tmp_path: Path) -> None:
    bench = make("answer")
    with pytest.raises(DataError, match="no data was loaded yet"):
        bench.statement()
    train(bench)
    bench.close()
    assert bench.statement() == make("answer").statement() == STATEMENT
    assert (tmp_path / process_workbench.STATEMENT).stat().st_mode & 0o777 == 0o600


def test_a_killed_worker_is_replaced(make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "orchestrator"):
        assert train(make("kill", "exit:3", "answer")) == PAYLOAD
    assert lives(tmp_path) == 3
    assert "the worker ended by SIGKILL while it was to train, after step 0" in caplog.text
    assert "the worker ended with code 3" in caplog.text


def test_a_worker_that_always_dies_is_given_up(make: Make, tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match="ended by SIGKILL while it was to train, 3 times"):
        train(make("kill"))
    assert lives(tmp_path) == process_workbench.MOST_DEATHS


def test_as_long_as_steps_are_done_it_is_not_given_up(make: Make, tmp_path: Path) -> None:
    told: list[int] = []
    acts = [f"steps-and-kill:{step}" for step in range(1, 6)]
    assert train(make(*acts, "answer"), told=told) == PAYLOAD
    assert told == [1, 2, 3, 4, 5]
    with pytest.raises(WorkerError):
        train(make("steps-and-kill:1"))


def test_an_idle_worker_ends_and_another_is_started(make: Make, tmp_path: Path) -> None:
    bench = make("answer", idle_seconds=0.2)
    train(bench)
    wait_for(lambda: gone(tmp_path))
    assert train(bench) == PAYLOAD
    assert lives(tmp_path) == 2


def test_one_that_ends_idle_as_the_call_comes_is_no_death(make: Make, tmp_path: Path) -> None:
    assert train(make("exit:0", "kill", "kill", "answer")) == PAYLOAD
    assert lives(tmp_path) == 4


def test_too_long(make: Make, tmp_path: Path) -> None:
    with pytest.raises(WorkerLimit, match=r"to train took the worker more than 0.3 seconds; raise worker.time_limit"):
        train(make("hang", time_limit=0.3))
    assert gone(tmp_path)


def test_too_large(make: Make, tmp_path: Path) -> None:
    with pytest.raises(WorkerLimit, match=r"to train took the worker \d+ MiB, its limit is 120; raise worker.memory"):
        train(make("grow:200", memory_limit=120 << 20))
    assert gone(tmp_path)


@pytest.mark.parametrize("act", ["hang", "heed"])
def test_a_call_is_cancelled_and_the_next_one_served(make: Make, tmp_path: Path, act: str) -> None:
    bench = make(act, "answer")
    bench.cancel()  # nothing is under way
    timer = threading.Timer(0.3, bench.cancel)
    timer.start()
    with pytest.raises(WorkCancelled, match="the call to train was cancelled"):
        train(bench)
    assert gone(tmp_path) == (act == "hang"), "who heeds the word keeps its model"
    bench.forget()
    assert train(bench) == PAYLOAD


def test_closing_ends_the_call_and_the_process(make: Make, tmp_path: Path) -> None:
    bench = make("hang")
    threading.Timer(0.3, bench.close).start()
    with pytest.raises(WorkCancelled):
        train(bench)
    wait_for(lambda: gone(tmp_path))
    with pytest.raises(WorkCancelled, match="closed"):
        train(bench)


def test_forgetting_ends_the_process(make: Make, tmp_path: Path) -> None:
    bench = make("answer")
    bench.forget()
    train(bench)
    folder = folder_of(tmp_path)
    folder.mkdir()
    checkpoint_path(folder, 3).write_bytes(b"")
    bench.forget()
    assert gone(tmp_path) and not list(folder.iterdir())


def test_forgetting_has_a_call_under_way_begin_again(make: Make, tmp_path: Path) -> None:
    bench = make("hang", "answer")
    folder = folder_of(tmp_path)
    folder.mkdir()
    for number in (3, 4):
        checkpoint_path(folder, number).write_bytes(b"")
    threading.Timer(0.5, bench.forget).start()
    assert train(bench) == PAYLOAD
    assert lives(tmp_path) == 2
    assert [path.name for path in folder.iterdir()] == ["4.safetensors"]
    bench.settle(4)
    assert not list(folder.iterdir())


def test_forgetting_keeps_the_checkpoint_of_a_training_that_was_broken_off(make: Make, tmp_path: Path) -> None:
    bench = make("kill")
    with pytest.raises(WorkerError):
        train(bench)
    folder = folder_of(tmp_path)
    folder.mkdir()
    checkpoint_path(folder, 4).write_bytes(b"")
    bench.forget()
    assert list(folder.iterdir())
    bench.settle(4)
    bench.forget()
    assert not list(folder.iterdir())


def test_a_contribution_goes_over_the_socket_pair(make: Make, tmp_path: Path) -> None:
    plaintext = os.urandom(5 << 20)
    assert train(make(f"open:{OWN}"), {OWN: plaintext}.__getitem__) == plaintext
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(plaintext[:64] in data for data in written)


@pytest.mark.parametrize("error", [ContentKeyDestroyed("gone"), StorageError("no node has it", mend="wait")])
def test_what_an_opener_raises_comes_back_as_it_was(make: Make, error: Exception) -> None:
    def opener(update_id: UpdateId) -> bytes:
        raise error

    bench = make(f"open:{OWN}", "answer")
    with pytest.raises(type(error)) as caught:
        train(bench, opener)
    assert caught.value is error


def test_an_error_of_the_own_disk_ends_the_talk(make: Make, tmp_path: Path) -> None:
    def opener(update_id: UpdateId) -> bytes:
        raise OSError(28, "No space left on device")

    bench = make(f"open:{OWN}", "answer")
    with pytest.raises(OSError, match="No space left"):
        train(bench, opener)
    assert gone(tmp_path)
    assert train(bench) == PAYLOAD


def test_a_daemon_that_is_killed_takes_its_worker_along(make: Make, tmp_path: Path) -> None:
    bench = make("answer")
    train(bench)
    assert bench._worker is not None
    bench._worker.channel.close()  # as the kernel does for a process that ends
    wait_for(lambda: gone(tmp_path))


NONSENSE = [
    '{"kind": "done"}',
    '{"kind": "done", "statement": 5}',
    '{"kind": "done", "statement": null, "policy": 1}',
    '{"kind": "failed"}',
    '{"kind": "failed", "kinds": ["SystemExit"], "message": "", "mend": ""}',
    '{"kind": "open"}',
    '{"kind": "open", "update": 5}',
    '{"kind": "progress", "step": "1", "steps": 2}',
    '{"kind": "progress"}',
    '{"kind": "log", "level": "x", "name": "a", "message": "b"}',
    '{"kind": "log"}',
]


@pytest.mark.parametrize("words", NONSENSE)
def test_a_worker_that_talks_nonsense_does_not_end_the_daemon(make: Make, tmp_path: Path, words: str) -> None:
    bench = make(f"say:{words}", "answer")
    with pytest.raises(WorkerError):
        train(bench)
    assert train(bench) == PAYLOAD


def test_nobody_opens_for_a_call_that_opens_nothing(make: Make) -> None:
    with pytest.raises(WorkerError, match=f"it asks for '{OWN}' in order to check"):
        make(f"open:{OWN}").check()


@pytest.mark.parametrize("wanted", [OTHER, "no update at all", "x" * 5000])
def test_a_worker_is_given_no_contribution_that_its_call_does_not_name(make: Make, tmp_path: Path, wanted: str) -> None:
    bench = make(f"open:{wanted}", "answer")
    with pytest.raises(WorkerError, match="the worker gave no answer: it asks for") as caught:
        train(bench)
    assert len(str(caught.value)) < 300 and gone(tmp_path)
    assert train(bench) == PAYLOAD


def test_candidates_may_be_opened_to_be_judged_and_at_no_other_time(make: Make) -> None:
    opener = {OTHER: b"a candidate"}.__getitem__
    assert make(f"open:{OTHER}").judge(SPEC, MANIFEST, [OTHER], opener, {}) == {}
    with pytest.raises(WorkerError, match="no answer"):
        make(f"open:{OTHER}").evaluate(SPEC, MANIFEST, opener)


def test_verdicts_on_what_was_not_to_be_judged_are_none(make: Make) -> None:
    row = '{"accept": true, "weight_cap": 1, "score": 0, "reason": ""}'
    said = f'{{"kind": "done", "statement": null, "judgements": {{"{OTHER}": {row}}}}}'
    with pytest.raises(WorkerError, match="no answer"):
        make(f"say:{said}").judge(SPEC, MANIFEST, [], nothing, {})
