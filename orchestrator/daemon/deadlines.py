"""Whether this member still has to act in the open round, and how long it has. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.ledger.contributions import released_updates
from orchestrator.ledger.entities import Round, RoundStatus
from orchestrator.protocol.rules_rounds import own_update
from orchestrator.protocol.state import NodeState

LAST_SHARE = 4
"""A warning comes in the last quarter of a phase, or the last ``LAST_BLOCKS`` blocks of a short one."""
LAST_BLOCKS = 3

WORDS = {
    "submit": "submitted no update",
    "release": "not released its update",
    "commit_verdicts": "not committed to its verdicts",
    "reveal_verdicts": "not revealed its verdicts",
}


@dataclass(frozen=True, slots=True)
class OwnAct:
    """An act that the open round waits for from this member.

    Attributes:
        left: private blocks in which it still counts, negative once it is too late. length: of the phase.
    """

    round: int
    phase: str
    left: int
    length: int

    @property
    def pressing(self) -> bool:
        """Whether the operator should know."""
        return self.left <= max(self.length // LAST_SHARE, LAST_BLOCKS)

    @property
    def words(self) -> str:
        """One sentence with the number of blocks."""
        when = f"ends in {self.left} blocks" if self.left >= 0 else f"ended {-self.left} blocks ago"
        name = self.phase.replace("_", " ")
        return f"round {self.round}: {name} {when}, and this organisation has {WORDS[self.phase]}"


def own_act(state: NodeState) -> OwnAct | None:
    """What the open round waits for from this member; None where it waits for nothing of its."""
    clock = state.clock
    found = None if clock is None else state.ledger.rounds.get(clock.round)
    if clock is None or found is None or found.status is not RoundStatus.OPEN or state.me not in found.members:
        return None
    due = _DUE.get(clock.phase)
    if due is None or not due(state, found):
        return None
    return OwnAct(found.id, clock.phase, clock.deadline - state.private_block, _length(found, clock.phase))


def _length(found: Round, phase: str) -> int:
    opening = found.opening
    return {
        "submit": opening.submit_blocks,
        "release": opening.release_blocks,
        "commit_verdicts": opening.commit_blocks,
        "reveal_verdicts": opening.reveal_blocks,
    }[phase]


def _submit(state: NodeState, found: Round) -> bool:
    return own_update(state.ledger, found, state.me) is None and state.me not in found.passed


def _release(state: NodeState, found: Round) -> bool:
    mine = own_update(state.ledger, found, state.me)
    return mine is not None and not mine.released


def _commit(state: NodeState, found: Round) -> bool:
    return state.me not in found.commitments and bool(released_updates(state.ledger, found.id))


def _reveal(state: NodeState, found: Round) -> bool:
    return state.me in found.commitments and state.me not in found.revealed


_DUE: dict[str, Callable[[NodeState, Round], bool]] = {
    "submit": _submit,
    "release": _release,
    "commit_verdicts": _commit,
    "reveal_verdicts": _reveal,
}
