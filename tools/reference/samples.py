"""Values for the examples of errors, by the name of the argument."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.ledger.canonical import sha256

ACCOUNT = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
OTHER = "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc"

BY_NAME: Mapping[str, Any] = {
    "roundId": 4,
    "sequence": 7,
    "id": 1,
    "index": 2,
    "members": 3,
    "quorum": 2,
    "signatures": 1,
    "signer": OTHER,
    "spender": OTHER,
    "owner": ACCOUNT,
}
"""An argument that is not here, nor in the error's own sample, gets one by its type."""


def sample(part: Mapping[str, Any], own: Mapping[str, Any]) -> Any:
    """A value for one argument, in the form of :mod:`orchestrator.chain.codec`."""
    name = str(part["name"])
    if name in own:
        given = own[name]
        hexadecimal = isinstance(given, str) and given.startswith("0x") and part["type"] == "bytes32"
        return bytes.fromhex(given[2:]) if hexadecimal else given
    if part.get("internalType") == "OrganisationId":
        return "aurora"
    if name in BY_NAME:
        return BY_NAME[name]
    if part["type"] == "bytes32":
        return sha256(name.encode())
    return {"address": ACCOUNT, "bool": True, "string": name}.get(part["type"], 1)
