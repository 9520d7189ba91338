"""What a transaction offers for gas, and what it offers next when nobody takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from orchestrator.chain.port import ChainReader

PRIORITY_FEE = 1_000_000_000
"""1 gwei, what development chains and quiet networks ask."""
GWEI = 10**9
LEAST_BUMP = Fraction(1125, 1000)
"""Nodes take a transaction for another of the same nonce from 10 % more on; 12.5 % is what networks agree on."""


@dataclass(frozen=True, slots=True)
class Fees:
    """The fee fields of a transaction, by their JSON-RPC names."""

    fields: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """When a waiting transaction is sent again, and when it offers more. Defaults as Chainlink's nodes have them.

    Attributes:
        cap: wei that a unit of gas may cost at most.
        bump_percent: how much more is offered; at least 12.5. bump_blocks: blocks without it before more is offered.
        resend_seconds: until the same bytes are broadcast again, as a node may have dropped them.
    """

    cap: int = 500 * GWEI
    bump_percent: float = 20.0
    bump_blocks: int = 3
    resend_seconds: float = 60.0


def fees_for(chain: ChainReader, cap: int | None = None) -> Fees:
    """EIP-1559: twice the newest base fee and the priority fee, so it lasts through six full blocks. Where gas is free,
    which a permissioned Besu tells by no base fee (then type 0) or by one of 0, nothing is offered, so that an account
    needs no ether. Never more than ``cap``."""
    base_fee = chain.block(chain.block_number()).base_fee
    if base_fee is None:
        return Fees({"gasPrice": 0})
    if base_fee == 0:
        return Fees({"type": 2, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0})
    most = 2 * base_fee + PRIORITY_FEE if cap is None else min(2 * base_fee + PRIORITY_FEE, cap)
    return Fees({"type": 2, "maxFeePerGas": most, "maxPriorityFeePerGas": min(PRIORITY_FEE, most)})


def bumped(offered: Mapping[str, int], fresh: Fees, policy: FeePolicy) -> Fees | None:
    """What replaces ``offered``: more by the policy's share, or ``fresh`` where that is more.

    Returns:
        None where the cap leaves no room for a replacement that nodes would take, or gas is free.
    """
    name = "maxFeePerGas" if "maxFeePerGas" in offered else "gasPrice"
    share = max(1 + Fraction(policy.bump_percent) / 100, LEAST_BUMP)
    wanted = max(ceil(offered[name] * share), fresh.fields.get(name, 0))
    price = min(wanted, policy.cap)
    if not offered[name] or price < ceil(offered[name] * LEAST_BUMP):
        return None
    if name == "gasPrice":
        return Fees({name: price})
    tip = max(ceil(offered["maxPriorityFeePerGas"] * share), fresh.fields.get("maxPriorityFeePerGas", 0))
    return Fees({"type": 2, name: price, "maxPriorityFeePerGas": min(tip, price)})
