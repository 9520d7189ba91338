"""The checkpoint: the private chain's state at one of its numbered points, as the public chain anchors it.

Its content is a function of the private chain at the block where it fell due. Only the previous head, and the epoch and
digest of the consortium, depend on the public side: the same content may be signed again for a newer epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import Document, check_format
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import hex_word
from orchestrator.types import ZERO_DIGEST, Digest

FORMAT = "loranchor/checkpoint"


@dataclass(frozen=True, slots=True)
class CheckpointContent:
    """What two honest members never differ in."""

    sequence: int
    records_root: Digest
    tree_size: int
    private_chain_id: int
    private_block: int
    private_block_hash: Digest
    manifest_digest: Digest
    awards_root: Digest

    def checkpoint(self, *, previous_head: Digest, consortium_digest: Digest, epoch: int) -> Checkpoint:
        """The checkpoint that a member signs."""
        own = {item.name: getattr(self, item.name) for item in fields(self)}
        return Checkpoint(previous_head=previous_head, consortium_digest=consortium_digest, epoch=epoch, **own)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All fields, in the order of the contract's struct."""

    sequence: int
    previous_head: Digest
    records_root: Digest
    tree_size: int
    private_chain_id: int
    private_block: int
    private_block_hash: Digest
    manifest_digest: Digest
    awards_root: Digest
    consortium_digest: Digest
    epoch: int

    @property
    def content(self) -> CheckpointContent:
        own = {item.name: getattr(self, item.name) for item in fields(CheckpointContent)}
        return CheckpointContent(**own)

    def document(self) -> Document:
        """The canonical object; the chain id is a decimal string, as all 256-bit numbers are."""
        own: Document = {item.name: getattr(self, item.name) for item in fields(self)}
        return {"format": FORMAT, "version": 1, **own, "private_chain_id": str(self.private_chain_id)}


GENESIS = Checkpoint(
    sequence=0,
    previous_head=ZERO_DIGEST,
    records_root=ZERO_DIGEST,
    tree_size=0,
    private_chain_id=0,
    private_block=0,
    private_block_hash=ZERO_DIGEST,
    manifest_digest=ZERO_DIGEST,
    awards_root=ZERO_DIGEST,
    consortium_digest=ZERO_DIGEST,
    epoch=0,
)
"""The all-zero checkpoint, whose hash is the first head."""

_NUMBERS = frozenset({"sequence", "tree_size", "private_block", "epoch"})


def checkpoint_from_document(document: dict[str, Any]) -> Checkpoint:
    """Reads what :meth:`Checkpoint.document` made; FormatError names a member that is missing, unknown or malformed."""
    check_format(document, format=FORMAT)
    reader = Reader(document, "checkpoint")
    values: dict[str, Any] = {}
    for item in fields(Checkpoint):
        if item.name == "private_chain_id":
            values[item.name] = reader.decimal(item.name)
        elif item.name in _NUMBERS:
            values[item.name] = reader.integer(item.name)
        else:
            values[item.name] = reader.digest(item.name)
    reader.end()
    return Checkpoint(**values)


def content_at(
    sequence: int,
    tree: MerkleTree,
    *,
    size: int,
    chain_id: int,
    block: int,
    block_hash: Digest,
    manifest_digest: Digest,
    awards_root: Digest,
) -> CheckpointContent:
    """The content of a checkpoint over the first ``size`` records."""
    if size > tree.size:
        raise FormatError(f"a checkpoint of {size} records over a tree of {tree.size}")
    return CheckpointContent(
        sequence=sequence,
        records_root=hex_word(tree.root(size)),
        tree_size=size,
        private_chain_id=chain_id,
        private_block=block,
        private_block_hash=block_hash,
        manifest_digest=manifest_digest,
        awards_root=awards_root,
    )
