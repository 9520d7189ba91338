"""The digest that a checkpoint names for the consortium: id, epoch, quorum and authorities. Delegates are not in it."""

from __future__ import annotations

from collections.abc import Sequence

from eth_abi.abi import encode
from eth_hash.auto import keccak

from orchestrator.commitment.eip712 import Seat, number, struct_hash
from orchestrator.ledger.entities import Members
from orchestrator.ledger.words import address_bytes, hex_word, organisation_word, word
from orchestrator.types import Digest

CONSORTIUM_TYPE = "Consortium(bytes32 consortiumId,uint64 epoch,uint8 quorum,bytes32 seatsHash)"


def consortium_digest(consortium_id: Digest, epoch: int, quorum: int, seats: Sequence[Seat]) -> Digest:
    """What the Consortium contracts compute; ``seats`` in member order."""
    rows = [(organisation_word(seat.organisation), address_bytes(seat.authority)) for seat in seats]
    seats_hash = keccak(encode(["(bytes32,address)[]"], [rows]))
    hashed = struct_hash(CONSORTIUM_TYPE, word(consortium_id), number(epoch, 64), number(quorum, 8), seats_hash)
    return hex_word(hashed)


def digest_of_members(consortium_id: Digest, members: Members) -> Digest:
    """The digest of a membership that follows from records; must equal ``members.consortium_digest``."""
    seats = [Seat(member.organisation, member.authority) for member in members.seats.values()]
    return consortium_digest(consortium_id, members.epoch, members.quorum, seats)
