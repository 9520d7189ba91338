"""A sealed masked update as one object: header and payload of an ordinary seal, with what opens them in front.

An ordinary update has header and payload apart, and the private chain records their digests and the content's
commitment. The ``ArtefactRegistry`` records one digest, so here all of it is in one object that this digest is of.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from orchestrator.envelope import Commitments
from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.words import hex_word, word
from orchestrator.types import SealedUpdate

MAGIC = b"LORANSP1"
MOST_HEADER = 1 << 20
_SIZE = struct.Struct("<I")
_COMMITMENT = 32
_START = len(MAGIC) + _COMMITMENT + _SIZE.size


class Unpacked(NamedTuple):
    """What an object holds; the digests are those of its own bytes."""

    header: bytes
    payload: bytes
    commitments: Commitments


def packed(sealed: SealedUpdate) -> bytes:
    """``LORANSP1`` ‖ content commitment (32) ‖ size of the header (4, little-endian) ‖ header ‖ payload."""
    front = MAGIC + word(sealed.content_commitment) + _SIZE.pack(len(sealed.header))
    return b"".join((front, sealed.header, sealed.payload))


def unpacked(data: bytes) -> Unpacked:
    """The parts of an object.

    Raises:
        EnvelopeError: the bytes are none.
    """
    if data[: len(MAGIC)] != MAGIC or len(data) < _START:
        raise EnvelopeError("the bytes are no sealed masked update of version 1")
    (size,) = _SIZE.unpack_from(data, _START - _SIZE.size)
    if size > MOST_HEADER or _START + size > len(data):
        raise EnvelopeError(f"a header of {size} bytes, at most {MOST_HEADER} and within the object")
    header, payload = data[_START : _START + size], data[_START + size :]
    content = hex_word(data[len(MAGIC) : len(MAGIC) + _COMMITMENT])
    return Unpacked(header, payload, Commitments(sha256(payload), sha256(header), content))
