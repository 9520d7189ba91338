"""Anchoring: by signatures, and by how many updates stand behind the checkpoint."""

from __future__ import annotations

from typing import Any

from benchmarks.gas.anchored import Anchored
from benchmarks.gas.meter import Meter
from benchmarks.gas.world import STRANGER, consortium, digest, organisation
from orchestrator.ledger.manifest import Entry, Manifest
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.words import hex_word
from orchestrator.types import UpdateId

WEIGHT_SUM = 1 << 32


def by_signatures(signatures: int) -> dict[str, Any]:
    """The consortium is the smallest in which that many signatures are a quorum."""
    meter, members = Meter(), max(2 * signatures - 1, 1)
    with consortium(members, meter) as world:
        anchored = Anchored(world)
        named = f"{signatures} signature{'s' if signatures > 1 else ''} of {members}"
        anchored.anchor(variant=f"the first ever, {named}")
        anchored.anchor(variant=named)
        if signatures > 1:
            _equivocate(anchored)
        return meter.figures()


def by_updates(updates: int) -> dict[str, Any]:
    """A records tree and a manifest of that many updates, three signatures."""
    meter = Meter()
    with consortium(3, meter) as world:
        anchored = Anchored(world)
        anchored.anchor()
        manifest = manifest_of(updates)
        tree = MerkleTree(entry.digest.encode() for entry in manifest.entries)
        following = anchored.next(
            records_root=hex_word(tree.root()),
            tree_size=anchored.checkpoints[-1].tree_size + tree.size,
            manifest_digest=manifest.digest,
        )
        anchored.anchor(following, signers=3, variant=f"3 signatures, {updates} update{'s' if updates > 1 else ''}")
        return meter.figures()


def manifest_of(updates: int) -> Manifest:
    """A manifest with that many contributions of ten organisations."""
    entries = tuple(
        Entry(
            round=1 + place // 10,
            organisation=organisation(place % 10),
            update_id=UpdateId(digest(f"update {place}")),
            ciphertext_digest=digest(f"ciphertext {place}"),
            content_commitment=digest(f"content {place}"),
            parent_manifest=digest(f"parent {place // 10}"),
            weight=WEIGHT_SUM // updates,
        )
        for place in range(updates)
    )
    return Manifest(digest("base"), digest("settings"), "stack", entries)


def _equivocate(anchored: Anchored) -> None:
    member = anchored.world.members[0]
    pair = [anchored.next(), anchored.next(records_root=digest("other records"))]
    signed = [anchored.signed(one, [member.delegate])[0] for one in pair]
    anchor = anchored.world.public["CheckpointAnchor"]
    anchor.send("proveEquivocation", *pair, *signed, sender=STRANGER, variant="")
