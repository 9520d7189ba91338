"""How a masked round goes, as pure functions of the private records (decision 109): who counts, and what is next.

Everything happens in the round's ``Submit`` phase. Its length is cut into parts; each ends at its last block, or in the
block in which the last member did what the part asks for. Objects are artefacts with the round as subject; of a member
and kind only the first one is looked at, and it counts from when a quorum has agreed on it: by then a quorum has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from orchestrator.ledger.awards import Award, accounts_of
from orchestrator.ledger.entities import Artefact, LedgerState, Round
from orchestrator.ledger.ids import round_subject
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import MILLION, Address, ArtefactId, OrganisationId, UpdateId

KEYS, SHARES, MASKED, REVEAL = "secagg-keys", "secagg-shares", "secagg-masked", "secagg-reveal"
POLICY = "secagg"
"""The privacy policy whose rounds go like this."""
KINDS = (KEYS, SHARES, MASKED, REVEAL)
"""What the ``ArtefactRegistry`` calls the objects."""

LEAST_OWNERS = 3
"""Of a sum of two each owner, taking its own away, would see the other's update."""

CARRIERS = 2
"""How many survivors submit the sum at the least: one alone could spoil it. One of them is accepted."""
PATIENCE = 6
"""Blocks that carriers have before one more survivor is a carrier, too."""
LEAST_SUBMIT = 8 * PATIENCE
"""Blocks of the phase: in a shorter one no more carriers could come."""

Names = tuple[OrganisationId, ...]


class Part(StrEnum):
    """The parts of the phase, in order."""

    DEAL = "deal"
    SEND = "send"
    REVEAL = "reveal"
    SUM = "sum"


EIGHTHS = {Part.DEAL: 2, Part.SEND: 6, Part.REVEAL: 7, Part.SUM: 8}
"""How much of the phase is over when a part is. Training is in the longest."""


class Act(StrEnum):
    """What a member does next."""

    ANNOUNCE = "announce"
    DEAL = "deal"
    CHECK = "check"
    SEND = "send"
    REVEAL = "reveal"
    SUBMIT = "submit"
    PASS = "pass"


class Step(NamedTuple):
    """An act; ``artefact`` is what is to be checked."""

    act: Act
    artefact: ArtefactId | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """How far a round is.

    Attributes:
        part: that an action in the block in question meets. ends: last block of each part that is over, or under way.
        dealers: whose keys and shares count. survivors: whose masked updates count. holders: who has revealed.
        broken: why the round can add nothing any more; empty while it can.
    """

    part: Part
    ends: Mapping[Part, int]
    dealers: Names
    survivors: Names
    holders: Names
    broken: str = ""


def is_masked(task: TaskSpec) -> bool:
    """Whether the rounds of a task are masked ones."""
    return POLICY in task.privacy.names


def course(state: LedgerState, found: Round, block: int) -> Course:
    """How far a round is for whoever acts in ``block``. Lists of parts that are not over may still grow."""
    objects = objects_of(state, found)
    everybody = tuple(sorted(found.members))
    ends: dict[Part, int] = {}
    ends[Part.DEAL] = _end(
        found, Part.DEAL, [_agreed(objects, kind, name) for name in everybody for kind in (KEYS, SHARES)]
    )
    dealers = tuple(
        name for name in everybody if all(_in_time(objects, kind, name, ends[Part.DEAL]) for kind in (KEYS, SHARES))
    )
    after_deal = {key: item for key, item in objects.items() if item.proposed.block > ends[Part.DEAL]}
    ends[Part.SEND] = _end(found, Part.SEND, [_agreed(after_deal, MASKED, name) for name in dealers])
    survivors = tuple(name for name in dealers if _in_time(after_deal, MASKED, name, ends[Part.SEND]))
    reveals = {
        name: objects[REVEAL, name].proposed.block
        for name in everybody
        if (REVEAL, name) in objects and objects[REVEAL, name].proposed.block > ends[Part.SEND]
    }
    ends[Part.REVEAL] = _end(found, Part.REVEAL, [reveals.get(name) for name in everybody])
    holders = tuple(name for name in everybody if reveals.get(name, ends[Part.REVEAL] + 1) <= ends[Part.REVEAL])
    ends[Part.SUM] = _planned(found, Part.SUM)
    part = next((item for item in Part if block <= ends[item]), Part.SUM)
    return Course(part, ends, dealers, survivors, holders, _broken(found, part, dealers, survivors, holders))


def steps(state: LedgerState, found: Round, me: OrganisationId, block: int) -> Iterator[Step]:
    """What a member does in ``block``: nothing twice, and nothing in a part that it does not belong to."""
    submitted = frozenset(state.updates[item].organisation for item in found.submissions)
    if me not in found.members or me in found.passed or me in submitted:
        return
    now = course(state, found, block)
    if now.broken:
        yield Step(Act.PASS)
        return
    objects = objects_of(state, found)
    match now.part:
        case Part.DEAL:
            yield from (
                Step(act) for kind, act in ((KEYS, Act.ANNOUNCE), (SHARES, Act.DEAL)) if (kind, me) not in objects
            )
            yield from _checks(objects, me, (KEYS, SHARES), tuple(found.members))
        case Part.SEND:
            if me in now.dealers and (MASKED, me) not in objects:
                yield Step(Act.SEND)
            yield from _checks(objects, me, (MASKED,), now.dealers)
        case Part.REVEAL:
            if (REVEAL, me) not in objects:
                yield Step(Act.REVEAL)
        case Part.SUM:
            yield from _sum(found, now, me, block, submitted)


def carriers(found: Round, survivors: Names) -> Names:
    """Survivors in the order in which they are to submit the sum; another begins in each round."""
    start = found.id % len(survivors)
    return survivors[start:] + survivors[:start]


def least_carriers(found: Round) -> int:
    """How many of them submit in any case: one more than a quorum can do without."""
    return max(CARRIERS, len(found.members) - found.quorum + 1)


def weight_cap(owners: Names) -> int:
    """The verdicts' weight cap, millionths, that makes a mean out of the sum of so many."""
    return MILLION // len(owners)


def chosen(found: Round, right: frozenset[UpdateId]) -> UpdateId | None:
    """Which submission of a round is accepted: the first that is the sum, to the bit. The others are copies of it."""
    return next((item for item in found.submissions if item in right), None)


def shared_awards(
    state: LedgerState,
    found: Round,
    per_round: int,
    update_id: UpdateId,
    owners: Names,
    accounts: Mapping[OrganisationId, Address] | None = None,
) -> tuple[Award, ...]:
    """What a closed round pays: equal parts to the owners that revealed their verdicts, in the order of their names.

    Amounts are rounded down; the part of an owner that revealed nothing is paid to nobody, as in other rounds.
    """
    paid_to = accounts_of(found) if accounts is None else accounts
    paid = [name for name in owners if name in found.revealed] if per_round >= len(owners) else []
    return tuple(Award(index, update_id, paid_to[name], per_round // len(owners)) for index, name in enumerate(paid))


def _sum(
    found: Round, now: Course, me: OrganisationId, block: int, submitted: frozenset[OrganisationId]
) -> Iterator[Step]:
    """A carrier submits whatever others did; what somebody submits who is none lets nobody pass."""
    least = least_carriers(found)
    more = (block - now.ends[Part.REVEAL] - 1) // PATIENCE
    current = carriers(found, now.survivors)[: least + more]
    if me in current[:least]:
        yield Step(Act.SUBMIT)
    elif len(submitted.intersection(current)) >= least:
        yield Step(Act.PASS)
    elif me in current:
        yield Step(Act.SUBMIT)


def _checks(
    objects: Mapping[tuple[str, OrganisationId], Artefact],
    me: OrganisationId,
    kinds: Names | tuple[str, ...],
    of: Names,
) -> Iterator[Step]:
    """Others' objects on which this member has not said its word."""
    for (kind, owner), item in sorted(objects.items()):
        if kind in kinds and owner in of and owner != me and me not in item.endorsements and me not in item.disputes:
            yield Step(Act.CHECK, item.id)


def objects_of(state: LedgerState, found: Round) -> dict[tuple[str, OrganisationId], Artefact]:
    """The first object of each kind and member that names the round, since it was opened."""
    first: dict[tuple[str, OrganisationId], Artefact] = {}
    for item in sorted(state.artefacts.values(), key=lambda item: item.proposed):
        known = item.kind in KINDS and item.organisation in found.members
        if known and item.subject == round_subject(found.id) and item.proposed > found.opened:
            first.setdefault((item.kind, item.organisation), item)
    return first


def _planned(found: Round, part: Part) -> int:
    return found.opened.block + found.opening.submit_blocks * EIGHTHS[part] // 8


def _end(found: Round, part: Part, done: list[int | None]) -> int:
    """The last block of a part: planned, or when everybody was through."""
    known = [block for block in done if block is not None]
    planned = _planned(found, part)
    return min(planned, max(known)) if known and len(known) == len(done) else planned


def _agreed(objects: Mapping[tuple[str, OrganisationId], Artefact], kind: str, name: OrganisationId) -> int | None:
    item = objects.get((kind, name))
    return item.agreed.block if item is not None and item.agreed is not None else None


def _in_time(objects: Mapping[tuple[str, OrganisationId], Artefact], kind: str, name: OrganisationId, end: int) -> bool:
    block = _agreed(objects, kind, name)
    return block is not None and block <= end


def _broken(found: Round, part: Part, dealers: Names, survivors: Names, holders: Names) -> str:
    told = (
        (Part.DEAL, dealers, "have dealt"),
        (Part.SEND, survivors, "have sent"),
        (Part.REVEAL, holders, "have revealed"),
    )
    for over, names, what in told:
        if part is over:
            return ""
        if len(names) < (least := max(found.quorum, LEAST_OWNERS)):
            return f"{len(names)} members {what}, {least} must"
    return ""
