"""How much gas one transaction may have: a Consortium with very many founding members does not fit."""

from __future__ import annotations

from orchestrator.chain import rpc_values as rpc
from orchestrator.chain.connection import Connection
from orchestrator.errors import ConfigurationError

TRANSACTION_CAP = 2**24
"""Of one transaction, whatever fits a block (EIP-7825, which Ethereum has since its upgrade Fusaka)."""


def most_gas(chain: Connection) -> int:
    """The most that a transaction may ask for in the next block of a chain that is not local."""
    newest = rpc.mapping(chain.request("eth_getBlockByNumber", ["latest", False]), "block")
    return min(rpc.quantity(newest["gasLimit"], "gas limit"), TRANSACTION_CAP)


def check_gas(what: str, gas: int, most: int, chain_id: int) -> None:
    """Raises:
    ConfigurationError: a step needs more than one transaction may have.
    """
    if gas > most:
        mend = "found the consortium with fewer members and let it take in the others, see docs/deploying.md"
        raise ConfigurationError(
            f"{what} on chain {chain_id} needs {gas:,} gas, and one transaction may have {most:,} there",
            mend=mend if what == "Consortium" else "take a chain whose blocks have room for it",
        )
