"""CIDv0 of a file, computed here, so that a node that sends other bytes is caught.

The layout is the one every IPFS node uses for ``cid-version=0, raw-leaves=false, chunker=size-262144``: UnixFS leaves
of 256 KiB in dag-pb nodes, under a balanced tree of at most 174 links a node. The protobuf messages have so few fields
that they are written by hand: ``PBNode {Links = 2, Data = 1}`` (links first), ``PBLink {Hash = 1, Name = 2,
Tsize = 3}``, ``UnixFS {Type = 1, Data = 2, filesize = 3, blocksizes = 4}``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from orchestrator.errors import StorageError
from orchestrator.types import Cid

CHUNK_SIZE = 262_144
MAX_LINKS = 174
_SHA256 = b"\x12\x20"
_FILE = 2
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class _Node:
    multihash: bytes
    file_size: int
    """Bytes of the file below this node."""
    total_size: int
    """Bytes of all blocks from this node down: the ``Tsize`` of a link to it."""


def cid_of(data: bytes) -> Cid:
    """The CIDv0 under which every IPFS node stores ``data``."""
    view = memoryview(data)
    nodes = [_leaf(view[start : start + CHUNK_SIZE]) for start in range(0, max(len(view), 1), CHUNK_SIZE)]
    while len(nodes) > 1:
        nodes = [_parent(nodes[start : start + MAX_LINKS]) for start in range(0, len(nodes), MAX_LINKS)]
    return Cid(_base58(nodes[0].multihash))


def multihash_of(cid: str) -> bytes:
    """The SHA-256 multihash in a CIDv0, or in a CIDv1 in base32 as nodes list their blocks.

    Raises:
        StorageError: neither.
    """
    if len(cid) == 46 and cid.startswith("Qm"):
        multihash = _unbase58(cid)
    elif cid.startswith("b") and cid.islower():
        multihash = _skip_varint(_skip_varint(_unbase32(cid)))
    else:
        multihash = b""
    if len(multihash) != 34 or not multihash.startswith(_SHA256):
        raise StorageError(f"{cid[:80]!r} is not a CID", mend="a CIDv0 has 46 characters and begins with Qm")
    return multihash


def check_cid(cid: str) -> Cid:
    """Raises StorageError: not a CIDv0."""
    if not cid.startswith("Qm"):
        raise StorageError(f"{cid[:80]!r} is not a CIDv0", mend="a CIDv0 has 46 characters and begins with Qm")
    multihash_of(cid)
    return Cid(cid)


def cid_from(multihash: bytes) -> Cid:
    return Cid(_base58(multihash))


def links_of(block: bytes) -> list[bytes]:
    """Multihashes that a dag-pb block links to.

    Raises:
        StorageError: not a dag-pb block.
    """
    try:
        return [_fields(link)[1][0] for link in _fields(block).get(2, [])]
    except (IndexError, KeyError, ValueError) as error:
        raise StorageError("an IPFS block is not dag-pb") from error


def _leaf(chunk: memoryview) -> _Node:
    file = _number(1, _FILE) + (_bytes(2, chunk) if len(chunk) else b"") + _number(3, len(chunk))
    return _node(b"", file, len(chunk), 0)


def _parent(children: list[_Node]) -> _Node:
    links = b"".join(
        _bytes(2, _bytes(1, child.multihash) + _bytes(2, b"") + _number(3, child.total_size)) for child in children
    )
    size = sum(child.file_size for child in children)
    file = _number(1, _FILE) + _number(3, size) + b"".join(_number(4, child.file_size) for child in children)
    return _node(links, file, size, sum(child.total_size for child in children))


def _node(links: bytes, file: bytes, file_size: int, below: int) -> _Node:
    block = links + _bytes(1, file)
    return _Node(_SHA256 + hashlib.sha256(block).digest(), file_size, below + len(block))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | memoryview) -> bytes:
    return b"".join((_varint(field << 3 | 2), _varint(len(value)), value))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("varint too long")


def _skip_varint(data: bytes) -> bytes:
    try:
        return data[_read_varint(data, 0)[1] :]
    except (IndexError, ValueError):
        return b""


def _fields(message: bytes) -> dict[int, list[bytes]]:
    """Length-delimited fields of a protobuf message; numbers are skipped."""
    found: dict[int, list[bytes]] = {}
    at = 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        value, at = _read_varint(message, at)
        if tag & 7 == 2:
            if at + value > len(message):
                raise ValueError("field beyond the end")
            found.setdefault(tag >> 3, []).append(message[at : at + value])
            at += value
        elif tag & 7 != 0:
            raise ValueError("unexpected wire type")
    return found


def _base58(data: bytes) -> str:
    value, out = int.from_bytes(data, "big"), ""
    while value:
        value, digit = divmod(value, 58)
        out = _ALPHABET[digit] + out
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + out


def _unbase58(text: str) -> bytes:
    value = 0
    for character in text:
        digit = _ALPHABET.find(character)
        if digit < 0:
            return b""
        value = value * 58 + digit
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _unbase32(text: str) -> bytes:
    try:
        return base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))
    except binascii.Error:
        return b""
