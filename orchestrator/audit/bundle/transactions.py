"""Raw transactions: who signed one, and what it called. Only the places that are needed are looked up in the RLP.

A record names the hash of its transaction, so these bytes are fixed; what matters here is whose signature they carry.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_hash.auto import keccak

from orchestrator.commitment.signatures import recover
from orchestrator.errors import FormatError
from orchestrator.types import Address, Digest

MOST_BYTES = 1 << 20
_FIELDS = {1: 11, 2: 12, 3: 14, 4: 13}
"""Fields of a signed transaction by its type (EIP-2930, 1559, 4844, 7702); the signature is the last three."""
_LEGACY = 9
_NAMED_CHAIN = 35
"""Least v of a legacy transaction that names its chain (EIP-155)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that carries a valid signature for a chain.

    Attributes:
        bound: whether it names the chain; an old one that does not is good for any.
    """

    hash: Digest
    signer: Address
    to: Address | None
    data: bytes
    nonce: int
    bound: bool = True


def read_transaction(raw: bytes, chain_id: int) -> Sent:
    """Who signed a raw transaction for this chain, and what it is.

    Raises:
        FormatError: it is none, of an unknown type, for another chain, or carries no valid signature.
    """
    if not 0 < len(raw) <= MOST_BYTES:
        raise FormatError(f"a transaction of {len(raw)} bytes")
    type_ = 0 if raw[0] >= 0xC0 else raw[0]
    if type_ and type_ not in _FIELDS:
        raise FormatError(f"a transaction of type {type_}, whose signature is not read")
    start = 1 if type_ else 0
    items = _items(raw, start)
    if len(items) != (_FIELDS[type_] if type_ else _LEGACY):
        raise FormatError(f"a transaction of type {type_} with {len(items)} fields")
    target = {0: 3, 1: 4}.get(type_, 5)
    unsigned, parity = _typed(raw, items, chain_id) if type_ else _legacy(raw, items, chain_id)
    r, s = (raw[begin:end].rjust(32, b"\x00") for _, begin, end in items[-2:])
    signer = recover(keccak(unsigned), r + s + bytes([27 + parity]))
    to = raw[items[target][1] : items[target][2]]
    if len(to) not in (0, 20):
        raise FormatError("the transaction's target is no address")
    named = Address("0x" + to.hex()) if to else None
    data = raw[items[target + 2][1] : items[target + 2][2]]
    bound = bool(type_) or _number(raw, items[-3]) >= _NAMED_CHAIN
    return Sent(Digest("0x" + keccak(raw).hex()), signer, named, data, _number(raw, items[1 if type_ else 0]), bound)


Item = tuple[int, int, int]
"""Where an RLP item begins, where its payload begins, and where it ends."""


def _typed(raw: bytes, items: list[Item], chain_id: int) -> tuple[bytes, int]:
    if (named := _number(raw, items[0])) != chain_id:
        raise FormatError(f"a transaction for chain {named}, not {chain_id}")
    parity = _number(raw, items[-3])
    if parity not in (0, 1):
        raise FormatError("the transaction carries no valid signature")
    return raw[:1] + _list(raw[items[0][0] : items[-3][0]]), parity


def _legacy(raw: bytes, items: list[Item], chain_id: int) -> tuple[bytes, int]:
    body, v = raw[items[0][0] : items[-3][0]], _number(raw, items[-3])
    if v in (27, 28):
        return _list(body), v - 27
    parity = v - _NAMED_CHAIN - 2 * chain_id
    if parity not in (0, 1):
        raise FormatError(f"the transaction carries no valid signature for chain {chain_id}")
    return _list(body + _scalar(chain_id) + b"\x80\x80"), parity


def _items(raw: bytes, start: int) -> list[Item]:
    begin, end = _span(raw, start, len(raw))
    if raw[start] < 0xC0 or end != len(raw):
        raise FormatError("the transaction is no RLP list, or something follows it")
    found = []
    while begin < end:
        first, last = _span(raw, begin, end)
        found.append((begin, first, last))
        begin = last
    return found


def _span(raw: bytes, at: int, most: int) -> tuple[int, int]:
    """Where the payload of the item at ``at`` begins and where the item ends."""
    if at >= most:
        raise FormatError("the transaction's RLP is cut")
    prefix = raw[at]
    if prefix < 0x80:
        return at, at + 1
    base = 0xC0 if prefix >= 0xC0 else 0x80
    if prefix - base <= 55:
        begin, length = at + 1, prefix - base
    else:
        begin = at + 1 + prefix - base - 55
        length = int.from_bytes(raw[at + 1 : begin], "big")
        if length <= 55 or raw[at + 1] == 0:
            raise FormatError("a length of the transaction's RLP is longer than it has to be")
    if begin + length > most:
        raise FormatError("the transaction's RLP is cut")
    if base == 0x80 and length == 1 and raw[begin] < 0x80:
        raise FormatError("a byte of the transaction's RLP is longer than it has to be")
    return begin, begin + length


def _number(raw: bytes, item: Item) -> int:
    _, begin, end = item
    if end - begin > 32:
        raise FormatError("a number of the transaction has more than 32 bytes")
    if begin < end and raw[begin] == 0:
        raise FormatError("a number of the transaction has zeros in front")
    return int.from_bytes(raw[begin:end], "big")


def _list(body: bytes) -> bytes:
    return _prefix(0xC0, len(body)) + body


def _scalar(value: int) -> bytes:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return data if len(data) == 1 and data[0] < 0x80 else _prefix(0x80, len(data)) + data


def _prefix(base: int, length: int) -> bytes:
    if length <= 55:
        return bytes([base + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size
