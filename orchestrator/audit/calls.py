"""Arguments of transactions whose fields hash to their hash."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from orchestrator.audit.evidence import SentCall, Side
from orchestrator.chain.abi import artifact, signature_of
from orchestrator.chain.codec import decode_values
from orchestrator.errors import ChainError


def arguments_of(call: SentCall | None, side: Side, contract: str, function: str) -> list[Any] | None:
    """The arguments of a direct call of one function; None where the transaction is something else."""
    if call is None or call.to != side.deployment.address(contract):
        return None
    entry = artifact(contract).functions[function]
    if call.data[:4] != keccak(text=signature_of(entry))[:4]:
        return None
    try:
        return decode_values(entry["inputs"], call.data[4:], function)
    except ChainError:  # not a node that is down: bytes that are no such call
        return None
