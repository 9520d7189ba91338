"""Why a contract refused: revert data read with the errors of all our contracts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.chain.abi import all_errors
from orchestrator.chain.codec import decode_values
from orchestrator.errors import ChainError, TransactionReverted
from orchestrator.ledger.schema import snake_case

_BUILT_IN: Mapping[bytes, Mapping[str, Any]] = {
    bytes.fromhex("08c379a0"): {"name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    bytes.fromhex("4e487b71"): {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
}
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_REVERT_WORDS = ("revert", "invalid opcode", "out of gas")


@dataclass(frozen=True)
class Revert:
    """A custom error by name with its values by name. ``error`` is empty when the data names none we know."""

    error: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        if not self.error:
            return "no reason given"
        if self.error == "Error":
            return str(self.values["message"])
        return f"{self.error}({', '.join(f'{name}={value}' for name, value in self.values.items())})"


def decode_revert(data: bytes) -> Revert:
    """Read revert data; never raises, since it comes from whoever was called."""
    entry = _BUILT_IN.get(data[:4]) or all_errors().get(data[:4])
    if entry is None:
        return Revert("", {"data": "0x" + data.hex()} if data else {})
    try:
        values = decode_values(entry["inputs"], data[4:], entry["name"])
    except ChainError:
        return Revert(str(entry["name"]), {})
    names = [snake_case(part["name"]) or str(index) for index, part in enumerate(entry["inputs"])]
    return Revert(str(entry["name"]), dict(zip(names, values, strict=True)))


def revert_data(error_data: Any, message: str = "") -> bytes | None:
    """The revert data in a JSON-RPC error, wherever this kind of node puts it; None when it is no revert.

    Anvil gives a hex string; Ganache an object whose ``result`` is one; others ``{"data": …}``.
    """
    if isinstance(error_data, Mapping):
        for key in ("result", "data"):
            found = revert_data(error_data.get(key))
            if found is not None:
                return found
    if isinstance(error_data, str):
        text = error_data.removeprefix("Reverted ")
        if _HEX.fullmatch(text):
            return bytes.fromhex(text[2:])
    return b"" if any(word in message.lower() for word in _REVERT_WORDS) else None


class ContractRefused(TransactionReverted):
    """``TransactionReverted`` with the values that the contract's error carries, by name."""

    def __init__(self, message: str, *, reason: Revert, mend: str = "") -> None:
        super().__init__(message, error=reason.error, mend=mend)
        self.values = dict(reason.values)

    @property
    def code(self) -> str:
        return TransactionReverted.__name__


def reverted(what: str, data: bytes) -> ContractRefused:
    """The error to raise when ``what``, such as ``RoundLedger.openRound``, was refused."""
    reason = decode_revert(data)
    return ContractRefused(f"{what} was refused by the contract: {reason}", reason=reason)
