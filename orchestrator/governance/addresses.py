"""Addresses as people copy them: in any case, and in mixed case with the right checksum (EIP-55)."""

from __future__ import annotations

from eth_hash.auto import keccak

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.words import address
from orchestrator.types import Address


def given_address(text: str, where: str) -> Address:
    """An address that somebody typed.

    Raises:
        ConfigurationError: it is none, or its checksum is wrong: a digit was lost or changed on the way.
    """
    try:
        found = address(text)
    except FormatError as error:
        mend = "give 0x and 40 hexadecimal digits"
        raise ConfigurationError(f"{where}: {text!r} is no address", mend=mend) from error
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper(), _checked(found)):
        raise ConfigurationError(f"{where}: the checksum of {text} is wrong", mend="copy the address again")
    return found


def _checked(lower: Address) -> str:
    """The digits with their checksum: a letter is upper case where the hash of the address says so."""
    digits = lower[2:]
    hashed = keccak(digits.encode()).hex()[:40]
    return "".join(char.upper() if int(nibble, 16) > 7 else char for char, nibble in zip(digits, hashed, strict=True))
