"""The awards of each checkpoint: what the public chain says of them, beside what the records give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from orchestrator.chain.contracts import PublicContracts
from orchestrator.chain.public_events import (
    AwardClaim,
    AwardEvent,
    AwardsRootReplaced,
    AwardVoided,
    ObjectionRaised,
    read_awards,
)
from orchestrator.chain.structs import Publication
from orchestrator.disputes.anchored import AnchorView, anchor_view
from orchestrator.disputes.awards_list import AwardList
from orchestrator.disputes.recount import Point, Recount
from orchestrator.errors import ProtocolError
from orchestrator.types import ZERO_DIGEST, Digest


class Stand(StrEnum):
    """How far the awards of a checkpoint have come."""

    NOT_ANCHORED = "not anchored"
    NOTHING = "nothing awarded"
    UNPUBLISHED = "not published"
    WINDOW = "objections are open"
    VESTING = "vesting"
    PAYABLE = "payable"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Sheet:
    """The awards of one checkpoint.

    Attributes:
        anchored_root: None while the checkpoint is not anchored.
        recomputed: as the records give it; None where ``problem`` says why it could not be recomputed.
        publication, vested_from: None before the publication. objections, replacements, claims: as they happened.
        voided: indices void under the present root.
        listed: the list whose root is on chain; None where it is not known here.
        differences: what does not agree, a sentence each.
    """

    sequence: int
    subject: str
    stand: Stand
    anchored_root: Digest | None
    recomputed: AwardList | None
    problem: str
    publication: Publication | None
    vested_from: int | None
    objections: tuple[ObjectionRaised, ...]
    replacements: tuple[AwardsRootReplaced, ...]
    claims: tuple[AwardClaim, ...]
    voided: tuple[int, ...]
    listed: AwardList | None
    differences: tuple[str, ...]

    @property
    def claimed_indices(self) -> frozenset[int]:
        return frozenset(claim.index for claim in self.claims)

    @property
    def spent(self) -> frozenset[int]:
        return self.claimed_indices | frozenset(self.voided)


@dataclass(frozen=True)
class Book:
    """All sheets, as of one block of the public chain.

    Attributes:
        cap: of later publications. supply: of the token. paid: the sum of all claims, which the supply must equal.
    """

    block: int
    sheets: Mapping[int, Sheet]
    cap: int
    supply: int
    paid: int

    def sheet(self, sequence: int) -> Sheet:
        """ProtocolError where there is no such checkpoint."""
        if sequence not in self.sheets:
            raise ProtocolError(
                f"there is no checkpoint {sequence}; the last one is {len(self.sheets)}",
                mend="see `loranchor award show`",
            )
        return self.sheets[sequence]

    @property
    def differences(self) -> tuple[str, ...]:
        found = [f"checkpoint {sheet.sequence}: {item}" for sheet in self.sheets.values() for item in sheet.differences]
        if self.supply != self.paid:
            found.append(f"the token's supply is {self.supply}, but the claims sum to {self.paid}")
        return tuple(found)


def book_of(public: PublicContracts, recount: Recount | None, why: str = "", agreed: Sequence[AwardList] = ()) -> Book:
    """Read the distributor and compare.

    Args:
        recount: None where the private chain could not be read, and ``why``.
        agreed: lists that authorities put in place, for their checkpoints.

    Raises:
        ChainError: the public chain is down.
    """
    chain = public.awards.chain
    block = chain.block_number()
    view = anchor_view(public, block=block)
    events = tuple(read_awards(chain, public, public.deployment.first_block, block))
    points: Mapping[int, Point] = {} if recount is None else recount.points
    sheets = {
        number: _Reading(public, view, events, points.get(number), why, agreed).sheet(number)
        for number in range(1, max(len(view.anchored), len(points)) + 1)
    }
    paid = sum(event.amount for event in events if isinstance(event, AwardClaim))
    return Book(block, sheets, public.awards.payout_cap(block=block), public.token.total_supply(block=block), paid)


@dataclass(frozen=True)
class _Reading:
    """What one sheet is made of."""

    public: PublicContracts
    view: AnchorView
    events: tuple[AwardEvent, ...]
    point: Point | None
    why: str
    agreed: Sequence[AwardList]

    def sheet(self, sequence: int) -> Sheet:
        anchored = self.view.get(sequence)
        anchored_root = None if anchored is None else anchored.checkpoint.awards_root
        recomputed, problem = self._recomputed(sequence)
        published = self.public.awards.publication(sequence, block=self.view.block)
        publication = published if published.claimable_from else None
        own = [event for event in self.events if event.sequence == sequence]
        lists = [item for item in (recomputed, *self.agreed) if item is not None and item.sequence == sequence]
        listed = next((item for item in lists if publication and item.root == publication.root), None)
        sheet = Sheet(
            sequence=sequence,
            subject="" if self.point is None else self.point.subject,
            stand=Stand.NOTHING,
            anchored_root=anchored_root,
            recomputed=recomputed,
            problem=problem,
            publication=publication,
            vested_from=self._vested_from(sequence) if publication else None,
            objections=tuple(event for event in own if isinstance(event, ObjectionRaised)),
            replacements=tuple(event for event in own if isinstance(event, AwardsRootReplaced)),
            claims=tuple(event for event in own if isinstance(event, AwardClaim)),
            voided=_voided(own, None if publication is None else publication.root, anchored_root),
            listed=listed,
            differences=(),
        )
        return replace(sheet, stand=_stand(sheet, self.view.block), differences=tuple(_differences(sheet)))

    def _vested_from(self, sequence: int) -> int:
        return self.public.awards.vested_from(sequence, block=self.view.block)

    def _recomputed(self, sequence: int) -> tuple[AwardList | None, str]:
        if self.point is None:
            return None, self.why or "the private chain has not made it due"
        if self.point.content is None:
            return None, str(self.point.problem)
        return AwardList(sequence, self.point.awards), ""


def _voided(events: Sequence[AwardEvent], root: Digest | None, anchored: Digest | None) -> tuple[int, ...]:
    """The contract keeps them by root, and the event does not name it: it is the root of that time."""
    now, found = anchored, set()
    for event in events:
        if isinstance(event, AwardsRootReplaced):
            now = event.current
        elif isinstance(event, AwardVoided) and now == root:
            found.add(event.index)
    return tuple(sorted(found))


def _stand(sheet: Sheet, block: int) -> Stand:
    if sheet.anchored_root is None:
        return Stand.NOT_ANCHORED
    if sheet.publication is None:
        return Stand.NOTHING if sheet.anchored_root == ZERO_DIGEST else Stand.UNPUBLISHED
    if block + 1 < sheet.publication.claimable_from:  # the next block is the first that can take anything
        return Stand.WINDOW
    if sheet.publication.root == ZERO_DIGEST:
        return Stand.WITHDRAWN
    if sheet.listed is not None and sheet.spent >= {award.index for award in sheet.listed.awards}:
        return Stand.SETTLED
    return Stand.PAYABLE if block + 1 >= (sheet.vested_from or 0) else Stand.VESTING


def _differences(sheet: Sheet) -> Iterator[str]:
    own = None if sheet.recomputed is None else sheet.recomputed.root
    root = None if sheet.publication is None else sheet.publication.root
    if own is not None and sheet.anchored_root not in (None, own):
        yield f"the anchored root {sheet.anchored_root} is not what the records give, {own}"
    if sheet.replacements and own not in (None, root):
        yield f"authorities put root {root} in place, which is not what the records give, {own}"
    if root is not None and not sheet.replacements and root != sheet.anchored_root:
        yield f"the published root {root} is not the anchored one, {sheet.anchored_root}"
    if sheet.publication is None:
        return
    if sheet.listed is not None and sheet.listed.total > sheet.publication.cap:
        yield f"the awards sum to {sheet.listed.total}, more than the cap of {sheet.publication.cap}"
    paid = sum(claim.amount for claim in sheet.claims)
    if paid != sheet.publication.claimed:
        yield f"the contract counts {sheet.publication.claimed} as paid, its events {paid}"
    for claim in sheet.claims:
        award = None if sheet.listed is None else sheet.listed.get(claim.index)
        if sheet.listed is not None and (award is None or award.amount != claim.amount):
            yield f"award {claim.index} was paid {claim.amount}, which is not in the list"
