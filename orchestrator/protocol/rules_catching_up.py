"""What a member wants to do about contributions that it, or another, cannot open (decision 0036).

Who lacks content keys asks; the others answer in turn. No answer is believed, so after one that did not help the
member asks again, and each request of a row wants one answer more: who is quick to answer with rubbish is one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.ledger.asked import QUIET_BLOCKS, CatchUp
from orchestrator.ledger.catch_ups import latest_catch_up, shareable, standing_catch_ups, stands
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import ArtefactId

TRIES = 2
"""Failures after which an answer is given up: what it names may be nowhere, and others have the same to give."""

PROPOSAL_TRIES = 3
"""Requests for the key of a compaction that no quorum has agreed to: anybody may propose anything."""

OTHERS_FIRST = 32
"""Blocks that an asker waits for further answers; and that a member which lacks keys itself leaves to the others."""


def catching_up_rules(state: NodeState) -> Iterator[fx.Effect]:
    """Ask for what is missing, open what was answered, destroy keys that have served; and answer others."""
    if state.me not in state.ledger.members.seats:
        return
    yield from _own(state)
    yield from _others(state)


def _own(state: NodeState) -> Iterator[fx.Effect]:
    latest = latest_catch_up(state.ledger, state.me)
    standing = latest if latest is not None and stands(state.ledger, latest) else None
    for asked in state.ledger.catch_ups.values():
        if asked.organisation == state.me and (asked is not standing or not state.unopened):
            yield fx.SettleCatchUp(asked.number)
    if not _worth_asking(state) or _collecting(state):
        return
    if standing is None or standing.number in state.keyless:
        if latest is None or standing is None or state.private_block >= latest.next_block:
            yield _ask(latest)
        return
    answers = [fx.OpenCatchUp(standing.number, name) for name in standing.answers]
    pending = [effect for effect in answers if not _tried(state, effect)]
    yield from pending
    if answers and not pending and state.private_block >= _patience(state, standing):
        yield _ask(standing)


def _patience(state: NodeState, asked: CatchUp) -> int:
    """First block of the next request: later where answers that this one wants are still to come."""
    wanted = min(asked.streak, len(state.ledger.members.seats) - 1)
    return asked.next_block if len(asked.answers) >= wanted else max(asked.next_block, asked.asked.block + OTHERS_FIRST)


def _tried(state: NodeState, effect: fx.OpenCatchUp) -> bool:
    failure = state.failures.get(effect.id)
    failed = failure is not None and (failure.retry_at is None or failure.attempts >= TRIES)
    return failed or effect.id in state.done


def _ask(former: CatchUp | None) -> fx.AskCatchUp:
    return fx.AskCatchUp(1 if former is None else former.ordinal + 1)


def _worth_asking(state: NodeState) -> bool:
    """Whether something is missing that others surely have, or that has not been asked for often."""
    own = [asked for asked in state.ledger.catch_ups.values() if asked.organisation == state.me]
    for item in state.unopened:
        proposal = state.ledger.artefacts.get(ArtefactId(item))
        if proposal is None or proposal.agreed is not None:
            return True
        if sum(asked.asked > proposal.proposed for asked in own) < PROPOSAL_TRIES:
            return True
    return False


def _collecting(state: NodeState) -> bool:
    """Whether this node is just opening some of it by its own prekey: a quorum may have closed the round before."""
    updates = state.ledger.updates
    rounds = {updates[item].round for item in state.unopened if item in updates}  # the others are compactions
    return any(fx.CollectUpdates(number).id in state.in_flight for number in rounds)


def _others(state: NodeState) -> Iterator[fx.Effect]:
    for asked in standing_catch_ups(state.ledger):
        if asked.organisation != state.me and _wants(state, asked) and _has_something(state):
            yield fx.AnswerCatchUp(asked.organisation, asked.ordinal)
    for asked in state.ledger.catch_ups.values():
        if state.me in asked.answers and _served(state.ledger, asked, state.private_block):
            yield fx.ForgetAnswer(asked.number)


def _wants(state: NodeState, asked: CatchUp) -> bool:
    """Whether this member's answer is wanted now. Members that lack keys themselves come last."""
    begins = asked.due + (OTHERS_FIRST if state.unopened else 0)
    return len(asked.answers) < asked.streak and state.me not in asked.answers and state.private_block >= begins


def _has_something(state: NodeState) -> bool:
    return any(update_id not in state.unopened for update_id in shareable(state.ledger))


def _served(ledger: LedgerState, asked: CatchUp, block: int) -> bool:
    """Whether an object that was made for the request need not be kept any more."""
    return not stands(ledger, asked) or block >= asked.asked.block + QUIET_BLOCKS
