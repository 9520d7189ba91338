"""What a member wants to do about proposed compactions: make the sum itself and say what it found, once each."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.ledger.compactions import KIND
from orchestrator.ledger.entities import Artefact
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import UpdateId


def compaction_rules(state: NodeState) -> Iterator[fx.Effect]:
    """Compare what is not agreed on yet; have members counted again where some left and those that stay are enough."""
    members = state.ledger.members
    if state.me not in members.seats:
        return
    for artefact in state.ledger.artefacts.values():
        if artefact.kind != KIND or artefact.agreed is not None:
            continue
        if not _has_spoken(state, artefact):
            compare = fx.CompareCompaction(artefact.id)
            # without the key once, for what is wrong at first sight; then when catching up has brought it
            if compare.id not in state.failures or UpdateId(artefact.id) not in state.unopened:
                yield compare
        elif sum(name in artefact.endorsements for name in members.seats) >= members.quorum:
            yield fx.SettleCompaction(artefact.id, members.epoch)


def _has_spoken(state: NodeState, artefact: Artefact) -> bool:
    return state.me in artefact.endorsements or state.me in artefact.disputes
