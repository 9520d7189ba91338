"""The ledger state: a pure fold over the private chain's records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orchestrator.ledger import artefacts, catch_ups, keys, members, revocations, rounds
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import check_sender, demand

__all__ = ["EMPTY", "LedgerState", "apply", "replay"]

EMPTY = LedgerState()
"""Before the first record."""

_HANDLERS = {
    **members.HANDLERS,
    **keys.HANDLERS,
    **catch_ups.HANDLERS,
    **rounds.HANDLERS,
    **revocations.HANDLERS,
    **artefacts.HANDLERS,
}


def apply(state: LedgerState, record: Record) -> LedgerState:
    """The state after one more record.

    Raises:
        ProtocolError: the record contradicts the state; names it. The contracts prevent this, so the node it came from
            cannot be trusted.
    """
    demand(state.chain_id in (None, record.chain_id), record, f"the chain is {state.chain_id}")
    in_order = state.position is None or record.position > state.position
    demand(in_order, record, f"it comes after the record at {state.position}")
    check_sender(state, record)
    after = _HANDLERS[record.kind](state, record)
    return after.with_(chain_id=record.chain_id, position=record.position, count=state.count + 1)


def replay(records: Iterable[Record], start: LedgerState = EMPTY) -> LedgerState:
    """Applies records in their order."""
    state = start
    for record in records:
        state = apply(state, record)
    return state


def kinds() -> Mapping[str, object]:
    """The kinds of record that the fold understands."""
    return _HANDLERS
