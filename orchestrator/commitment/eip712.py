"""EIP-712 digests of everything that delegates and authorities sign.

Only what our structs need is here: static fields of 32 bytes each, and one list of structs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from eth_hash.auto import keccak

from orchestrator.errors import FormatError
from orchestrator.ledger.words import address_bytes, organisation_word, word
from orchestrator.types import Address, Digest, OrganisationId

SEAT_TYPE = "Seat(bytes32 organisation,address authority)"
MEMBERSHIP_CHANGE_TYPE = (
    "MembershipChange(bytes32 consortiumId,uint256 publicChainId,address publicAddress,uint256 privateChainId,"
    "address privateAddress,uint64 epoch,Seat[] seats,uint8 quorum)" + SEAT_TYPE
)
PAUSE_CHANGE_TYPE = (
    "PauseChange(bytes32 consortiumId,uint256 publicChainId,address publicAddress,uint256 privateChainId,"
    "address privateAddress,uint64 epoch,uint64 nonce,bool paused)"
)
ROOT_REPLACEMENT_TYPE = "RootReplacement(uint64 sequence,bytes32 previousRoot,bytes32 root)"
AWARD_VOID_TYPE = "AwardVoid(uint64 sequence,bytes32 root,bytes32 indicesHash)"
PAYOUT_CAP_CHANGE_TYPE = "PayoutCapChange(uint256 previousCap,uint256 cap,uint64 nonce)"


def number(value: int, bits: int = 256) -> bytes:
    """An unsigned integer as 32 bytes; refuses one that its type cannot hold."""
    if not 0 <= value < 1 << bits:
        raise FormatError(f"{value} does not fit in uint{bits}")
    return value.to_bytes(32, "big")


def account(value: str) -> bytes:
    """An address as 32 bytes."""
    return bytes(12) + address_bytes(value)


def struct_hash(type_: str, *fields: bytes) -> bytes:
    """hashStruct: the type's hash, then each field as 32 bytes."""
    if any(len(field) != 32 for field in fields):
        raise ValueError("a field is not 32 bytes long")
    return keccak(_type_hash(type_) + b"".join(fields))


@lru_cache(maxsize=64)
def _type_hash(type_: str) -> bytes:
    return keccak(type_.encode("ascii"))


class TypedDigest(bytes):
    """The 32 bytes that are signed, which know what they are the hash of: a signer elsewhere hashes for itself.

    Attributes:
        message: 19 01, the domain's separator and the struct's hash.
    """

    message: bytes

    def __new__(cls, message: bytes) -> TypedDigest:
        digest = super().__new__(cls, keccak(message))
        digest.message = message
        return digest


@dataclass(frozen=True, slots=True)
class Domain:
    """An EIP-712 domain with version 1; chain id and contract are left out where both are None."""

    name: str
    chain_id: int | None = None
    contract: Address | None = None

    @property
    def separator(self) -> bytes:
        return _separator(self)

    def digest(self, hashed: bytes) -> TypedDigest:
        """The 32 bytes to sign for a struct's hash."""
        return TypedDigest(b"\x19\x01" + self.separator + hashed)


@lru_cache(maxsize=64)
def _separator(domain: Domain) -> bytes:
    """Kept: who checks a history needs one domain's a hundred thousand times."""
    fields = [keccak(domain.name.encode()), keccak(b"1")]
    if domain.chain_id is None or domain.contract is None:
        return struct_hash("EIP712Domain(string name,string version)", *fields)
    type_ = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    return struct_hash(type_, *fields, number(domain.chain_id), account(domain.contract))


CONSORTIUM_DOMAIN = Domain("LoRAnchor Consortium")
"""Without chain and contract: the structs name both pairs, so that one signature serves both chains."""


def anchor_domain(chain_id: int, contract: Address) -> Domain:
    """Domain of checkpoints: the public chain's CheckpointAnchor."""
    return Domain("LoRAnchor CheckpointAnchor", chain_id, contract)


def distributor_domain(chain_id: int, contract: Address) -> Domain:
    """Domain of root replacements, voids and caps: the public chain's AwardDistributor."""
    return Domain("LoRAnchor AwardDistributor", chain_id, contract)


def revocation_domain(chain_id: int, contract: Address) -> Domain:
    """Domain of certificate endorsements: the private chain's RevocationLedger."""
    return Domain("LoRAnchor RevocationLedger", chain_id, contract)


@dataclass(frozen=True, slots=True)
class Seat:
    """An organisation and its authority."""

    organisation: OrganisationId
    authority: Address

    def struct_hash(self) -> bytes:
        return struct_hash(SEAT_TYPE, organisation_word(self.organisation), account(self.authority))


@dataclass(frozen=True, slots=True)
class Pair:
    """The two Consortium contracts of one consortium."""

    consortium_id: Digest
    public_chain_id: int
    public_address: Address
    private_chain_id: int
    private_address: Address

    def fields(self) -> tuple[bytes, ...]:
        return (
            word(self.consortium_id),
            number(self.public_chain_id),
            account(self.public_address),
            number(self.private_chain_id),
            account(self.private_address),
        )


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """A new membership; ``epoch`` is the new one, ``seats`` those that stay in their order, then the new ones."""

    pair: Pair
    epoch: int
    seats: tuple[Seat, ...]
    quorum: int

    def digest(self) -> bytes:
        """What authorities sign."""
        seats = keccak(b"".join(seat.struct_hash() for seat in self.seats))
        fields = (*self.pair.fields(), number(self.epoch, 64), seats, number(self.quorum, 8))
        return CONSORTIUM_DOMAIN.digest(struct_hash(MEMBERSHIP_CHANGE_TYPE, *fields))


@dataclass(frozen=True, slots=True)
class PauseChange:
    """A pause or a resumption in the present epoch."""

    pair: Pair
    epoch: int
    nonce: int
    paused: bool

    def digest(self) -> bytes:
        """What authorities sign."""
        fields = (*self.pair.fields(), number(self.epoch, 64), number(self.nonce, 64), number(int(self.paused)))
        return CONSORTIUM_DOMAIN.digest(struct_hash(PAUSE_CHANGE_TYPE, *fields))


def root_replacement_digest(domain: Domain, sequence: int, previous_root: Digest, root: Digest) -> bytes:
    """What authorities sign to replace an awards root."""
    return domain.digest(struct_hash(ROOT_REPLACEMENT_TYPE, number(sequence, 64), word(previous_root), word(root)))


def award_void_digest(domain: Domain, sequence: int, root: Digest, indices: Sequence[int]) -> bytes:
    """What delegates sign to void awards under the present root, in the order in which the contract gets them."""
    packed = keccak(b"".join(number(index) for index in indices))
    return domain.digest(struct_hash(AWARD_VOID_TYPE, number(sequence, 64), word(root), packed))


def payout_cap_digest(domain: Domain, previous_cap: int, cap: int, nonce: int) -> bytes:
    """What authorities sign to change the payout cap."""
    return domain.digest(struct_hash(PAYOUT_CAP_CHANGE_TYPE, number(previous_cap), number(cap), number(nonce, 64)))
