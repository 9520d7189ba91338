"""How effects end that do not end well, and what is nobody's business to catch."""

from __future__ import annotations

import errno
import sqlite3

import pytest
from unit.daemon.consortium import Consortium
from unit.daemon.executing import FETCH, HEAVY, QUICK, act, ended, journal, raising
from unit.ledger.actors import AURORA

from orchestrator.daemon import executor as executor_module
from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN
from orchestrator.daemon.executor import Executor
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
