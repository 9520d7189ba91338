"""A masked update as bytes: ``LORANSM1``, the header's size, a canonical header, the words (docs/formats/secagg.md).

The header is ``loranchor/secagg-masked`` 1. A member's weight is in it for all to see; its numbers are not.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import canonical_bytes, parse
from orchestrator.ledger.reader import Reader
from orchestrator.secagg.masks import Words, ring_type
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.terms import Terms
from orchestrator.types import Digest, OrganisationId

FORMAT = "loranchor/secagg-masked"
MAGIC = b"LORANSM1"
MOST_HEADER = 1 << 16
_SIZE = struct.Struct("<I")
_START = len(MAGIC) + _SIZE.size


@dataclass(frozen=True, slots=True)
class MaskedUpdate:
    """One member's masked update.

    Attributes:
        dealers: whose masks are in it, in ascending order, its own member among them.
        weight: what the member multiplied its numbers with.
        words: elements of the ring, ``terms.words`` of them.
    """

    session: Digest
    organisation: OrganisationId
    dealers: tuple[OrganisationId, ...]
    weight: int
    words: Words = field(repr=False, compare=False)

    def to_bytes(self) -> bytes:
        header = canonical_bytes(
            {
                "format": FORMAT,
                "version": 1,
                "session": self.session,
                "organisation": self.organisation,
                "dealers": list(self.dealers),
                "weight": self.weight,
            }
        )
        return b"".join((MAGIC, _SIZE.pack(len(header)), header, np.ascontiguousarray(self.words).data))

    @classmethod
    def from_bytes(cls, data: bytes, terms: Terms) -> MaskedUpdate:
        """Read one, and compare its size with the terms.

        Raises:
            SecaggRefused: BAD_FORMAT.
        """
        try:
            header, start = _header(data)
            document = parse(header, format=FORMAT)
            reader = Reader(document, "masked")
            session, name = reader.digest("session"), reader.organisation("organisation")
            dealers, weight = reader.organisations("dealers"), reader.integer("weight", least=1)
            reader.end()
        except FormatError as error:
            raise SecaggRefused(Reason.BAD_FORMAT, f"no masked update: {error.message}", mend=error.mend) from error
        dtype = ring_type(terms)
        if len(data) - start != terms.words * dtype.itemsize:
            found = len(data) - start
            raise SecaggRefused(Reason.BAD_FORMAT, f"{name} sent {found} bytes of words, not {terms.words} words")
        return cls(session, name, dealers, weight, np.frombuffer(data, dtype, offset=start))


def check_masked(
    terms: Terms, update: MaskedUpdate, sender: OrganisationId, dealers: tuple[OrganisationId, ...]
) -> None:
    """Refuse what would not cancel in the sum.

    Args:
        dealers: those that have dealt shares in time, as the chain tells, in ascending order.

    Raises:
        SecaggRefused: REPLAYED, FORGED, WRONG_DEALERS or OVERFLOW.
    """
    terms.check_session(update.session, f"the masked update of {update.organisation}")
    if update.organisation != sender:
        raise SecaggRefused(Reason.FORGED, f"{sender} recorded an update in the name of {update.organisation}")
    if update.dealers != dealers or sender not in dealers:
        raise SecaggRefused(
            Reason.WRONG_DEALERS,
            f"{sender} masked against {', '.join(update.dealers)}; {', '.join(dealers)} have dealt",
        )
    if not 1 <= update.weight <= terms.most_weight:
        raise SecaggRefused(Reason.OVERFLOW, f"{sender} has weight {update.weight}, at most {terms.most_weight}")


def _header(data: bytes) -> tuple[bytes, int]:
    if data[: len(MAGIC)] != MAGIC or len(data) < _START:
        raise FormatError(
            "the bytes are not a masked update of version 1", mend="upgrade LoRAnchor if others are newer"
        )
    (size,) = _SIZE.unpack_from(data, len(MAGIC))
    if size > MOST_HEADER or _START + size > len(data):
        raise FormatError(f"a header of {size} bytes, at most {MOST_HEADER} and within the object")
    return data[_START : _START + size], _START + size
