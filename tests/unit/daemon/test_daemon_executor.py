"""Lanes of effects: which begin at once, which wait for which, and how closing ends them."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.daemon.executing import FETCH, HEAVY, OTHER, QUICK, act, ended, journal
from unit.ledger.actors import AURORA

from orchestrator.chain.action import current_action
from orchestrator.daemon.executor import Executor
from orchestrator.daemon.handlers import HANDLERS
from orchestrator.daemon.handlers.judging import VERDICTS
from orchestrator.daemon.journal import read_journal
from orchestrator.errors import WorkCancelled
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.types import ArtefactId


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
