"""What an organisation that was away, or is new, brings to its IPFS node: the objects that it should hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.daemon.view import tasks_of
from orchestrator.errors import ObjectMissing, StorageError
from orchestrator.ledger.contributions import Tasks, contributing_rounds, live_contributions
from orchestrator.ledger.entities import LedgerState
from orchestrator.storage.cid import check_cid
from orchestrator.storage.store import ObjectStore
from orchestrator.types import Cid

Told = Callable[[Cid, str, str], None]
"""Called for each object with what it is, and ``here``, ``fetched`` or ``missing``."""


@dataclass(frozen=True)
class Filled:
    """Objects by what became of them, with what each is."""

    here: Mapping[Cid, str]
    fetched: Mapping[Cid, str]
    missing: Mapping[Cid, str]


def wanted(state: LedgerState, tasks: Tasks) -> dict[Cid, str]:
    """Tasks and agreements that something was contributed under, and the contributions that are live.

    What a revocation has taken out is not brought back, whether it was shredded yet or not.
    """
    named: dict[Cid, str] = {}
    for found in contributing_rounds(state):
        named.setdefault(found.opening.task_cid, f"task of round {found.id}")
        named.setdefault(found.opening.agreement_cid, f"agreement of round {found.id}")
    for update_id in live_contributions(state, tasks):
        update = state.updates[update_id]
        for cid, part in ((update.header_cid, "header"), (update.payload_cid, "payload")):
            if cid:
                named.setdefault(cid, f"{part} of {update.organisation}'s contribution in round {update.round}")
    return {cid: what for cid, what in named.items() if _is_cid(cid)}


def backfill(state: LedgerState, store: ObjectStore, told: Told = lambda cid, what, how: None) -> Filled:
    """Pin them all, from whoever has them. Again costs nothing.

    Raises:
        StorageError: the own node is down, or a task that contributions were made under is nowhere.
    """
    found: dict[str, dict[Cid, str]] = {"here": {}, "fetched": {}, "missing": {}}
    for cid, what in wanted(state, tasks_of(state, store)).items():
        how = _pinned(store, cid)
        found[how][cid] = what
        told(cid, what, how)
    return Filled(**found)


def _pinned(store: ObjectStore, cid: Cid) -> str:
    how = "here" if store.has(cid) else "fetched"
    try:
        store.pin(cid)
    except ObjectMissing:
        return "missing"
    return how


def _is_cid(text: Cid) -> bool:
    try:
        check_cid(text)
    except StorageError:  # the chain takes any text
        return False
    return True
