"""Awards: publishing by distance from the head, disputes, claims of every kind, and the token."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmarks.gas.anchored import Anchored
from benchmarks.gas.keys import Key, signatures
from benchmarks.gas.meter import Meter
from benchmarks.gas.node import PUBLIC_CHAIN, mine
from benchmarks.gas.world import STRANGER, VESTING, WINDOW, World, consortium, digest
from orchestrator.commitment.eip712 import (
    award_void_digest,
    distributor_domain,
    payout_cap_digest,
    root_replacement_digest,
)
from orchestrator.ledger.awards import Award, awards_tree
from orchestrator.ledger.standard_tree import StandardMerkleTree
from orchestrator.types import Address, UpdateId

ETHER = 10**18
AMONG = 64
"""Awards in a tree, which is a proof of six words."""
HOLDERS = tuple(Key(f"holder {place}") for place in range(2))


def by_distance(checkpoints: int) -> dict[str, Any]:
    """Publish the awards of a checkpoint that the head is ``checkpoints`` − 1 away from."""
    meter = Meter()
    with consortium(3, meter) as world:
        anchored = Anchored(world)
        for _ in range(checkpoints):
            anchored.anchor(anchored.next(awards_root=digest("awards")))
        chain = anchored.checkpoints[-checkpoints:]
        variant = f"{checkpoints} checkpoint{'s' if checkpoints > 1 else ''} up to the head"
        world.public["AwardDistributor"].send("publish", chain, sender=STRANGER, variant=variant)
        return meter.figures()


def measure() -> dict[str, Any]:
    """Everything else that the distributor and the token do."""
    meter = Meter()
    with consortium(3, meter) as world:
        anchored = Anchored(world)
        listed = [_publish(anchored) for _ in range(4)]
        _dispute(world, *listed[3])
        mine(world.public["AwardDistributor"].chain.connection, 2 * WINDOW + VESTING)
        _claim(world, *listed[0], *listed[1])
        _batch(world, *listed[2])
        return meter.figures()


Published = tuple[list[dict[str, Any]], StandardMerkleTree]


def listed_awards(sequence: int, accounts: list[Address], count: int) -> Published:
    """``count`` awards to these accounts in turn, as the distributor takes them, and their tree."""
    awards = [
        Award(index, UpdateId(digest(f"update {sequence} {index}")), accounts[index % len(accounts)], ETHER + index)
        for index in range(count)
    ]
    rows = [{"sequence": sequence, **asdict(one)} for one in awards]
    return rows, awards_tree(sequence, awards)


def _publish(anchored: Anchored) -> Published:
    """Anchors, then publishes at once."""
    sequence = anchored.checkpoints[-1].sequence + 1
    rows, tree = listed_awards(sequence, [holder.address for holder in HOLDERS], AMONG)
    anchored.anchor(anchored.next(awards_root=tree.root))
    anchored.world.public["AwardDistributor"].send("publish", anchored.checkpoints[-1:], sender=STRANGER)
    return rows, tree


def _dispute(world: World, rows: list[dict[str, Any]], tree: StandardMerkleTree) -> None:
    """Objections, another root, voided awards, another cap; on the sequence of ``rows``."""
    distributor, sequence = world.public["AwardDistributor"], rows[0]["sequence"]
    domain = distributor_domain(PUBLIC_CHAIN, distributor.address)
    authorities = [member.authority for member in world.members[: world.quorum]]
    delegates = world.delegates[: world.quorum]
    for key, variant in zip(delegates, ("the first, which extends the window", "another member's"), strict=True):
        distributor.send("raiseObjection", sequence, "wrong-scores", sender=key, variant=variant)
    other = digest("another root")
    signed = signatures(authorities, root_replacement_digest(domain, sequence, tree.root, other))
    distributor.send("replaceRoot", sequence, other, signed, sender=STRANGER, variant="")
    for indices, variant in (([3], "one award"), (list(range(10, 20)), "10 awards")):
        signed = signatures(delegates, award_void_digest(domain, sequence, other, indices))
        distributor.send("voidAwards", sequence, indices, signed, sender=STRANGER, variant=variant)
    cap, nonce = distributor.read("payoutCap"), distributor.read("payoutCapNonce")
    signed = signatures(authorities, payout_cap_digest(domain, cap, cap // 2, nonce))
    distributor.send("setPayoutCap", cap // 2, signed, sender=STRANGER, variant="")


def _claim(
    world: World,
    rows: list[dict[str, Any]],
    tree: StandardMerkleTree,
    later: list[dict[str, Any]],
    later_tree: StandardMerkleTree,
) -> None:
    distributor, token = world.public["AwardDistributor"], world.public["ContributionToken"]
    chain = distributor.chain
    for place, variant in ((0, "the first ever"), (1, "the first of a holder"), (2, "holder, in a round claimed from")):
        receipt = distributor.send("claim", rows[place], tree.proof(place), sender=STRANGER, variant=variant)
    chain.inner(receipt, "AwardDistributor.claim", token, "mint", "to a holder")
    distributor.send("claim", later[0], later_tree.proof(0), sender=STRANGER, variant="the first of a round")


def _batch(world: World, rows: list[dict[str, Any]], tree: StandardMerkleTree) -> None:
    distributor = world.public["AwardDistributor"]
    for first, variant in ((0, "10 awards, the first of a round"), (10, "10 awards, holders")):
        chosen = range(first, first + 10)
        proofs = [tree.proof(place) for place in chosen]
        distributor.send("claimBatch", [rows[place] for place in chosen], proofs, sender=STRANGER, variant=variant)
