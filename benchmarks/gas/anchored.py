"""A growing chain of anchored checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.gas.keys import Key, signatures
from benchmarks.gas.node import PRIVATE_CHAIN, PUBLIC_CHAIN
from benchmarks.gas.world import STRANGER, World, digest
from orchestrator.chain.port import Receipt
from orchestrator.commitment.checkpoints import checkpoint_digest, head_of
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.types import Digest

AWARDS = digest("awards")
"""A round in service awards something: bytes that are not zero cost more."""


class Anchored:
    """What is anchored so far, first the all-zero checkpoint."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.checkpoints = [GENESIS]

    def next(self, awards_root: Digest = AWARDS, **changes: object) -> Checkpoint:
        """An honest next checkpoint, but for ``changes``."""
        last, consortium = self.checkpoints[-1], self.world.public["Consortium"]
        number = last.sequence + 1
        made = Checkpoint(
            sequence=number,
            previous_head=head_of(last),
            records_root=digest(f"records {number}"),
            tree_size=last.tree_size + 40,
            private_chain_id=PRIVATE_CHAIN,
            private_block=last.private_block + 60,
            private_block_hash=digest(f"block {number}"),
            manifest_digest=digest(f"manifest {number}"),
            awards_root=awards_root,
            consortium_digest=consortium.read("consortiumDigest"),
            epoch=consortium.read("epoch"),
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def signed(self, checkpoint: Checkpoint, keys: Sequence[Key]) -> list[bytes]:
        address = self.world.public["CheckpointAnchor"].address
        return signatures(keys, checkpoint_digest(checkpoint, PUBLIC_CHAIN, address))

    def anchor(self, following: Checkpoint | None = None, *, signers: int = 0, variant: str | None = None) -> Receipt:
        """Anchor the next checkpoint with the signatures of a quorum, or of the first ``signers`` members."""
        following = following or self.next()
        keys = self.world.delegates[: signers or self.world.quorum]
        terms = (self.checkpoints[-1], following, self.signed(following, keys))
        receipt = self.world.public["CheckpointAnchor"].send("anchor", *terms, sender=STRANGER, variant=variant)
        self.checkpoints.append(following)
        return receipt
