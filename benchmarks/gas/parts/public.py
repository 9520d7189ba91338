"""The rest of the public chain: reports of weaknesses, and what holders do with their tokens."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from benchmarks.gas.anchored import Anchored
from benchmarks.gas.chain import Contract
from benchmarks.gas.keys import Key
from benchmarks.gas.meter import Meter
from benchmarks.gas.node import FIRST_TIMESTAMP, PUBLIC_CHAIN, mine
from benchmarks.gas.parts.awards import ETHER, HOLDERS, listed_awards
from benchmarks.gas.world import EMBARGO, STRANGER, VESTING, WINDOW, World, cid, consortium, digest
from orchestrator.commitment.eip712 import Domain, account, number, struct_hash
from orchestrator.ledger.words import address_bytes, hex_word, word

PERMIT_TYPE = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
TOKEN_NAME = "LoRAnchor Contribution"
FOR_EVER = 2**63
REPORTER, SPENDER = Key("reporter"), Key("spender")


def measure() -> dict[str, Any]:
    meter = Meter()
    with consortium(3, meter) as world:
        _tokens(world)
        _disclose(world)
        return meter.figures()


def _tokens(world: World) -> None:
    token, (one, two) = world.public["ContributionToken"], HOLDERS
    _earn(world)
    token.send("transfer", two.address, ETHER // 4, sender=one, variant="to a new holder")
    token.send("transfer", two.address, ETHER // 4, sender=one, variant="to a holder")
    token.send("approve", SPENDER.address, ETHER // 8, sender=one, variant="")
    token.send("transferFrom", one.address, two.address, ETHER // 16, sender=SPENDER, variant="to a holder")
    digest_ = Domain(TOKEN_NAME, PUBLIC_CHAIN, token.address).digest(_permit(two, ETHER // 8))
    signature = two.sign(digest_)
    parts = (signature[64], hex_word(signature[:32]), hex_word(signature[32:64]))
    token.send("permit", two.address, SPENDER.address, ETHER // 8, FOR_EVER, *parts, sender=STRANGER, variant="")


def _earn(world: World) -> None:
    """One token for the first holder, by the way that there is."""
    anchored, distributor = Anchored(world), world.public["AwardDistributor"]
    rows, tree = listed_awards(1, [HOLDERS[0].address], 1)
    anchored.anchor(anchored.next(awards_root=tree.root))
    distributor.send("publish", anchored.checkpoints[-1:], sender=STRANGER)
    mine(distributor.chain.connection, WINDOW + VESTING)
    receipt = distributor.send("claim", rows[0], tree.proof(0), sender=STRANGER)
    token = world.public["ContributionToken"]
    distributor.chain.inner(receipt, "AwardDistributor.claim", token, "mint", "the first ever")


def _permit(owner: Key, value: int) -> bytes:
    fields = (account(owner.address), account(SPENDER.address), number(value), number(0), number(FOR_EVER))
    return struct_hash(PERMIT_TYPE, *fields)


def _disclose(world: World) -> None:
    registry, delegate = world.public["DisclosureRegistry"], world.members[0].delegate
    report, salt = digest("report"), digest("report salt")
    packed = encode(["bytes32", "bytes32", "address"], [word(report), word(salt), address_bytes(REPORTER.address)])
    commitment = hex_word(keccak(packed))
    registry.send("commitReport", commitment, sender=REPORTER, variant="the first ever")
    registry.send("commitReport", commitment, sender=REPORTER, variant="a later one")
    ends = _embargo_end(registry)
    registry.send("acknowledge", 1, ends - 60, sender=delegate, variant="")
    registry.send("extendEmbargo", 1, ends + 60, sender=REPORTER, variant="a proposal")
    registry.send("extendEmbargo", 1, ends + 60, sender=delegate, variant="an agreement")
    registry.chain.connection.request("evm_setNextBlockTimestamp", [ends + 120])
    registry.send("reveal", 1, report, salt, cid("report"), sender=STRANGER, variant="")


def _embargo_end(registry: Contract) -> int:
    newest = registry.chain.connection.block(registry.chain.connection.block_number())
    assert newest.timestamp > FIRST_TIMESTAMP
    return newest.timestamp - 1 + EMBARGO
