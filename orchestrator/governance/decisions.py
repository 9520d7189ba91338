"""What several keys decide together: the five decisions, as fields of a document and as the digest that is signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from orchestrator.commitment import eip712
from orchestrator.commitment.eip712 import Domain, MembershipChange, Pair, PauseChange, Seat
from orchestrator.errors import FormatError
from orchestrator.governance.seats import check_seats
from orchestrator.ledger import words
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.reader import Reader
from orchestrator.types import Address, Digest

SignerRole = Literal["authority", "delegate"]


class Kind(StrEnum):
    """Kinds of decisions, as documents name them."""

    MEMBERSHIP = "membership"
    PAUSE = "pause"
    AWARD_ROOT = "award-root"
    AWARD_VOID = "award-void"
    PAYOUT_CAP = "payout-cap"


@dataclass(frozen=True, slots=True)
class RootReplacement:
    """Another awards root for one checkpoint; zero pays nothing. ``contract``: the public chain's AwardDistributor."""

    chain_id: int
    contract: Address
    sequence: int
    previous_root: Digest
    root: Digest

    def digest(self) -> bytes:
        """What authorities sign."""
        domain = eip712.distributor_domain(self.chain_id, self.contract)
        return eip712.root_replacement_digest(domain, self.sequence, self.previous_root, self.root)


@dataclass(frozen=True, slots=True)
class AwardVoid:
    """Awards that are not paid; ``indices`` ascend, ``root`` is the one that they stand under at present."""

    chain_id: int
    contract: Address
    sequence: int
    root: Digest
    indices: tuple[int, ...]

    def digest(self) -> bytes:
        """What delegates sign."""
        domain = eip712.distributor_domain(self.chain_id, self.contract)
        return eip712.award_void_digest(domain, self.sequence, self.root, self.indices)


@dataclass(frozen=True, slots=True)
class PayoutCapChange:
    """Another cap on what one later round pays, in the token's smallest unit."""

    chain_id: int
    contract: Address
    previous_cap: int
    cap: int
    nonce: int

    def digest(self) -> bytes:
        """What authorities sign."""
        domain = eip712.distributor_domain(self.chain_id, self.contract)
        return eip712.payout_cap_digest(domain, self.previous_cap, self.cap, self.nonce)


Decision = MembershipChange | PauseChange | RootReplacement | AwardVoid | PayoutCapChange


def kind_of(decision: Decision) -> Kind:
    return next(kind for kind, (type_, _, _) in _KINDS.items() if isinstance(decision, type_))


def signed_by(kind: Kind) -> SignerRole:
    """Whose keys decide: everything but the voiding of awards belongs to the cold ones."""
    return "delegate" if kind is Kind.AWARD_VOID else "authority"


def fields_of(decision: Decision) -> Document:
    """The struct's fields by snake_case name; what is 256 bits wide is a decimal string. Proxies take it as it is."""
    write: Callable[[Any], Document] = _KINDS[kind_of(decision)][2]
    return write(decision)


def domain_of(decision: Decision) -> Document | None:
    """Chain and contract of the EIP-712 domain; None where the struct itself names both pairs."""
    if isinstance(decision, MembershipChange | PauseChange):
        return None
    return {"chain_id": str(decision.chain_id), "contract": decision.contract}


def read_decision(kind: Kind, change: Reader, domain: Reader | None) -> Decision:
    """Read what :func:`fields_of` and :func:`domain_of` wrote.

    Raises:
        FormatError: a member is missing, unknown or malformed, or no contract could ever take the decision.
    """
    where = None
    if domain is not None:
        where = Domain("LoRAnchor AwardDistributor", domain.decimal("chain_id"), read_address(domain, "contract"))
        domain.end()
    decision: Decision = _KINDS[kind][1](change, where)
    change.end()
    return decision


def has_domain(kind: Kind) -> bool:
    return kind not in (Kind.MEMBERSHIP, Kind.PAUSE)


def read_address(reader: Reader, name: str) -> Address:
    value = reader.text(name)
    if not words.ADDRESS.fullmatch(value):
        reader.bad(name, f"is {value!r}; 0x and 40 lower-case hexadecimal digits are expected")
    return Address(value)


def _pair_fields(pair: Pair) -> Document:
    return {
        "consortium_id": pair.consortium_id,
        "public_chain_id": str(pair.public_chain_id),
        "public_address": pair.public_address,
        "private_chain_id": str(pair.private_chain_id),
        "private_address": pair.private_address,
    }


def _read_pair(reader: Reader) -> Pair:
    return Pair(
        consortium_id=reader.digest("consortium_id"),
        public_chain_id=reader.decimal("public_chain_id"),
        public_address=read_address(reader, "public_address"),
        private_chain_id=reader.decimal("private_chain_id"),
        private_address=read_address(reader, "private_address"),
    )


def _membership_fields(change: MembershipChange) -> Document:
    seats = [{"organisation": seat.organisation, "authority": seat.authority} for seat in change.seats]
    return {**_pair_fields(change.pair), "epoch": change.epoch, "seats": seats, "quorum": change.quorum}


def _read_membership(reader: Reader, _: Domain | None) -> MembershipChange:
    rows = reader.take("seats")
    if not isinstance(rows, list):
        reader.bad("seats", "is not a list")
    seats = tuple(_read_seat(row, f"{reader.place}.seats[{place}]") for place, row in enumerate(rows))
    quorum = reader.integer("quorum", least=1, most=255)
    if problem := check_seats(seats, quorum):
        raise FormatError(f"{reader.place}: {problem}")
    return MembershipChange(_read_pair(reader), reader.integer("epoch", least=2), seats, quorum)


def _read_seat(row: object, place: str) -> Seat:
    reader = Reader(row, place)
    seat = Seat(reader.organisation("organisation"), read_address(reader, "authority"))
    reader.end()
    return seat


def _pause_fields(change: PauseChange) -> Document:
    own = {"epoch": change.epoch, "nonce": change.nonce, "paused": change.paused}
    return {**_pair_fields(change.pair), **own}


def _read_pause(reader: Reader, _: Domain | None) -> PauseChange:
    epoch, nonce = reader.integer("epoch", least=1), reader.integer("nonce")
    return PauseChange(_read_pair(reader), epoch, nonce, reader.flag("paused"))


def _root_fields(change: RootReplacement) -> Document:
    return {"sequence": change.sequence, "previous_root": change.previous_root, "root": change.root}


def _read_root(reader: Reader, domain: Domain | None) -> RootReplacement:
    sequence, previous = reader.integer("sequence", least=1), reader.digest("previous_root")
    return RootReplacement(*_where(domain), sequence, previous, reader.digest("root"))


def _void_fields(change: AwardVoid) -> Document:
    return {"sequence": change.sequence, "root": change.root, "indices": [str(index) for index in change.indices]}


def _read_void(reader: Reader, domain: Domain | None) -> AwardVoid:
    sequence, root = reader.integer("sequence", least=1), reader.digest("root")
    texts = reader.texts("indices", least=1)
    indices = tuple(Reader({str(place): text}, reader.place).decimal(str(place)) for place, text in enumerate(texts))
    if list(indices) != sorted(indices):
        reader.bad("indices", "is not in ascending order")
    return AwardVoid(*_where(domain), sequence, root, indices)


def _cap_fields(change: PayoutCapChange) -> Document:
    return {"previous_cap": str(change.previous_cap), "cap": str(change.cap), "nonce": change.nonce}


def _read_cap(reader: Reader, domain: Domain | None) -> PayoutCapChange:
    previous, cap = reader.decimal("previous_cap"), reader.decimal("cap")
    return PayoutCapChange(*_where(domain), previous, cap, reader.integer("nonce"))


def _where(domain: Domain | None) -> tuple[int, Address]:
    assert domain is not None and domain.chain_id is not None and domain.contract is not None  # read_decision gives it
    return domain.chain_id, domain.contract


_Codec = tuple[type[Any], Callable[[Reader, Domain | None], Any], Callable[[Any], Document]]
_KINDS: Mapping[Kind, _Codec] = {
    Kind.MEMBERSHIP: (MembershipChange, _read_membership, _membership_fields),
    Kind.PAUSE: (PauseChange, _read_pause, _pause_fields),
    Kind.AWARD_ROOT: (RootReplacement, _read_root, _root_fields),
    Kind.AWARD_VOID: (AwardVoid, _read_void, _void_fields),
    Kind.PAYOUT_CAP: (PayoutCapChange, _read_cap, _cap_fields),
}
