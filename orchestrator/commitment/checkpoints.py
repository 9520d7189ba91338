"""Heads of the anchored chain of checkpoints, and what a member signs for one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from eth_hash.auto import keccak

from orchestrator.commitment.eip712 import anchor_domain, number, struct_hash
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.ledger.words import hex_word, word
from orchestrator.types import Address, Digest

CHECKPOINT_TYPE = (
    "Checkpoint(uint64 sequence,bytes32 previousHead,bytes32 recordsRoot,uint64 treeSize,uint256 privateChainId,"
    "uint64 privateBlock,bytes32 privateBlockHash,bytes32 manifestDigest,bytes32 awardsRoot,bytes32 consortiumDigest,"
    "uint64 epoch)"
)


def checkpoint_hash(checkpoint: Checkpoint) -> bytes:
    """EIP-712 struct hash, which is the head once the checkpoint is anchored."""
    return struct_hash(CHECKPOINT_TYPE, *_fields(checkpoint))


def _fields(checkpoint: Checkpoint) -> tuple[bytes, ...]:
    """Each field as 32 bytes, in the order of the contract's struct."""
    return (
        number(checkpoint.sequence, 64),
        word(checkpoint.previous_head),
        word(checkpoint.records_root),
        number(checkpoint.tree_size, 64),
        number(checkpoint.private_chain_id),
        number(checkpoint.private_block, 64),
        word(checkpoint.private_block_hash),
        word(checkpoint.manifest_digest),
        word(checkpoint.awards_root),
        word(checkpoint.consortium_digest),
        number(checkpoint.epoch, 64),
    )


def head_of(checkpoint: Checkpoint) -> Digest:
    """The head that this checkpoint makes."""
    return hex_word(checkpoint_hash(checkpoint))


GENESIS_HEAD = head_of(GENESIS)
"""The head of an anchor that holds no checkpoint yet."""


def checkpoint_content_digest(checkpoint: Checkpoint) -> Digest:
    """What a sequence number stands for, as the contract hashes it: all but previous head, epoch and consortium digest.

    Two of these for one sequence, signed by one organisation, prove equivocation. The previous head does not count,
    because it changes when an earlier checkpoint is signed again for a newer epoch (docs/decisions/0013).
    """
    sequence, _previous_head, *content = _fields(checkpoint)[:-2]
    return hex_word(keccak(b"".join([sequence, *content])))


def checkpoint_digest(checkpoint: Checkpoint, chain_id: int, anchor: Address) -> bytes:
    """The 32 bytes that a delegate signs for the public chain's ``CheckpointAnchor``."""
    return anchor_domain(chain_id, anchor).digest(checkpoint_hash(checkpoint))


def leads_to(chain: Sequence[Checkpoint], head: Digest) -> bool:
    """Whether each checkpoint names the one before it as its previous head, and the last one makes ``head``."""
    linked = all(head_of(before) == after.previous_head for before, after in pairwise(chain))
    return bool(chain) and linked and head_of(chain[-1]) == head
