"""What a member wants to do about contributions that it, or another, cannot open (decisions 0036 and 0037).

Who lacks content keys asks; the others answer in turn, once the request has stood for a while. No answer is believed,
so after one that did not help the member asks again, and each request of a row wants one answer more: who is quick to
answer with rubbish is one of them. What somebody else asks in this member's name it supersedes before that is due.
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

TO_SUPERSEDE = 48
"""Blocks that a request which is to supersede another needs at most, of the ``STANDING_BLOCKS`` that there are: a lost
one is sent again after ``machine.CONFIRMATION``, one that failed four times in a row after 30."""


def catching_up_rules(state: NodeState) -> Iterator[fx.Effect]:
    """Ask for what is missing, open what was answered, destroy keys that have served; and answer others."""
    if state.me not in state.ledger.members.seats:
        return
    yield from _own(state)
    yield from _others(state)


def keys_are_coming(state: NodeState) -> bool:
    """Whether contributions cannot be opened yet, and the own request for their keys is young enough to wait for it."""
    latest = latest_catch_up(state.ledger, state.me)
    if latest is None or not any(item in state.ledger.updates for item in state.unopened):
        return False
    return stands(state.ledger, latest) and state.private_block < latest.due + OTHERS_FIRST


def _own(state: NodeState) -> Iterator[fx.Effect]:
    latest = latest_catch_up(state.ledger, state.me)
    standing = latest if latest is not None and stands(state.ledger, latest) else None
    for asked in state.ledger.catch_ups.values():
        own = asked.organisation == state.me and asked.number not in state.foreign_requests
        if own and (asked is not standing or not state.unopened):
            yield fx.SettleCatchUp(asked.number)
    if standing is not None and standing.number in state.foreign_requests:
        if state.private_block >= _time_to_supersede(state, standing):
            yield _ask(standing)
        return
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
    return asked.next_block if len(asked.answers) >= wanted else max(asked.next_block, asked.due + OTHERS_FIRST)


def _time_to_supersede(state: NodeState, foreign: CatchUp) -> int:
    """At once the first time; then ever later, as whoever goes on asking waits ever longer, but always in time."""
    mine = (asked for asked in state.ledger.catch_ups.values() if asked.organisation == state.me)
    own = [asked for asked in mine if asked.number not in state.foreign_requests]
    return min(own[-1].next_block, foreign.due - TO_SUPERSEDE) if own else 0


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
