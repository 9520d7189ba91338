"""What the public chain says of checkpoints: which are anchored, and whose equivocation is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.chain.codec import event_values
from orchestrator.chain.contracts import PublicContracts
from orchestrator.chain.logs import read_logs
from orchestrator.chain.public_events import Anchored, read_anchored
from orchestrator.commitment.checkpoints import GENESIS_HEAD
from orchestrator.errors import ProtocolError
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.types import Digest, OrganisationId


@dataclass(frozen=True)
class AnchorView:
    """Anchored checkpoints in order, as of one block of the public chain."""

    anchored: tuple[Anchored, ...]
    block: int

    @property
    def last(self) -> Checkpoint:
        """The preimage of the head; the all-zero one before the first."""
        return self.anchored[-1].checkpoint if self.anchored else GENESIS

    @property
    def head(self) -> Digest:
        return self.anchored[-1].head if self.anchored else GENESIS_HEAD

    def get(self, sequence: int) -> Anchored | None:
        return self.anchored[sequence - 1] if 0 < sequence <= len(self.anchored) else None

    def since(self, sequence: int) -> Sequence[Checkpoint]:
        """That checkpoint and all later ones.

        Raises:
            ProtocolError: it is not anchored.
        """
        if self.get(sequence) is None:
            raise ProtocolError(
                f"checkpoint {sequence} is not anchored; the last one is {len(self.anchored)}",
                mend="see `loranchor checkpoint status`",
            )
        return [item.checkpoint for item in self.anchored[sequence - 1 :]]


def anchor_view(public: PublicContracts, *, block: int | None = None) -> AnchorView:
    """Read the anchored checkpoints.

    Args:
        block: up to this one instead of the newest final one, as after an own transaction.

    Raises:
        ChainError: the public chain is down. ProtocolError: its events have a gap.
    """
    chain = public.anchor.chain
    last = chain.block_number() - chain.finality_depth if block is None else block
    anchored = tuple(read_anchored(chain, public, public.deployment.first_block, last))
    if [item.sequence for item in anchored] != list(range(1, len(anchored) + 1)):
        raise ProtocolError("the node gave the anchored checkpoints out of order or with a gap", mend="ask another")
    return AnchorView(anchored, last)


@dataclass(frozen=True, slots=True)
class Proven:
    """``EquivocationProven``: for ever on the public chain's record."""

    sequence: int
    organisation: OrganisationId
    head_a: Digest
    head_b: Digest
    block: int
    transaction: Digest


def proven_equivocations(public: PublicContracts, *, block: int | None = None) -> tuple[Proven, ...]:
    """Everything that was proven so far, in order."""
    anchor, chain = public.anchor, public.anchor.chain
    last = chain.block_number() - chain.finality_depth if block is None else block
    topic = anchor.artifact.topic("EquivocationProven")
    return tuple(
        Proven(
            **event_values(anchor.artifact.events[topic], log.topics, log.data),
            block=log.block,
            transaction=log.transaction,
        )
        for logs in read_logs(chain, [anchor.address], public.deployment.first_block, last, [topic])
        for log in logs
    )
