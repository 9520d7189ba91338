"""Rounds that do not end as they should: why, what that cost, what comes next; closing and abandoning by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.chain.contracts import PrivateContracts
from orchestrator.chain.proxy import Call
from orchestrator.chain.structs import Phase
from orchestrator.daemon.services import leaf_salt
from orchestrator.errors import ProtocolError
from orchestrator.ledger.contributions import accepted_updates
from orchestrator.ledger.entities import LedgerState, Round, RoundStatus
from orchestrator.types import MILLION, OrganisationId

INTERRUPTED = "revocation"
MAX_WAIT_LOG2 = 16
TIMED = (Phase.SUBMIT, Phase.RELEASE, Phase.COMMIT_VERDICTS, Phase.REVEAL_VERDICTS)


@dataclass(frozen=True)
class Spent:
    """What a failed round used up for good.

    Attributes:
        prekeys: members whose prekey was assigned to it.
        epsilon: by member, recorded ε before and after, in millionths.
    """

    prekeys: tuple[OrganisationId, ...]
    epsilon: Mapping[OrganisationId, tuple[int, int]]


def failure_of(state: LedgerState, found: Round) -> str:
    """Why a round failed, in a sentence; empty where it did not."""
    if found.status is not RoundStatus.FAILED:
        return ""
    if found.failure == "too few submitted":
        return f"too few submitted: {_submitted(state, found)}"
    if found.failure == "too few released":
        return f"too few released: {_released(state, found)}"
    if found.failure == "abandoned":
        wanted = ", ".join(sorted(found.abandoners))
        return f"abandoned: {wanted} wanted it to fail, {found.quorum} members were needed"
    if found.failure == INTERRUPTED:
        named = [item.id for item in state.revocations.values() if item.void_round == found.id]
        return f"interrupted by a revocation: {', '.join(named) or 'one that a quorum pressed'}"
    return found.failure


def _submitted(state: LedgerState, found: Round) -> str:
    owners = {state.updates[item].organisation for item in found.submissions}
    silent = [name for name in found.members if name not in owners | found.passed]
    parts = [f"{len(owners)} of at least {found.opening.minimum_updates}"]
    parts += [f"{word} {', '.join(sorted(names))}" for word, names in _groups(owners, found.passed, silent) if names]
    if not found.recipients:
        parts.append("nobody had an unused prekey when it opened, so no update could be sealed")
    elif barred := sorted(name for name in found.members if name not in found.recipients):
        parts.append(f"no update could be sealed to {', '.join(barred)}, without an unused prekey when it opened")
    return "; ".join(parts)


def _groups(
    owners: set[OrganisationId], passed: frozenset[OrganisationId], silent: list[OrganisationId]
) -> Iterator[tuple[str, list[OrganisationId]]]:
    yield "submitted by", sorted(owners)
    yield "passed by", sorted(passed)
    yield "nothing from", silent


def _released(state: LedgerState, found: Round) -> str:
    current = [state.updates[item] for item in found.submissions if state.updates[item].replaced_by is None]
    released = sorted(item.organisation for item in current if item.released)
    kept = sorted(item.organisation for item in current if not item.released)
    count = f"{len(released)} of at least {found.opening.minimum_updates}"
    return f"{count}; released by {', '.join(released) or 'nobody'}; not released by {', '.join(kept) or 'nobody'}"


def spent_by(state: LedgerState, found: Round) -> Spent:
    """What a round used up: a prekey serves once, and ε counts on recording, whatever becomes of the update."""
    before = _recorded(state, found, until=found.id - 1)
    after = _recorded(state, found, until=found.id)
    owners = {state.updates[item].organisation for item in found.submissions}
    epsilon = {name: (before.get(name, 0), after[name]) for name in sorted(owners) if after[name] > before.get(name, 0)}
    return Spent(tuple(sorted(found.recipients)), epsilon)


def _recorded(state: LedgerState, found: Round, *, until: int) -> dict[OrganisationId, int]:
    """Cumulative ε under the round's task by member, up to a round; it never falls."""
    recorded: dict[OrganisationId, int] = {}
    for update in state.updates.values():
        same = state.rounds[update.round].opening.task_digest == found.opening.task_digest
        if same and update.round <= until:
            recorded[update.organisation] = max(recorded.get(update.organisation, 0), update.epsilon)
    return recorded


def spent_words(spent: Spent) -> str:
    """For people."""
    keys = f"one prekey each of {', '.join(spent.prekeys)}" if spent.prekeys else "no prekey"
    rises = [f"{name} {_decimal(before)} → {_decimal(after)}" for name, (before, after) in spent.epsilon.items()]
    return f"{keys}; ε {', '.join(rises) if rises else 'none'}"


def _decimal(millionths: int) -> str:
    return f"{millionths / MILLION:g}"


def next_steps(state: LedgerState, found: Round, phase: Phase, block: int, deadline: int) -> Iterator[str]:
    """What members do about a round that failed, or that is open and late.

    Args:
        phase, deadline: as an action in the next block would meet them. block: the newest one.
    """
    if found.status is RoundStatus.FAILED and found.id == max(state.rounds):
        if state.awaiting_replacement:
            waiting = ", ".join(item[:14] + "…" for item in state.awaiting_replacement)
            yield f"the revocation {waiting} gets its new manifest first; see `loranchor revoke status`"
        yield from missing_prekeys(state)
        yield "open another: `loranchor round open`; its number and its updates are new, nothing of this one counts"
        yield from _waiting_opener(state, found, block)
    elif found.status is RoundStatus.CLOSED and found.id == max(state.rounds):
        yield from _waiting_opener(state, found, block)
    elif found.status is RoundStatus.OPEN and phase is Phase.AWAITING_CLOSE:
        yield "its phases are over: any member ends it with `loranchor round close`"
    elif found.status is RoundStatus.OPEN:
        names = ", ".join(waiting_for(state, found, phase)) or "nobody"
        yield f"waiting for {names}, up to block {deadline} ({max(deadline - block, 0)} left)"
        if found.abandoners:
            supporters = ", ".join(sorted(found.abandoners))
            yield f"{supporters} would abandon it ({len(found.abandoners)} of {found.quorum} needed)"


def _waiting_opener(state: LedgerState, found: Round, block: int) -> Iterator[str]:
    if (until := waits_until(state, found.opener)) > block:
        yield f"{found.opener} opens again after block {until}, and waits twice as long each time; others do not"


def waits_until(state: LedgerState, opener: OrganisationId) -> int:
    """The last block in which a member may not open a round, because its last ones came to nothing; 0 where it may.

    As ``RoundLedger`` has it: 2ⁿ blocks after n such rounds in a row, 2¹⁶ at most. A round counts as soon as an update
    is accepted; one that a revocation interrupts says nothing of its opener.
    """
    idle, ended = 0, 0
    for _, found in sorted(state.rounds.items()):
        if found.opener != opener or found.ended is None or found.failure == INTERRUPTED:
            continue
        counts = found.status is RoundStatus.CLOSED and accepted_updates(state, found.id)
        idle, ended = (0, 0) if counts else (idle + 1, found.ended.block)
    return ended + (1 << min(idle, MAX_WAIT_LOG2)) if idle else 0


def missing_prekeys(state: LedgerState) -> Iterator[str]:
    """Who could not open the updates of a round that opened now."""
    if without := state.without_prekeys:
        yield f"no unused prekey of {', '.join(without)}: a round that opens without one is not sealed to that member"


def waiting_for(state: LedgerState, found: Round, phase: Phase) -> tuple[OrganisationId, ...]:
    """Members that have not acted in the present phase."""
    current = [state.updates[item] for item in found.submissions if state.updates[item].replaced_by is None]
    if phase is Phase.SUBMIT:
        done = {item.organisation for item in current} | found.passed
        return tuple(name for name in found.members if name not in done)
    if phase is Phase.RELEASE:
        return tuple(sorted(item.organisation for item in current if not item.released))
    if phase is Phase.COMMIT_VERDICTS:
        return tuple(name for name in found.members if name not in found.commitments)
    if phase is Phase.REVEAL_VERDICTS:
        return tuple(name for name in found.commitments if name not in found.revealed)
    return ()


def open_round_of(state: LedgerState, number: int | None) -> Round:
    """The open round.

    Args:
        number: which one is meant; any without.

    Raises:
        ProtocolError: none is open, or another.
    """
    if number is not None and number in state.rounds and number != state.open_round:
        found = state.rounds[number]
        ended = "has failed" if found.status is RoundStatus.FAILED else "is closed"
        raise ProtocolError(f"round {number} {ended} already", mend="see `loranchor round status`")
    if state.open_round is None:
        raise ProtocolError("no round is open", mend="open one with `loranchor round open`")
    if number not in (None, state.open_round):
        raise ProtocolError(f"there is no round {number}; round {state.open_round} is open")
    return state.rounds[state.open_round]


def closing(private: PrivateContracts, state: LedgerState, found: Round) -> Call:
    """Ends a round whose phases are over; the contract decides whether it is closed or has failed.

    Raises:
        ProtocolError: a phase is under way; says until when, and for whom it waits.
    """
    block = private.rounds.chain.block_number()
    phase = private.rounds.phase_at(found.id, block + 1)
    if phase in TIMED:
        deadline = private.rounds.deadline_of(found.id)
        missing = ", ".join(waiting_for(state, found, phase)) or "nobody"
        raise ProtocolError(
            f"round {found.id} is in phase {phase.name.lower()} up to block {deadline}, and the chain is at block"
            f" {block}; it waits for {missing}",
            mend=f"wait, or give it up with `loranchor round abandon --round {found.id}`",
        )
    return private.rounds.close_round(found.id, leaf_salt())


def abandoning(private: PrivateContracts, found: Round, me: OrganisationId) -> Call:
    """This member's word that the open round should fail.

    Raises:
        ProtocolError: it is none of the round's members, has said so before, or the phases are over.
    """
    if me not in found.members:
        raise ProtocolError(f"{me} was no member when round {found.id} opened, so it has no say in it")
    if me in found.abandoners:
        raise ProtocolError(
            f"{me} wants round {found.id} abandoned already: {len(found.abandoners)} of {found.quorum} members do",
            mend="the others run `loranchor round abandon`, too",
        )
    if private.rounds.phase_at(found.id, private.rounds.chain.block_number() + 1) not in TIMED:
        raise ProtocolError(
            f"the phases of round {found.id} are over, and what was revealed stands",
            mend="end it with `loranchor round close`",
        )
    return private.rounds.abandon_round(found.id, leaf_salt())
