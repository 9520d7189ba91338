"""A public chain's state that holds an anchor's head: its tries and its header, made as a node makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_hash.auto import keccak

from orchestrator.audit.bundle.proofs import AccountProof
from orchestrator.audit.bundle.trie import EMPTY_ROOT
from orchestrator.types import Address, Digest

Nibbles = tuple[int, ...]
OTHERS = 40
"""Accounts and slots beside the one that matters, so that proofs have branches."""


class Trie:
    """A Merkle-Patricia trie over hashed keys.

    Args:
        values: by unhashed key.
    """

    def __init__(self, values: Mapping[bytes, bytes]) -> None:
        items = {_nibbles(keccak(key)): value for key, value in values.items()}
        self._root = _node(items, 0) if items else None

    @property
    def root(self) -> bytes:
        return EMPTY_ROOT if self._root is None else keccak(rlp.encode(self._root))

    def proof(self, key: bytes) -> tuple[bytes, ...]:
        """The nodes from the root towards a key, those that lie in their parents left out."""
        path, node, found = _nibbles(keccak(key)), self._root, list[bytes]()
        while isinstance(node, list):
            data = rlp.encode(node)
            if not found or len(data) >= 32:
                found.append(data)
            node, path = _towards(node, path)
        return tuple(found)


class State:
    """One block's state with one contract in it.

    Args:
        address: of the contract. code: its code. storage: its words by slot.
    """

    def __init__(self, address: Address, code: bytes, storage: Mapping[Digest, Digest]) -> None:
        words = {bytes.fromhex(slot[2:]): _word(value) for slot, value in storage.items()}
        words |= {keccak(b"slot %d" % place): _word(Digest("0x" + "11" * 32)) for place in range(OTHERS)}
        self._storage = Trie(words)
        account = rlp.encode([1, 0, self._storage.root, keccak(code)])
        other = rlp.encode([0, 10**18, EMPTY_ROOT, keccak(b"")])
        accounts = {keccak(b"account %d" % place)[:20]: other for place in range(OTHERS)}
        self._accounts = Trie({**accounts, bytes.fromhex(address[2:]): account})

    def header(self, number: int) -> bytes:
        """A header of the shape that chains have since EIP-1559."""
        fields: list[Any] = [bytes(32), keccak(rlp.encode([])), bytes(20), self._accounts.root, EMPTY_ROOT, EMPTY_ROOT]
        fields += [bytes(256), 0, number, 30_000_000, 0, 1_700_000_000 + number, b"", bytes(32), bytes(8), 10**9]
        return bytes(rlp.encode(fields))

    def prove(self, address: Address, slots: Sequence[Digest], number: int) -> AccountProof:
        """As ``eth_getProof``; the state is that of every block."""
        words = tuple(self._storage.proof(bytes.fromhex(slot[2:])) for slot in slots)
        return AccountProof(self._accounts.proof(bytes.fromhex(address[2:])), words)


def _word(value: Digest) -> bytes:
    return bytes(rlp.encode(bytes.fromhex(value[2:]).lstrip(b"\x00")))


def _node(items: Mapping[Nibbles, bytes], depth: int) -> list[Any]:
    keys = sorted(items)
    if len(keys) == 1:
        return [_compact(keys[0][depth:], leaf=True), items[keys[0]]]
    shared = depth
    while keys[0][shared] == keys[-1][shared]:
        shared += 1
    if shared > depth:
        return [_compact(keys[0][depth:shared], leaf=False), _reference(_node(items, shared))]
    branch: list[Any] = [b""] * 17
    for nibble in range(16):
        inside = {key: value for key, value in items.items() if key[depth] == nibble}
        if inside:
            branch[nibble] = _reference(_node(inside, depth + 1))
    return branch


class _Hashed(bytes):
    """The hash by which a node is named, with the node."""

    node: list[Any]


def _reference(node: list[Any]) -> Any:
    data = rlp.encode(node)
    if len(data) < 32:
        return node
    named = _Hashed(keccak(data))
    named.node = node
    return named


def _towards(node: list[Any], path: Nibbles) -> tuple[Any, Nibbles]:
    if len(node) == 17:
        found, rest = (node[path[0]], path[1:]) if path else (None, ())
    else:
        flags, *part = _nibbles(node[0])
        part = part if flags & 1 else part[1:]
        fits = tuple(part) == path[: len(part)] and not flags & 2
        found, rest = (node[1] if fits else None), path[len(part) :]
    return (found.node if isinstance(found, _Hashed) else found), rest


def _compact(path: Nibbles, *, leaf: bool) -> bytes:
    odd = len(path) % 2
    flag = 2 * leaf + odd
    whole = (flag, *path) if odd else (flag, 0, *path)
    return bytes(16 * high + low for high, low in zip(whole[::2], whole[1::2], strict=True))


def _nibbles(data: bytes) -> Nibbles:
    return tuple(half for byte in data for half in (byte >> 4, byte & 15))
