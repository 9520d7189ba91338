"""Members that several kinds of line have: bytes in hexadecimal, lists of them, addresses."""

from __future__ import annotations

from orchestrator.ledger.reader import Reader
from orchestrator.ledger.words import ADDRESS
from orchestrator.types import Address


def hex_bytes(reader: Reader, name: str) -> bytes:
    """A member that is ``0x`` and lower-case hexadecimal digits."""
    text = reader.text(name)
    return _bytes(reader, name, text)


def hashes(reader: Reader, name: str) -> tuple[bytes, ...]:
    """A list of 32-byte words."""
    found = byte_list(reader, name)
    if any(len(item) != 32 for item in found):
        reader.bad(name, "holds something else than 32 bytes")
    return found


def address_in(reader: Reader, name: str) -> Address:
    """An address in lower case."""
    text = reader.text(name)
    if not ADDRESS.fullmatch(text):
        reader.bad(name, "is no address in lower case")
    return Address(text)


def byte_list(reader: Reader, name: str) -> tuple[bytes, ...]:
    """A list of bytes."""
    value = reader.take(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        reader.bad(name, "is not a list of texts")
    return tuple(_bytes(reader, name, item) for item in value)


def _bytes(reader: Reader, name: str, text: str) -> bytes:
    try:
        data = bytes.fromhex(text[2:])
    except ValueError:
        reader.bad(name, "is not hexadecimal")
    if text != "0x" + data.hex():
        reader.bad(name, "is not 0x and lower-case hexadecimal digits")
    return data


def hexes(items: tuple[bytes, ...]) -> list[str]:
    """As a line carries them."""
    return ["0x" + item.hex() for item in items]
