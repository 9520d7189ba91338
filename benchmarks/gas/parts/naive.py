"""The yardstick: each update's CID and digest in public storage, and tokens minted by an owner."""

from __future__ import annotations

from typing import Any

from benchmarks.gas.chain import Chain
from benchmarks.gas.meter import Meter
from benchmarks.gas.node import PUBLIC_CHAIN, anvil
from benchmarks.gas.parts.awards import ETHER, HOLDERS
from benchmarks.gas.world import DEPLOYER, cid, digest, member


def measure() -> dict[str, Any]:
    meter = Meter()
    with anvil(PUBLIC_CHAIN) as node:
        naive = Chain(node, meter).deploy("Naive", [], DEPLOYER)
        sender = member(0).delegate
        naive.send("record", 1, cid("update 1"), digest("update 1"), sender=sender, variant="")
        naive.send("pay", HOLDERS[0].address, ETHER, sender=DEPLOYER, variant="the first ever")
        naive.send("pay", HOLDERS[1].address, ETHER, sender=DEPLOYER, variant="the first of a holder")
        naive.send("pay", HOLDERS[0].address, ETHER, sender=DEPLOYER, variant="to a holder")
        return meter.figures()
