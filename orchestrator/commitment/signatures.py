"""Recovers who signed a digest, by the same rules as OpenZeppelin's ECDSA."""

from __future__ import annotations

from coincurve import PublicKey
from eth_hash.auto import keccak

from orchestrator.errors import FormatError
from orchestrator.ledger.words import address
from orchestrator.types import Address

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def recover(digest: bytes, signature: bytes) -> Address:
    """Address whose key signed ``digest``.

    Args:
        digest: the 32 bytes that were signed, such as :meth:`orchestrator.commitment.eip712.Domain.digest` gives.
        signature: r ‖ s ‖ v with v 27 or 28.

    Raises:
        FormatError: the signature is malformed, or its s is in the upper half, as contracts refuse it too.
    """
    if len(digest) != 32:
        raise FormatError(f"a signed digest has 32 bytes, not {len(digest)}")
    if len(signature) != 65 or signature[64] not in (27, 28):
        raise FormatError(f"not a 65-byte signature with v 27 or 28: 0x{signature[:65].hex()}")
    if int.from_bytes(signature[32:64], "big") > _ORDER // 2:
        raise FormatError("the signature's s is in the upper half of the group order")
    compact = signature[:64] + bytes([signature[64] - 27])
    try:
        key = PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except ValueError as error:  # coincurve's word for r or s out of range
        raise FormatError(f"no key can have made the signature 0x{signature.hex()}") from error
    return address_of(key.format(compressed=False))


def address_of(public_key: bytes) -> Address:
    """Address of an uncompressed public key: 65 bytes that start with 4."""
    if len(public_key) != 65 or public_key[0] != 4:
        raise FormatError("not an uncompressed public key")
    return address(keccak(public_key[1:])[12:])
