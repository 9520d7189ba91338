"""What a node that was away brings to its IPFS node."""

from __future__ import annotations

import pytest
from unit.audit.life import Life
from unit.ledger.actors import AURORA, BOREALIS, MEMBERS

from orchestrator.daemon.backfill import backfill, wanted
from orchestrator.errors import StorageError
from orchestrator.storage import MemoryStore
from orchestrator.types import Cid


@pytest.fixture
def swarm() -> list[MemoryStore]:
    return []


@pytest.fixture
def life(swarm: list[MemoryStore]) -> Life:
    """Two closed rounds, the objects on one node."""
    found = Life(store=MemoryStore(swarm))
    for _ in range(2):
        found.round()
    return found


def test_all_that_makes_the_model_is_brought_once(life: Life, swarm: list[MemoryStore]) -> None:
    mine, told = MemoryStore(swarm), []
    state = life.ledger.state
    found = backfill(state, mine, lambda cid, what, how: told.append((what, how)))
    assert list(found.here.values()) == ["task of round 1"], "it was read to know what is live"
    assert not found.missing
    assert {*found.here, *found.fetched} == set(wanted(state, life.tasks)) <= mine.pinned
    assert len(found.fetched) == 1 + 2 * 2 * len(MEMBERS), "the agreement, and two objects of each contribution"
    assert (f"payload of {AURORA}'s contribution in round 1", "fetched") in told
    again = backfill(state, mine)
    assert (again.here, again.fetched) == ({**found.here, **found.fetched}, {})


def test_what_was_revoked_stays_away(life: Life, swarm: list[MemoryStore]) -> None:
    gone = [item for item, update in life.ledger.state.updates.items() if update.organisation == BOREALIS]
    named = {cid for item in gone for cid in (life.ledger.state.updates[item].payload_cid,)}
    life.revoke(BOREALIS, gone)
    mine = MemoryStore(swarm)
    found = backfill(life.ledger.state, mine)
    assert found.fetched and not named & {*found.fetched, *found.missing}
    assert not named & mine.pinned


def test_what_nobody_has_is_told(life: Life, swarm: list[MemoryStore]) -> None:
    update = next(iter(life.ledger.state.updates.values()))
    assert update.payload_cid is not None
    del life.store.objects[update.payload_cid]
    found = backfill(life.ledger.state, MemoryStore(swarm))
    assert list(found.missing) == [update.payload_cid]


def test_a_task_that_nobody_has_ends_it(life: Life, swarm: list[MemoryStore]) -> None:
    task_cid: Cid = life.ledger.state.rounds[1].opening.task_cid
    del life.store.objects[task_cid]
    with pytest.raises(StorageError):
        backfill(life.ledger.state, MemoryStore(swarm))
