"""Merkle-Patricia proofs, as ``eth_getProof`` gives them: from a root to the value of one key, or to its absence.

Nodes are RLP. A node of 32 bytes or more is named by its keccak, a shorter one lies in its parent. Source: Ethereum
yellow paper, appendix D.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_hash.auto import keccak
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from orchestrator.errors import FormatError

EMPTY_ROOT = keccak(rlp.encode(b""))
MOST_BYTES = 4096
"""A branch of 16 hashes has 532."""
MOST_NODES = 65
"""A key of 32 bytes has 64 nibbles."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """What the state holds of an account."""

    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes


def proven_value(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The value of a key; None where the proof shows that there is none.

    Args:
        root: 32 bytes. key: unhashed, as 20 or 32 bytes. proof: nodes from the root down.

    Raises:
        FormatError: the proof does not lead from this root to an answer, or has nodes that nothing asks for.
    """
    if root == EMPTY_ROOT and not proof:
        return None
    if not 0 < len(proof) <= MOST_NODES or keccak(proof[0]) != root:
        raise FormatError("the proof does not begin at the root")
    path, rest = _nibbles(keccak(key)), list(proof[1:])
    node: Any = _decoded(proof[0])
    while True:
        found, path, done = _step(node, path)
        if done:
            break
        if isinstance(found, bytes) and len(found) == 32:
            if not rest or keccak(rest[0]) != found:
                raise FormatError("a node of the proof is not the one that its parent names")
            found = _decoded(rest.pop(0))
        node = found
    if rest:
        raise FormatError("the proof goes on after its end")
    if found == b"":
        return None
    if not isinstance(found, bytes):
        raise FormatError("the proof ends in something that is no value")
    return found


def proven_account(root: bytes, address: bytes, proof: Sequence[bytes]) -> AccountState | None:
    """An account under a state root; None where there is none. FormatError: see :func:`proven_value`."""
    value = proven_value(root, address, proof)
    if value is None:
        return None
    fields = _decoded(value)
    if len(fields) != 4 or not all(isinstance(item, bytes) for item in fields) or {len(i) for i in fields[2:]} != {32}:
        raise FormatError("the account is malformed")
    nonce, balance, storage_root, code_hash = fields
    return AccountState(int.from_bytes(nonce, "big"), int.from_bytes(balance, "big"), storage_root, code_hash)


def proven_slot(root: bytes, slot: bytes, proof: Sequence[bytes]) -> bytes:
    """The 32 bytes of a storage slot under an account's storage root; zero where nothing is stored."""
    value = proven_value(root, slot, proof)
    if value is None:
        return bytes(32)
    try:
        word = rlp.decode(value)
    except (RLPException, RecursionError) as error:
        raise FormatError(f"the stored value is no RLP: {error}") from error
    if not isinstance(word, bytes) or len(word) > 32:
        raise FormatError("the stored value is no word")
    return word.rjust(32, b"\x00")


def _step(node: Any, path: list[int]) -> tuple[Any, list[int], bool]:
    """What a node has for a path: the next node with the rest of the path, or the answer."""
    if not isinstance(node, list):
        raise FormatError("a node of the proof is no list")
    if len(node) == 17:
        if not path:
            return node[16], [], True
        return node[path[0]], path[1:], node[path[0]] == b""
    if len(node) != 2 or not isinstance(node[0], bytes) or not node[0]:
        raise FormatError("a node of the proof is neither branch, extension nor leaf")
    flags, *part = _nibbles(node[0])
    part = part if flags & 1 else part[1:]
    if flags > 3 or path[: len(part)] != part:
        return b"", path, True
    if flags & 2:
        return (node[1] if len(path) == len(part) else b""), [], True
    return node[1], path[len(part) :], False


def _decoded(data: bytes) -> Any:
    if len(data) > MOST_BYTES:
        raise FormatError(f"a node of the proof has {len(data)} bytes")
    try:
        node = rlp.decode(data)
    except (RLPException, RecursionError) as error:
        raise FormatError(f"a node of the proof is no RLP: {error}") from error
    if not isinstance(node, list):
        raise FormatError("a node of the proof is no list")
    return node


def _nibbles(data: bytes) -> list[int]:
    return [half for byte in data for half in (byte >> 4, byte & 15)]
