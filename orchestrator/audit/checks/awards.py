"""Do awards follow from the revealed scores, and was nothing paid that was not awarded?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.chain.public_events import (
    AwardClaim,
    AwardEvent,
    AwardsPublication,
    AwardsRootReplaced,
    AwardVoided,
    ObjectionRaised,
)
from orchestrator.ledger.awards import Award, award_leaf, awards_tree
from orchestrator.ledger.standard_tree import StandardMerkleTree, verify_standard_proof
from orchestrator.types import ZERO_DIGEST, Digest


def check_awards(own: Recomputed, tally: Tally) -> None:
    anchored = {item.sequence: item.checkpoint.awards_root for item in own.evidence.public.anchored}
    for sequence, root in anchored.items():
        point = own.points.get(sequence)
        if point is not None and point.content is not None:
            tally.same(f"awards of checkpoint {sequence}", "their anchored root", root, point.content.awards_root)
    listed = {sequence: point.awards for sequence, point in own.points.items()}
    follow_payments(own.evidence.public.awards, own.evidence.public.supply, listed, anchored, tally)


def follow_payments(
    events: Sequence[AwardEvent],
    supply: int,
    listed: Mapping[int, Sequence[Award]],
    anchored: Mapping[int, Digest],
    tally: Tally,
) -> None:
    """Compare what the distributor and the token did with what was awarded.

    Args:
        events: of the distributor, in order. supply: what the token says it has minted.
        listed: each checkpoint's awards, by sequence. anchored: their roots.
    """
    _Payments(events, supply, listed, anchored, tally).follow()


class _Payments:
    """Follows the distributor's events in their order."""

    def __init__(
        self,
        events: Sequence[AwardEvent],
        supply: int,
        listed: Mapping[int, Sequence[Award]],
        anchored: Mapping[int, Digest],
        tally: Tally,
    ) -> None:
        self._events, self._supply, self._listed = events, supply, listed
        self._anchored = anchored
        self._tally = tally
        self._roots: dict[int, Digest] = {}
        self._claimable: dict[int, int] = {}
        self._spent: set[tuple[int, Digest | None, int]] = set()
        self._paid = 0
        self._last: tuple[int, StandardMerkleTree] | None = None

    def follow(self) -> None:
        for event in self._events:
            where = f"awards of checkpoint {event.sequence}"
            match event:
                case AwardsPublication():
                    self._published(event, where)
                case ObjectionRaised():
                    self._claimable[event.sequence] = event.claimable_from
                    self._tally.note(f"{event.organisation} objected to the {where}: {event.reason}")
                case AwardsRootReplaced():
                    known = self._roots.get(event.sequence)
                    self._tally.same(where, "the root that was replaced", event.previous, known)
                    self._roots[event.sequence] = event.current
                    self._tally.note(f"a quorum of authorities replaced the root of the {where}")
                case AwardVoided():
                    self._spend(event.sequence, event.index, f"void award {event.index} of checkpoint {event.sequence}")
                case AwardClaim():
                    self._claimed(event)
        self._tally.same("ContributionToken", "its supply", self._supply, self._paid)
        self._pending()

    def _published(self, event: AwardsPublication, where: str) -> None:
        self._tally.demand(event.sequence not in self._roots, where, "they were published twice")
        self._tally.same(where, "the published root", event.root, self._anchored.get(event.sequence))
        self._roots[event.sequence] = event.root
        self._claimable[event.sequence] = event.claimable_from

    def _claimed(self, event: AwardClaim) -> None:
        where = f"claim {event.index} of checkpoint {event.sequence}"
        self._paid += event.amount
        self._spend(event.sequence, event.index, where)
        root = self._roots.get(event.sequence)
        if not self._tally.demand(root is not None, where, "no awards of that checkpoint were published"):
            return
        assert root is not None
        early = event.place.block < self._claimable[event.sequence]
        self._tally.demand(not early, where, f"it was paid before block {self._claimable[event.sequence]}")
        if root != self._anchored.get(event.sequence):
            self._tally.note(f"{where} is of a tree that authorities put in place; its leaves are not known here")
            return
        listed = self._listed.get(event.sequence, ())
        claim = Award(event.index, event.update_id, event.account, event.amount)
        expected = listed[event.index] if event.index < len(listed) else None
        if self._tally.same(where, "what was paid", claim, expected):
            proof = self._tree(event.sequence).proof(event.index)
            proven = verify_standard_proof(award_leaf(event.sequence, claim), proof, root)
            self._tally.demand(proven, where, "it is not under the published root")

    def _tree(self, sequence: int) -> StandardMerkleTree:
        """Claims of one checkpoint come together more often than not."""
        if self._last is None or self._last[0] != sequence:
            self._last = sequence, awards_tree(sequence, self._listed.get(sequence, ()))
        return self._last[1]

    def _spend(self, sequence: int, index: int, where: str) -> None:
        """Claimed or void under one root: an index under the root in its place is another award."""
        spent = (sequence, self._roots.get(sequence), index)
        self._tally.demand(spent not in self._spent, where, "it was claimed or voided before")
        self._spent.add(spent)

    def _pending(self) -> None:
        silent = [sequence for sequence, root in self._anchored.items() if root != ZERO_DIGEST]
        for sequence in silent:
            if sequence not in self._roots:
                self._tally.note(f"awards of checkpoint {sequence} are not published yet")
        awarded = sum(map(len, self._listed.values()))
        self._tally.note(f"awards: {awarded}, claimed or void: {len(self._spent)}, paid: {self._paid / 10**18:,.3f}")
