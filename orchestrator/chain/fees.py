"""What a transaction offers for gas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.chain.port import ChainPort

PRIORITY_FEE = 1_000_000_000
"""1 gwei, what development chains and quiet networks ask."""


@dataclass(frozen=True, slots=True)
class Fees:
    """The fee fields of a transaction, by their JSON-RPC names."""

    fields: Mapping[str, int]


def fees_for(chain: ChainPort) -> Fees:
    """EIP-1559: twice the newest base fee and the priority fee, so it lasts through six full blocks; type 0 on chains
    without base fees (a permissioned Besu with free gas), at price 0."""
    base_fee = chain.block(chain.block_number()).base_fee
    if base_fee is None:
        return Fees({"gasPrice": 0})
    return Fees({"type": 2, "maxFeePerGas": 2 * base_fee + PRIORITY_FEE, "maxPriorityFeePerGas": PRIORITY_FEE})
