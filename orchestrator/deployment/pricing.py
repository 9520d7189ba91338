"""What a deployment offers for gas, and what it will probably pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.chain import rpc_values as rpc
from orchestrator.chain.connection import Connection
from orchestrator.chain.fees import PRIORITY_FEE
from orchestrator.chain.port import RpcRefused


@dataclass(frozen=True)
class Price:
    """Wei for one unit of gas.

    Attributes:
        fields: of a transaction, by their JSON-RPC names.
        expected: what the next block would take. most: what the transaction allows.
    """

    fields: Mapping[str, int]
    expected: int
    most: int


def price_now(chain: Connection) -> Price:
    """EIP-1559 where blocks have a base fee: twice the newest one, which lasts through six full blocks, and the node's
    suggestion for the validator. Else the node's gas price, which is 0 on a permissioned network with free gas."""
    base = chain.block(chain.block_number()).base_fee
    if base is None:
        price = _gas_price(chain)
        return Price({"gasPrice": price}, price, price)
    # with a base fee of 0, gas may be free, whatever the node suggests to give: an empty account must be able to pay
    tip = _tip(chain) if base else min(_tip(chain), _gas_price(chain))
    return Price({"type": 2, "maxFeePerGas": 2 * base + tip, "maxPriorityFeePerGas": tip}, base + tip, 2 * base + tip)


def raised(price: Price, former: Mapping[str, int]) -> Price:
    """``price``, at least a quarter above what a transaction offered that waits: nodes want 10 to 12.5 % more."""
    fields = {
        name: value if name == "type" else max(value, former.get(name, 0) * 5 // 4 + 1)
        for name, value in price.fields.items()
    }
    most = fields.get("maxFeePerGas", fields.get("gasPrice", 0))
    return Price(fields, price.expected, most)


def _gas_price(chain: Connection) -> int:
    return rpc.quantity(chain.request("eth_gasPrice", []), "gas price")


def _tip(chain: Connection) -> int:
    try:
        return rpc.quantity(chain.request("eth_maxPriorityFeePerGas", []), "priority fee")
    except RpcRefused:
        return PRIORITY_FEE
