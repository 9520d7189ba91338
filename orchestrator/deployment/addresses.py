"""Addresses of contracts before they exist."""

from __future__ import annotations

from eth_utils.crypto import keccak


def created_address(sender: str, nonce: int) -> str:
    """The address of the contract that a transaction creates: keccak of the RLP list [sender, nonce]."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = number if len(number) == 1 and number[0] < 0x80 else bytes([0x80 + len(number)]) + number
    body = b"\x94" + bytes.fromhex(sender[2:]) + encoded
    return "0x" + keccak(bytes([0xC0 + len(body)]) + body)[12:].hex()
