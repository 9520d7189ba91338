"""Reads both chains from where it left off, and tells the machine what it finds, in the chains' order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.public_events import AwardClaim, AwardsPublication, ObjectionRaised, read_anchored, read_awards
from orchestrator.chain.reader import read_attestations, read_records
from orchestrator.chain.structs import Stage
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol import events as ev
from orchestrator.types import RequestId

OwnAwards = Callable[[int], tuple[int, ...]]
"""Gives this member's award indices of a checkpoint."""


class Listener:
    """A cursor on each chain. Forgets nothing it was told: a fact is read once.

    Args:
        private, public: contracts; reading starts at their deployment.
    """

    def __init__(self, private: PrivateContracts, public: PublicContracts) -> None:
        self._private, self._public = private, public
        self._private_next = private.deployment.first_block
        self._public_next = public.deployment.first_block
        self._step_blocks = 0  # asked for when it matters; never 0, and it never changes

    def private_facts(self, ledger: LedgerState) -> Iterator[ev.RecordSeen | ev.AttestationSeen]:
        """Records and attestations since the last call, in (block, log index) order.

        Raises:
            ChainError: the node is down or contradicts itself; nothing is passed over then.
        """
        chain, first = self._private.rounds.chain, self._private_next
        self.private_head = chain.block_number() - chain.finality_depth
        if self.private_head < first:
            return
        placed: list[tuple[tuple[int, int], ev.RecordSeen | ev.AttestationSeen]] = [
            ((record.block, record.log_index), ev.RecordSeen(record))
            for record in read_records(chain, self._private, first, self.private_head, members=ledger.members)
        ]
        placed += [
            (
                (found.block, found.log_index),
                ev.AttestationSeen(found.sequence, found.organisation, found.head, found.signature),
            )
            for found in read_attestations(chain, self._private, first, self.private_head)
        ]
        self._private_next = self.private_head + 1
        for _, event in sorted(placed, key=lambda item: item[0]):
            yield event

    def public_facts(self, own_awards: OwnAwards) -> Iterator[ev.Event]:
        """Checkpoints and awards since the last call.

        Args:
            own_awards: gives this member's award indices of a sequence.

        Raises:
            ChainError: a node is down, or the private one has not come as far; nothing is passed over then.
        """
        chain, first = self._public.anchor.chain, self._public_next
        self.public_head = chain.block_number() - chain.finality_depth
        if self.public_head < first:
            return
        facts: list[ev.Event] = [
            ev.CheckpointAnchoredSeen(found.checkpoint, found.head)
            for found in read_anchored(chain, self._public, first, self.public_head)
        ]
        for event in read_awards(chain, self._public, first, self.public_head):
            if isinstance(event, AwardsPublication | ObjectionRaised):
                vested = self._public.awards.vested_from(event.sequence)
                facts.append(ev.AwardsPublishedSeen(event.sequence, vested, own_awards(event.sequence)))
            elif isinstance(event, AwardClaim):
                facts.append(ev.AwardClaimedSeen(event.sequence, event.index))
        self._public_next = self.public_head + 1
        yield from facts

    def heads(self, ledger: LedgerState) -> ev.BlockSeen:
        """The heads that the facts reach up to, and what the contracts counted by blocks then: no later."""
        clock = None
        if ledger.open_round is not None:
            rounds, number, block = self._private.rounds, ledger.open_round, self.private_head
            phase = rounds.phase_of(number, block=block).name.lower()
            clock = ev.RoundClock(number, phase, rounds.deadline_of(number, block=block))
        verified, lapsed = frozenset(self._verified(ledger)), frozenset(self._lapsed(ledger))
        return ev.BlockSeen(self.private_head, self.public_head, clock, verified, lapsed)

    def _verified(self, ledger: LedgerState) -> Iterator[RequestId]:
        for revocation in ledger.revocations.values():
            pending = revocation.replacement is not None and revocation.certificate is None
            stage = (
                self._private.revocations.stage_of(revocation.id, block=self.private_head) if pending else Stage.NONE
            )
            if stage >= Stage.VERIFIED:
                yield revocation.id

    def _lapsed(self, ledger: LedgerState) -> Iterator[RequestId]:
        """Requests that the next block is too late to approve."""
        waiting = [item for item in ledger.revocations.values() if item.approved is None]
        if waiting and not self._step_blocks:
            self._step_blocks = self._private.revocations.step_blocks()
        for revocation in waiting:
            if self.private_head >= revocation.requested.block + self._step_blocks:
                yield revocation.id
