"""32-byte words of the chains and the text they stand for.

An organisation and a label (the reason of a rejection, the name of a metric) are ASCII, left-aligned in 32 bytes.
"""

from __future__ import annotations

import re

from orchestrator.errors import FormatError
from orchestrator.types import Address, Digest, OrganisationId

ORGANISATION = re.compile(r"[a-z][a-z0-9-]{0,30}")
DIGEST = re.compile(r"0x[0-9a-f]{64}")
ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_LABEL = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]{0,30}[\x21-\x7e])?")


def word(value: str) -> bytes:
    """The 32 bytes of a digest; refuses any other text."""
    if not DIGEST.fullmatch(value):
        raise FormatError(f"{value!r} is not 0x and 64 lower-case hexadecimal digits")
    return bytes.fromhex(value[2:])


def hex_word(data: bytes) -> Digest:
    """32 bytes in the form that every digest has."""
    if len(data) != 32:
        raise FormatError(f"expected 32 bytes, found {len(data)}")
    return Digest("0x" + data.hex())


def address_bytes(value: str) -> bytes:
    """The 20 bytes of an address; refuses any other text, mixed case included."""
    if not ADDRESS.fullmatch(value):
        raise FormatError(f"{value!r} is not 0x and 40 lower-case hexadecimal digits")
    return bytes.fromhex(value[2:])


def address(value: str | bytes) -> Address:
    """An address in lower case, from 20 bytes or from text of any case."""
    text = "0x" + value.hex() if isinstance(value, bytes) else value.lower()
    address_bytes(text)
    return Address(text)


def organisation_word(organisation: str) -> bytes:
    """An organisation's name as the contracts hold it."""
    if not ORGANISATION.fullmatch(organisation):
        raise FormatError(
            f"{organisation!r} is not an organisation's name",
            mend="use a lower-case letter, then up to 30 of a-z, 0-9 and -",
        )
    return organisation.encode("ascii").ljust(32, b"\x00")


def organisation_name(data: bytes) -> OrganisationId:
    """The name in an ``OrganisationId`` of the contracts."""
    name = data.rstrip(b"\x00").decode("latin-1")
    if len(data) != 32 or not ORGANISATION.fullmatch(name):
        raise FormatError(f"0x{data.hex()} is not an organisation's name in 32 bytes")
    return OrganisationId(name)


def label_word(label: str) -> bytes:
    """A label as the contracts hold it; also takes what :func:`label_text` made of a word that is no label."""
    if DIGEST.fullmatch(label):
        return bytes.fromhex(label[2:])
    data = label.encode("ascii", "replace")
    if label and (not label.isascii() or not _LABEL.fullmatch(data)):
        raise FormatError(f"{label!r} is not a label of at most 32 printable ASCII characters")
    return data.ljust(32, b"\x00")


def label_text(data: bytes) -> str:
    """The label in a word, or the word in hexadecimal where it holds none. Never fails: members write these freely."""
    text = data.rstrip(b"\x00")
    if not text or _LABEL.fullmatch(text):
        return text.decode("ascii")
    return hex_word(data)
