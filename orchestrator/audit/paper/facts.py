"""What happened, in plain figures: what the report tells beside the audit's verdicts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.audit.recomputed import Recomputed
from orchestrator.chain.public_events import AwardClaim
from orchestrator.errors import ProtocolError
from orchestrator.ledger.contributions import active_updates, live_contributions
from orchestrator.ledger.entities import Revocation, Round, RoundStatus
from orchestrator.ledger.revocations import receipts_missing
from orchestrator.types import OrganisationId, UpdateId


@dataclass(frozen=True, slots=True)
class RoundFact:
    """One round.

    Attributes:
        status: ``open``, ``closed`` or ``failed``. live: contributions that count. removed: that counted and were taken
            out. refused: updates that never counted.
    """

    id: int
    status: str
    live: int
    removed: int
    refused: int


@dataclass(frozen=True, slots=True)
class RevocationFact:
    """One request to take contributions out.

    Attributes:
        by: who asked. owners: whose contributions. mode: how the model changes.
        certified, shredded: whether it is certified, and whether every present member has said that it shredded.
        receipts, missing: members that have said so, and those that have not.
    """

    id: str
    by: str
    owners: tuple[str, ...]
    contributions: int
    mode: str
    approved: bool
    certified: bool
    shredded: bool
    receipts: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenFact:
    """One organisation's awards, in the token's smallest unit.

    Attributes:
        awarded: by scores, in anchored checkpoints. claimed: paid out.
    """

    organisation: str
    awarded: int
    claimed: int


@dataclass(frozen=True)
class Facts:
    """What the records and the public chain tell.

    Attributes:
        members: with ``quorum`` of them together. epoch: of the membership.
        due, anchored: checkpoints that the private chain has asked for, and that the public chain holds.
        equivocations: members that are proven to have signed two contents for one number.
    """

    members: tuple[str, ...]
    quorum: int
    epoch: int
    rounds: tuple[RoundFact, ...] = ()
    revocations: tuple[RevocationFact, ...] = ()
    tokens: tuple[TokenFact, ...] = ()
    due: int = 0
    anchored: int = 0
    equivocations: tuple[str, ...] = field(default_factory=tuple)


def facts_of(own: Recomputed) -> Facts:
    """The figures of one consortium, as the auditor has recomputed them."""
    seats = own.public_membership.last
    return Facts(
        members=tuple(seats.seats),
        quorum=seats.quorum,
        epoch=seats.epoch,
        rounds=tuple(_rounds(own)),
        revocations=tuple(_revocation(own, item) for item in own.state.revocations.values()),
        tokens=tuple(_tokens(own)),
        due=len(own.state.due),
        anchored=len(own.evidence.public.anchored),
        equivocations=tuple(sorted({name for _, name in own.evidence.public.equivocations})),
    )


def _rounds(own: Recomputed) -> Iterator[RoundFact]:
    live = _live(own)
    for found in own.state.rounds.values():
        active = set(active_updates(own.state, found.id)) if found.status is RoundStatus.CLOSED else set()
        kept = len(active & live)
        refused = 0 if found.status is RoundStatus.OPEN else len(_last_of_each(own, found)) - len(active)
        yield RoundFact(found.id, found.status.value, kept, len(active) - kept, refused)


def _live(own: Recomputed) -> set[UpdateId]:
    """Contributions that count now; where a task is missing, those that no certified request names."""
    try:
        return set(live_contributions(own.state, own.specs))
    except ProtocolError:
        named = {item for found in own.state.revocations.values() if found.effective for item in found.updates}
        return set(own.state.updates) - named


def _last_of_each(own: Recomputed, found: Round) -> list[UpdateId]:
    """Submissions without those that their owners replaced."""
    return [item for item in found.submissions if own.state.updates[item].replaced_by is None]


def _revocation(own: Recomputed, found: Revocation) -> RevocationFact:
    owners = sorted({own.state.updates[item].organisation for item in found.updates if item in own.state.updates})
    missing = receipts_missing(own.state, found) if found.certified is not None else ()
    return RevocationFact(
        id=found.id,
        by=found.organisation,
        owners=tuple(owners),
        contributions=len(found.updates),
        mode=found.mode.value,
        approved=found.approved is not None,
        certified=found.certified is not None,
        shredded=found.certified is not None and (found.shredded or not missing),
        receipts=tuple(sorted(found.receipts)),
        missing=tuple(sorted(missing)),
    )


def _tokens(own: Recomputed) -> Iterator[TokenFact]:
    """By who owned the contribution, which the private chain tells; accounts of the public chain name nobody."""
    awarded: dict[OrganisationId, int] = defaultdict(int)
    claimed: Counter[OrganisationId] = Counter()
    owners: Mapping[UpdateId, OrganisationId] = {item.id: item.organisation for item in own.state.updates.values()}
    anchored = {item.sequence for item in own.evidence.public.anchored}
    for sequence, point in own.points.items():
        for award in point.awards if sequence in anchored else ():
            awarded[owners[award.update_id]] += award.amount
    for event in own.evidence.public.awards:
        if isinstance(event, AwardClaim) and event.update_id in owners:
            claimed[owners[event.update_id]] += event.amount
    for name in sorted({*awarded, *claimed, *own.public_membership.last.seats}):
        yield TokenFact(name, awarded[OrganisationId(name)], claimed[OrganisationId(name)])
