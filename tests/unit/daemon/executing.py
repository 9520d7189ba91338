"""Effects whose handlers are what a test says, and how they ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA

from orchestrator.daemon.executor import Executor
from orchestrator.daemon.handlers import HANDLERS
from orchestrator.daemon.journal import read_journal
from orchestrator.protocol import effects as fx

QUICK, HEAVY, OTHER, FETCH = fx.PassRound(1), fx.TrainUpdate(1), fx.TrainUpdate(2), fx.CollectUpdates(1)
"""One that ends at once, two of the model's lane, one of the lane that waits for other nodes."""


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
