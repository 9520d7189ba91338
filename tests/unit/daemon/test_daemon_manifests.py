"""Tasks that nobody can read: any member can open a round under one, and no other may be held up by it."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA

from orchestrator.daemon import manifests
from orchestrator.daemon.manifests import known_tasks
from orchestrator.errors import ObjectMissing


@pytest.fixture
def asked(life: Consortium, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the own node was asked for, each of which would take a minute that all else waits."""
    found: list[str] = []

    def fetch(cid: str, **_: Any) -> bytes:
        found.append(cid)
        raise ObjectMissing(f"no IPFS node answered with {cid}")

    monkeypatch.setattr(life.stores[AURORA], "fetch", fetch)
    life.services[AURORA].tasks = {}
    return found


def test_a_task_that_bears_on_nothing_is_not_asked_for_again_and_again(
    life: Consortium, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    life.open_round()
    for _ in range(5):
        assert known_tasks(life.history.state, life.services[AURORA]) == {}
    assert len(asked) == 1
    later = time.monotonic() + manifests.ABSENT_SECONDS
    monkeypatch.setattr(manifests, "time", SimpleNamespace(monotonic=lambda: later))
    known_tasks(life.history.state, life.services[AURORA])
    assert len(asked) == 2, "it may have come since"


def test_a_task_that_was_contributed_under_is_always_asked_for(life: Consortium, asked: list[str]) -> None:
    life.services[AURORA].tasks = life.history.tasks
    life.open_round()
    life.settle()
    life.services[AURORA].tasks = {}
    for number in range(1, 4):
        with pytest.raises(ObjectMissing):
            known_tasks(life.history.state, life.services[AURORA])
        assert len(asked) >= number


def test_a_task_that_was_contributed_under_is_kept_whoever_leaves(
    life: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its opener may take it away, and each shredding has the own node remove what is not pinned."""
    life.open_round()
    services, store = life.services[AURORA], life.stores[AURORA]
    task, pinned, pin, fetch = life.history.state.rounds[1].opening.task_cid, [], store.pin, store.fetch
    monkeypatch.setattr(store, "pin", lambda cid, **more: pinned.append(cid) if cid == task else pin(cid, **more))
    monkeypatch.setattr(store, "fetch", lambda cid, **more: life.spec.to_bytes() if cid == task else fetch(cid, **more))
    services.tasks = {}
    known_tasks(life.history.state, services)
    assert list(services.tasks) == [life.spec.digest] and not pinned, "nothing came of it yet"
    life.settle()
    for _ in range(2):
        known_tasks(life.history.state, services)
    assert pinned == [task]
