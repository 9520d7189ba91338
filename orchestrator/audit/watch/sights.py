"""From what was read to what the rules take."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.audit.evidence import PrivateSide, PublicSide, Side
from orchestrator.audit.membership import Membership
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.watch.observation import ChainSeen, Mark, Owed, PrivateSeen, PublicSeen, Roll
from orchestrator.audit.watch.outside import paid
from orchestrator.audit.watch.sides import Glance
from orchestrator.ledger.revocations import receipts_missing
from orchestrator.types import ZERO_DIGEST, OrganisationId


def public_seen(glance: Glance[PublicSide]) -> PublicSeen:
    """The public chain, for the rules."""
    side = glance.side
    heads = {item.sequence: item.head for item in side.anchored}
    anchored_at = glance.times[side.anchored[-1].place.block] if side.anchored else 0
    return PublicSeen(_chain(glance), _roll(side), heads, anchored_at, side.supply, paid(side))


def private_seen(glance: Glance[PrivateSide], own: Recomputed) -> PrivateSeen:
    """The private chain, for the rules."""
    due = {item.sequence: glance.times[item.block] for item in glance.side.due or ()}
    differing = tuple(_differing(own.public_membership, own.private_membership))
    return PrivateSeen(_chain(glance), _roll(glance.side), due, tuple(_owed(glance.side, own)), differing)


def _chain(glance: Glance[PublicSide] | Glance[PrivateSide]) -> ChainSeen:
    return ChainSeen(Mark(glance.block.number, glance.block.hash), glance.block.timestamp, glance.gone)


def _roll(side: Side) -> Roll:
    facts = side.consortium
    if facts is None:
        return Roll(0, 0, ZERO_DIGEST, ())
    names = tuple(member.organisation for member in facts.members)
    return Roll(facts.epoch, facts.quorum, facts.consortium_digest, names)


def _differing(public: Membership, private: Membership) -> Iterator[OrganisationId]:
    for name, seat in public.last.seats.items():
        other = private.last.seats.get(name)
        if other is not None and other.delegate != seat.delegate:
            yield name


def _owed(side: PrivateSide, own: Recomputed) -> Iterator[Owed]:
    steps = _step_blocks(side)
    for revocation in own.state.revocations.values():
        if not steps or revocation.certified is None or revocation.shredded:
            continue
        missing = receipts_missing(own.state, revocation)
        if missing:
            yield Owed(revocation.id, revocation.certified.block + steps, missing)


def _step_blocks(side: PrivateSide) -> int:
    """How many blocks a step of a revocation may take: the last argument of the contract's constructor, for ever.

    The check of the contracts compares it with the transaction that deployed the contract. 0 where nothing is told.
    """
    record = side.deployment.contracts.get("RevocationLedger")
    arguments = () if record is None else record.constructor_arguments
    return int(arguments[-1]) if arguments else 0
