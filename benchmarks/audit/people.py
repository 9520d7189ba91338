"""The members of a synthetic consortium: keys that follow from their names, and transactions that they really sign."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import rlp  # type: ignore[import-untyped]
from coincurve import PrivateKey
from eth_hash.auto import keccak

from orchestrator.chain.abi import PRIVATE, PUBLIC
from orchestrator.commitment.signatures import address_of
from orchestrator.ledger.canonical import sha256
from orchestrator.types import Address, Digest, OrganisationId

PUBLIC_CHAIN, PRIVATE_CHAIN = 31337, 1337
CONSORTIUM_ID = sha256(b"consortium of the benchmark")
GAS = 1_000_000


def contract(chain_id: int, name: str) -> Address:
    """Where a contract is; its name on the private chain tells it from that on the public one."""
    return Address("0x" + hashlib.sha256(f"{chain_id}/{name}".encode()).hexdigest()[:40])


CONTRACTS = {
    PUBLIC_CHAIN: {name: contract(PUBLIC_CHAIN, name) for name in sorted(PUBLIC)},
    PRIVATE_CHAIN: {name: contract(PRIVATE_CHAIN, name) for name in sorted(PRIVATE)},
}


@dataclass
class Signer:
    """A key with its address and its next nonce."""

    key: PrivateKey
    address: Address
    nonce: int = 0

    def sign(self, digest: bytes) -> bytes:
        """r ‖ s ‖ v of 32 bytes."""
        signature = self.key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])

    def send(self, to: Address | None, data: bytes) -> tuple[bytes, Digest]:
        """A raw transaction of type 2 for the private chain, and its hash."""
        target = b"" if to is None else bytes.fromhex(to[2:])
        body = [PRIVATE_CHAIN, self.nonce, 1, 2_000_000_000, GAS, target, 0, data, []]
        self.nonce += 1
        signature = self.key.sign_recoverable(keccak(b"\x02" + rlp.encode(body)), hasher=None)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        raw = b"\x02" + rlp.encode([*body, signature[64], r, s])
        return raw, Digest("0x" + keccak(raw).hex())


def signer(role: str, name: str) -> Signer:
    """The key of a role, by name."""
    key = PrivateKey(hashlib.sha256(f"{role}/{name}".encode()).digest())
    return Signer(key, address_of(key.public_key.format(compressed=False)))


@dataclass
class Person:
    """An organisation with both its keys."""

    name: OrganisationId
    authority: Signer = field(init=False)
    delegate: Signer = field(init=False)

    def __post_init__(self) -> None:
        self.authority, self.delegate = signer("authority", self.name), signer("delegate", self.name)


def people(count: int) -> list[Person]:
    """So many, in order of their names."""
    return [Person(OrganisationId(f"member-{number:02d}")) for number in range(count)]
