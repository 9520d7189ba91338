"""One whole round in service, on both chains: ours beside the naive design."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.gas.anchored import Anchored
from benchmarks.gas.chain import Chain
from benchmarks.gas.meter import Meter, Usage
from benchmarks.gas.node import PUBLIC_CHAIN, anvil, mine
from benchmarks.gas.parts.awards import ETHER, Published, listed_awards
from benchmarks.gas.played import Rounds
from benchmarks.gas.world import DEPLOYER, STRANGER, VESTING, WINDOW, World, cid, consortium, digest, member

IN_SERVICE = "in service"
"""Of the rounds that are played, the second counts: the first pays for storage that every later one finds in use."""


def measure(organisations: int) -> dict[str, Any]:
    """``private``, ``public`` and ``naive``: by entry point how many transactions, and their gas."""
    meter = Meter()
    with consortium(organisations, meter) as world:
        rounds = Rounds(world)
        rounds.prepare(1)
        for variant in (None, IN_SERVICE):
            for one in world.members:
                rounds.publish(one, 1, variant)
            rounds.whole(variant)
        private, meter.usages = meter.usages, []
        _public(world, meter)
        public = meter.usages
    return {"private": tally(private), "public": tally(public), "naive": tally(_naive(organisations))}


def tally(usages: Iterable[Usage]) -> dict[str, dict[str, int]]:
    """Transactions, gas in all, the least and the most, by contract and entry point."""
    found: dict[str, dict[str, int]] = {}
    for usage in usages:
        name = f"{usage.contract}.{usage.function}" + (f": {usage.variant}" if usage.variant != IN_SERVICE else "")
        entry = found.setdefault(name, {"transactions": 0, "gas": 0, "least": usage.gas, "most": usage.gas})
        entry["transactions"] += 1
        entry["gas"] += usage.gas
        entry["least"], entry["most"] = min(entry["least"], usage.gas), max(entry["most"], usage.gas)
    return found


def _public(world: World, meter: Meter) -> None:
    """Anchor, publish and claim; the third round in one batch instead."""
    anchored, distributor = Anchored(world), world.public["AwardDistributor"]
    for variant in (None, IN_SERVICE):
        rows, tree = _published(anchored, variant)
        for place, row in enumerate(rows):
            distributor.send("claim", row, tree.proof(place), sender=STRANGER, variant=variant)
    rows, tree = _published(anchored, None)
    proofs = [tree.proof(place) for place in range(len(rows))]
    distributor.send("claimBatch", rows, proofs, sender=STRANGER, variant="instead of single claims")


def _published(anchored: Anchored, variant: str | None) -> Published:
    """An anchored round with one award for each member's authority, past its window."""
    world, sequence = anchored.world, anchored.checkpoints[-1].sequence + 1
    accounts = [one.authority.address for one in world.members]
    rows, tree = listed_awards(sequence, accounts, len(accounts))
    anchored.anchor(anchored.next(awards_root=tree.root), variant=variant)
    distributor = world.public["AwardDistributor"]
    distributor.send("publish", anchored.checkpoints[-1:], sender=STRANGER, variant=variant)
    mine(distributor.chain.connection, WINDOW + VESTING)
    return rows, tree


def _naive(organisations: int) -> list[Usage]:
    meter = Meter()
    with anvil(PUBLIC_CHAIN) as node:
        naive = Chain(node, meter).deploy("Naive", [], DEPLOYER, None)
        for number, variant in ((1, None), (2, IN_SERVICE)):
            for place in range(organisations):
                label, sender = f"update {number} {place}", member(place).delegate
                naive.send("record", number, cid(label), digest(label), sender=sender, variant=variant)
            for place in range(organisations):
                account = member(place).authority.address
                naive.send("pay", account, ETHER, sender=DEPLOYER, variant=variant)
    return meter.usages
