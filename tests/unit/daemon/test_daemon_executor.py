"""How effects end: at once or later, well or not, and what is nobody's business to catch."""

from __future__ import annotations

import errno
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA

from orchestrator.chain.action import current_action
from orchestrator.daemon import executor as executor_module
from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN
from orchestrator.daemon.executor import Executor
from orchestrator.daemon.handlers import HANDLERS
from orchestrator.daemon.handlers.judging import VERDICTS
from orchestrator.daemon.journal import read_journal
from orchestrator.errors import (
    ChainError,
    ChainRewritten,
    ConfigurationError,
    ContentKeyDestroyed,
    DataError,
    DiskError,
    EnvelopeError,
    KeystoreError,
    ObjectMissing,
    ProtocolError,
    StorageError,
    TransactionReverted,
    WorkCancelled,
    WorkerError,
    WorkerLimit,
    WrongChain,
)
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.types import ArtefactId

QUICK, HEAVY, OTHER = fx.PassRound(1), fx.TrainUpdate(1), fx.TrainUpdate(2)


@pytest.fixture
def executor(life: Consortium) -> Iterator[Executor]:
    made = Executor(life.services[AURORA])
    yield made
    made.close()


def act(monkeypatch: pytest.MonkeyPatch, effect: fx.Effect, what: Callable[..., Any]) -> None:
    monkeypatch.setitem(HANDLERS, type(effect), what)


def raising(error: Exception) -> Callable[..., Any]:
    def handler(*_: object) -> None:
        raise error

    return handler


def ended(executor: Executor, seconds: float = 5.0) -> list[Any]:
    limit, outcomes = time.monotonic() + seconds, executor.finished()
    while not outcomes and time.monotonic() < limit:
        time.sleep(0.005)
        outcomes = executor.finished()
    return outcomes


def journal(life: Consortium) -> list[dict[str, Any]]:
    return read_journal(life.services[AURORA].home)


def test_every_effect_has_a_handler() -> None:
    kinds = {kind for kind in vars(fx).values() if isinstance(kind, type) and issubclass(kind, fx.Effect)}
    assert set(HANDLERS) == kinds - {fx.Effect}


def test_a_quick_effect_ends_at_once(life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    act(monkeypatch, QUICK, lambda *_: None)
    assert executor.start(life.now(), [QUICK]) == [ev.EffectCompleted(QUICK.id)]
    assert not executor.busy and executor.finished() == []
    assert [line["event"] for line in journal(life)[-2:]] == ["effect-started", "effect-completed"]


def test_effects_of_a_lane_run_one_after_the_other_beside_the_quick_ones(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, running, most = threading.Event(), [], []

    def job() -> None:
        running.append(1)
        most.append(len(running))
        go.wait(5)
        running.pop()

    act(monkeypatch, HEAVY, lambda *_: job)
    act(monkeypatch, QUICK, lambda *_: None)
    assert executor.start(life.now(), [HEAVY, OTHER, QUICK]) == [ev.EffectCompleted(QUICK.id)]
    assert executor.busy and executor.finished() == []
    go.set()
    outcomes = ended(executor)
    while len(outcomes) < 2:
        outcomes += ended(executor)
    assert outcomes == [ev.EffectCompleted(HEAVY.id), ev.EffectCompleted(OTHER.id)]
    assert not executor.busy and max(most) == 1


ERRORS = [
    (ChainError("down"), True),
    (WrongChain("another"), True),
    (TransactionReverted("too late", error="RoundLedgerTooLate"), True),
    (StorageError("down"), True),
    (ObjectMissing("nobody has it"), True),
    (WorkerError("it ended"), True),
    (ProtocolError("contradiction"), False),
    (EnvelopeError("tampered"), False),
    (KeystoreError("never here"), False),
    (ContentKeyDestroyed("shredded"), False),
    (DataError("empty"), False),
    (ConfigurationError("wrong"), False),
]


@pytest.mark.parametrize(("error", "retryable"), ERRORS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("effect", [QUICK, HEAVY], ids=["at once", "in the handler of a heavy one"])
def test_foreseeable_errors_become_outcomes(
    life: Consortium,
    executor: Executor,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    retryable: bool,
    effect: fx.Effect,
) -> None:
    act(monkeypatch, effect, raising(error))
    assert executor.start(life.now(), [effect]) == [ev.EffectFailed(effect.id, retryable)]
    assert not executor.busy
    last = journal(life)[-1]
    assert (last["event"], last["effect"], last["code"]) == ("effect-failed", effect.id, type(error).__name__)


@pytest.mark.parametrize(("error", "retryable"), [ERRORS[3], ERRORS[9]], ids=["retryable", "not"])
def test_a_heavy_effect_that_fails_is_told_when_it_ends(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch, error: Exception, retryable: bool
) -> None:
    act(monkeypatch, HEAVY, lambda *_: raising(error))
    assert executor.start(life.now(), [HEAVY]) == []
    assert ended(executor) == [ev.EffectFailed(HEAVY.id, retryable)]


def test_an_error_of_one_effect_does_not_keep_the_next_from_starting(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(monkeypatch, HEAVY, raising(StorageError("down")))
    act(monkeypatch, QUICK, lambda *_: None)
    outcomes = executor.start(life.now(), [HEAVY, QUICK])
    assert outcomes == [ev.EffectFailed(HEAVY.id, retryable=True), ev.EffectCompleted(QUICK.id)]


def test_what_nobody_foresaw_is_not_swallowed(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(monkeypatch, QUICK, raising(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        executor.start(life.now(), [QUICK])
    act(monkeypatch, HEAVY, lambda *_: raising(ZeroDivisionError("a bug in the lane")))
    executor.start(life.now(), [HEAVY])
    with pytest.raises(ZeroDivisionError, match="in the lane"):
        ended(executor)


def test_closing_waits_for_the_one_under_way_and_starts_no_other(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, done = threading.Event(), threading.Event(), []

    def job() -> None:
        begun.set()
        go.wait(5)
        done.append(1)

    act(monkeypatch, HEAVY, lambda *_: job)
    executor.start(life.now(), [HEAVY, OTHER])
    assert begun.wait(5)
    closing = threading.Thread(target=executor.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive() and not done
    go.set()
    closing.join(5)
    assert done == [1]


FETCH = fx.CollectUpdates(1)


def test_what_waits_for_other_nodes_does_not_wait_for_the_model(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does shredding of one request wait for the measuring of another."""
    go = threading.Event()
    act(monkeypatch, HEAVY, lambda *_: lambda: go.wait(5))
    act(monkeypatch, FETCH, lambda *_: lambda: None)
    assert executor.start(life.now(), [HEAVY, FETCH]) == []
    assert ended(executor) == [ev.EffectCompleted(FETCH.id)]
    assert executor.running == (HEAVY.id,)
    assert executor.oldest is not None and 0 <= time.time() - executor.oldest < 60
    go.set()
    assert ended(executor) == [ev.EffectCompleted(HEAVY.id)]


def test_comparisons_of_whatever_is_proposed_do_not_keep_a_round_waiting(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any member may propose as many compactions as it likes; each costs the others minutes."""
    go, done = threading.Event(), []
    compares = [fx.CompareCompaction(ArtefactId(f"0x{number:064x}")) for number in range(3)]
    act(monkeypatch, compares[0], lambda _services, _state, effect: lambda: (go.wait(5), done.append(effect.id)))
    act(monkeypatch, HEAVY, lambda _services, _state, effect: lambda: done.append(effect.id))
    assert executor.start(life.now(), compares) == []
    assert executor.start(life.now(), [HEAVY]) == []
    assert set(executor.running) == {HEAVY.id, *(compare.id for compare in compares)}
    go.set()
    outcomes: list[Any] = []
    while len(outcomes) < 4:
        outcomes += (found := ended(executor))
        assert found, outcomes
    assert done == [compares[0].id, HEAVY.id, compares[1].id, compares[2].id]
    assert not executor.busy and executor.oldest is None


def test_what_gave_way_is_not_begun_by_closing(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, done = threading.Event(), []
    compares = [fx.CompareCompaction(ArtefactId(f"0x{number:064x}")) for number in range(2)]
    act(monkeypatch, compares[0], lambda _services, _state, effect: lambda: (go.wait(5), done.append(effect.id)))
    executor.start(life.now(), compares)
    go.set()
    executor.close()
    assert executor.finished() == [ev.EffectCompleted(compares[0].id)] and done == [compares[0].id]
    assert not executor.busy


def test_handlers_and_jobs_work_under_their_actions_name(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends finds by it what was sent before."""
    named: list[str | None] = []

    def handler(*_: object) -> Any:
        named.append(current_action())
        return lambda: named.append(current_action())

    act(monkeypatch, FETCH, handler)
    executor.start(life.now(), [FETCH])
    ended(executor)
    assert named == [FETCH.id, FETCH.id] and current_action() is None


def test_an_effect_is_on_disk_before_it_acts(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    act(monkeypatch, QUICK, lambda *_: seen.extend(life.services[AURORA].journal.effects("started")))
    executor.start(life.now(), [QUICK])
    assert [row.id for row in seen] == [QUICK.id] and not seen[0].local


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EROFS, "Read-only file system"), None],
    ids=["full", "read-only", "in SQLite"],
)
@pytest.mark.parametrize("effect", [QUICK, FETCH], ids=["at once", "in a lane"])
def test_a_fault_of_the_own_disk_is_tried_again_as_if_for_the_first_time(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch, effect: fx.Effect, error: OSError | None
) -> None:
    def refused(*_: object) -> None:
        if error is not None:
            raise error
        sqlite3.connect("file:/nowhere/at/all?mode=ro", uri=True)

    act(monkeypatch, effect, refused if effect is QUICK else lambda *_: refused)
    monkeypatch.setattr(executor_module, "try_disk", raising(DiskError("the disk cannot be written")))
    outcomes = executor.start(life.now(), [effect]) or ended(executor)
    assert outcomes == [ev.EffectFailed(effect.id, retryable=True, counts=False)]
    assert executor.disk is not None and "the disk cannot be written" in executor.disk.message
    assert journal(life)[-1]["code"] == "DiskError"


def test_a_fault_of_another_disk_is_tried_again_ever_later(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a full /tmp: the home takes whatever it is given, so that nothing else would hold it up."""
    act(monkeypatch, QUICK, raising(OSError(errno.ENOSPC, "No space left on device", "/elsewhere")))
    assert executor.start(life.now(), [QUICK]) == [ev.EffectFailed(QUICK.id, retryable=True)]
    assert executor.disk is not None and "/elsewhere" in executor.disk.message


def test_a_limit_of_the_worker_waits_for_the_operator(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same work needs as much the next time; a daemon that is started with other settings tries it again."""
    act(monkeypatch, HEAVY, raising(WorkerLimit("it took 9 MiB")))
    assert executor.start(life.now(), [HEAVY]) == [ev.EffectFailed(HEAVY.id, retryable=False)]


def test_nothing_begins_that_cannot_be_written_down(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    act(monkeypatch, QUICK, lambda *_: begun.append(1))
    database = life.services[AURORA].journal._database
    database.execute("PRAGMA query_only=ON")
    assert executor.start(life.now(), [QUICK]) == [ev.EffectFailed(QUICK.id, retryable=True, counts=False)]
    assert executor.disk is not None and not begun
    database.execute("PRAGMA query_only=OFF")
    assert executor.start(life.now(), [QUICK]) == [ev.EffectCompleted(QUICK.id)]


def test_what_has_ended_is_told_once_the_disk_takes_it(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a crash would have it done again, and the machine would not know."""
    database = life.services[AURORA].journal._database

    def refusing(*_: object) -> None:
        database.execute("PRAGMA query_only=ON")

    act(monkeypatch, QUICK, refusing)
    assert executor.start(life.now(), [QUICK]) == [] and executor.finished() == []
    database.execute("PRAGMA query_only=OFF")
    assert executor.finished() == [ev.EffectCompleted(QUICK.id)] and executor.finished() == []


def test_a_chain_that_was_rewritten_raises_the_alarm(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(monkeypatch, QUICK, raising(ChainRewritten("the private chain is another")))
    assert executor.start(life.now(), [QUICK]) == [ev.EffectFailed(QUICK.id, retryable=True, counts=False)]
    assert [alarm.name for alarm in life.services[AURORA].journal.alarms()] == [PRIVATE_CHAIN_REWRITTEN]
    with pytest.raises(ChainRewritten, match="is another"):
        life.services[AURORA].send_private(None)  # type: ignore[arg-type]


def test_what_was_stopped_on_purpose_is_no_failure(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    act(monkeypatch, HEAVY, lambda *_: raising(WorkCancelled("stopped")))
    executor.start(life.now(), [HEAVY])
    assert ended(executor) == [ev.EffectFailed(HEAVY.id, retryable=True, counts=False)]
    assert [row.state for row in life.services[AURORA].journal.effects()] == ["cancelled"]


def test_closing_stops_what_the_workbench_computes(
    life: Consortium, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that is told to stop does not train on for hours."""
    begun, stopped = threading.Event(), threading.Event()

    def job() -> None:
        begun.set()
        assert stopped.wait(5)
        raise WorkCancelled("stopped")

    act(monkeypatch, HEAVY, lambda *_: job)
    monkeypatch.setattr(life.benches[AURORA], "cancel", stopped.set)
    executor.start(life.now(), [HEAVY, OTHER])
    assert begun.wait(5)
    executor.close()
    assert executor.finished() == [ev.EffectFailed(HEAVY.id, retryable=True, counts=False)]
    assert not executor.busy


def test_secrets_stay_out_of_journal_and_status(life: Consortium) -> None:
    life.open_round()
    life.settle()
    keystore, home = life.keystores[AURORA], life.services[AURORA].home
    written = b"".join(path.read_bytes() for path in home.glob("*.json*"))
    assert written
    for update_id in keystore.contents():
        assert keystore.content_key(update_id).hex().encode() not in written
        assert keystore.content_salt(update_id).hex().encode() not in written
    (kept,) = life.services[AURORA].results.of_round(VERDICTS, 1)
    assert kept["nonce"] not in written.decode() + json.dumps(read_journal(home))
