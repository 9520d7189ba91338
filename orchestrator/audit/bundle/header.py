"""A block's header as RLP, whose keccak is the block's hash: made of a node's answer, or read from a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_hash.auto import keccak
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from orchestrator.chain import rpc_values as rpc
from orchestrator.errors import ChainError, FormatError
from orchestrator.types import Digest

_FIELDS = (
    ("parentHash", "data"),
    ("sha3Uncles", "data"),
    ("miner", "data"),
    ("stateRoot", "data"),
    ("transactionsRoot", "data"),
    ("receiptsRoot", "data"),
    ("logsBloom", "data"),
    ("difficulty", "number"),
    ("number", "number"),
    ("gasLimit", "number"),
    ("gasUsed", "number"),
    ("timestamp", "number"),
    ("extraData", "data"),
    ("mixHash", "data"),
    ("nonce", "data"),
    ("baseFeePerGas", "number"),
    ("withdrawalsRoot", "data"),
    ("blobGasUsed", "number"),
    ("excessBlobGas", "number"),
    ("parentBeaconBlockRoot", "data"),
    ("requestsHash", "data"),
)
"""In the order of the header; what a chain's fork does not have yet is missing at the end."""
_ALWAYS = 15
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Header:
    """What a bundle needs of a header."""

    hash: Digest
    number: int
    timestamp: int
    state_root: bytes


def header_bytes(block: Mapping[str, Any]) -> bytes:
    """The RLP of a block that a node has told (``eth_getBlockByNumber``).

    Raises:
        ChainError: a field is missing or malformed, or all together do not hash to the block's hash.
    """
    values: list[Any] = []
    for place, (name, form) in enumerate(_FIELDS):
        if block.get(name) is None and place >= _ALWAYS:
            break
        what = f"block's {name}"
        values.append(rpc.quantity(block.get(name), what) if form == "number" else rpc.data(block.get(name), what))
    data = bytes(rlp.encode(values))
    named, found = rpc.digest(block.get("hash"), "block hash"), "0x" + keccak(data).hex()
    if named != found:
        raise ChainError(
            f"the header of block {named} hashes to {found}",
            mend="do not trust this node, or upgrade LoRAnchor if the chain's headers have new fields",
        )
    return data


def read_header(data: bytes) -> Header:
    """A header; FormatError where it is none."""
    if len(data) > MOST_BYTES:
        raise FormatError(f"a header of {len(data)} bytes")
    try:
        fields = rlp.decode(data)
    except (RLPException, RecursionError) as error:
        raise FormatError(f"the header is no RLP: {error}") from error
    if not isinstance(fields, list) or len(fields) < _ALWAYS or not all(isinstance(item, bytes) for item in fields):
        raise FormatError("the header is no list of a header's fields")
    if len(fields[3]) != 32 or len(fields[8]) > 8 or len(fields[11]) > 8:
        raise FormatError("the header's state root, number or time is malformed")
    number, timestamp = (int.from_bytes(fields[place], "big") for place in (8, 11))
    return Header(Digest("0x" + keccak(data).hex()), number, timestamp, fields[3])
