"""Does every anchored checkpoint follow from the private chain, and do they form one chain up to the head?"""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.chain.public_events import Anchored
from orchestrator.commitment.checkpoints import GENESIS_HEAD, head_of
from orchestrator.ledger.checkpoint import CheckpointContent
from orchestrator.ledger.merkle import verify_consistency
from orchestrator.types import Digest


def check_checkpoints(own: Recomputed, tally: Tally) -> None:
    public = own.evidence.public
    head = GENESIS_HEAD
    for sequence, anchored in enumerate(public.anchored, start=1):
        head = _check_link(anchored, sequence, head, tally)
        _check_content(own, anchored, tally)
        _check_epoch(own, anchored, tally)
    tally.same("CheckpointAnchor", "its head", public.head, head)
    _check_consistency(own, tally)
    for sequence in sorted(own.points.keys() - {item.sequence for item in public.anchored}):
        due = own.points[sequence].due
        tally.note(f"checkpoint {sequence} is due since private block {due.block} and not anchored yet")
    tally.note(f"checkpoints: {len(public.anchored)}, chained up to head {head[:18]}…")


def _check_link(anchored: Anchored, sequence: int, head: Digest, tally: Tally) -> Digest:
    where, made = f"checkpoint {anchored.sequence}", head_of(anchored.checkpoint)
    tally.same(where, "its place in the order of anchoring", anchored.sequence, sequence)
    tally.same(where, "its own sequence", anchored.checkpoint.sequence, anchored.sequence)
    tally.same(where, "the manifest digest of the event", anchored.manifest_digest, anchored.checkpoint.manifest_digest)
    tally.same(where, "the head of the event", anchored.head, made)
    tally.same(where, "its previous head", anchored.checkpoint.previous_head, head)
    return made


def _check_content(own: Recomputed, anchored: Anchored, tally: Tally) -> None:
    where = f"checkpoint {anchored.sequence}"
    point = own.points.get(anchored.sequence)
    if point is None:
        tally.demand(False, where, f"the private chain has not made it due{_because(own)}")
        return
    if point.content is None:
        tally.demand(False, where, f"it cannot be recomputed: {point.problem}")
        return
    for item in fields(CheckpointContent):
        found, expected = getattr(anchored.checkpoint, item.name), getattr(point.content, item.name)
        tally.same(where, item.name, found, expected)


def _check_epoch(own: Recomputed, anchored: Anchored, tally: Tally) -> None:
    where, number = f"checkpoint {anchored.sequence}", anchored.checkpoint.epoch
    epoch = own.public_membership.epochs.get(number)
    if tally.demand(epoch is not None, where, f"the public chain has no epoch {number}"):
        assert epoch is not None
        expected = epoch.members.consortium_digest
        tally.same(where, "consortium_digest", anchored.checkpoint.consortium_digest, expected)


def _check_consistency(own: Recomputed, tally: Tally) -> None:
    """RFC 6962: each anchored tree begins with the one before it."""
    for earlier, later in pairwise(item.checkpoint for item in own.evidence.public.anchored):
        where, size = f"checkpoints {earlier.sequence} and {later.sequence}", own.tree.size
        if not tally.demand(earlier.tree_size <= later.tree_size, where, "the later tree is smaller"):
            continue
        if not tally.demand(later.tree_size <= size, where, f"there are only {size} records{_because(own)}"):
            continue
        proof = own.tree.consistency_proof(earlier.tree_size, later.tree_size)
        roots = bytes.fromhex(earlier.records_root[2:]), bytes.fromhex(later.records_root[2:])
        extends = verify_consistency(earlier.tree_size, later.tree_size, *roots, proof)
        tally.demand(extends, where, "the later tree of records does not extend the earlier one")


def _because(own: Recomputed) -> str:
    return f" ({own.contradiction})" if own.contradiction else ""
