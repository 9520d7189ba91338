"""The private chain's records as this node has read them, with the tree over them and what follows from both."""

from __future__ import annotations

from orchestrator.errors import ProtocolError
from orchestrator.ledger.awards import awards_tree
from orchestrator.ledger.checkpoint import Checkpoint, CheckpointContent, content_at
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.entities import Due, LedgerState
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.records import Record
from orchestrator.ledger.view import anchored_manifest, awards_of, state_at, up_to
from orchestrator.ledger.words import hex_word
from orchestrator.types import ZERO_DIGEST, Digest


class History:
    """Records in order, and their RFC 6962 tree. Appending costs O(log n)."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.tree = MerkleTree()

    def append(self, record: Record) -> None:
        """Take the next record."""
        self.records.append(record)
        self.tree.append(record.leaf_data)

    def cut(self, block: int) -> None:
        """Forget what was read of later blocks than that."""
        self.records = list(up_to(self.records, block))
        self.tree = MerkleTree(record.leaf_data for record in self.records)

    def state_at(self, block: int, latest: LedgerState) -> LedgerState:
        """The state at the end of ``block``; replays only where ``latest`` is past it."""
        if latest.position is None or latest.position.block <= block:
            return latest
        return state_at(self.records, block)

    def content(self, due: Due, latest: LedgerState, block_hash: Digest, tasks: Tasks) -> CheckpointContent:
        """What the checkpoint that fell due says of the private chain."""
        state = self.state_at(due.block, latest)
        if state.chain_id is None:
            raise ProtocolError(f"checkpoint {due.sequence} is due before the first record")
        listed, manifest = awards_of(state, due, tasks), anchored_manifest(state, tasks)
        return content_at(
            due.sequence,
            self.tree,
            size=len(up_to(self.records, due.block)),
            chain_id=state.chain_id,
            block=due.block,
            block_hash=block_hash,
            manifest_digest=ZERO_DIGEST if manifest is None else manifest.digest,
            awards_root=awards_tree(due.sequence, listed).root if listed else ZERO_DIGEST,
        )

    def extends(self, checkpoint: Checkpoint) -> bool:
        """Whether this node's tree has the one of an earlier checkpoint as its beginning."""
        size = checkpoint.tree_size
        return size <= self.tree.size and hex_word(self.tree.root(size)) == checkpoint.records_root
