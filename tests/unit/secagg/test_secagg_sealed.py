"""A sealed masked update as one object, and bytes that are none."""

from __future__ import annotations

import pytest
from unit.secagg.secagg_world import LEDGER, names, prekey

from orchestrator.envelope import Commitments, Context, open_payload, seal, unwrap
from orchestrator.errors import EnvelopeError
from orchestrator.secagg.sealed import MAGIC, packed, unpacked
from orchestrator.types import ZERO_DIGEST, SealedUpdate, protected

CONTEXT = Context(1337, LEDGER, 1, names(1)[0])


@pytest.fixture(scope="module")
def sealed() -> SealedUpdate:
    (name,) = names(1)
    delta = protected(b"words" * 9, policy="secagg", samples=1, epsilon=0, parent_manifest=ZERO_DIGEST)
    return seal(delta, CONTEXT, {name: prekey(name)[1]})[0]


def test_what_was_packed_opens_again(sealed: SealedUpdate) -> None:
    (name,) = names(1)
    header, payload, commitments = unpacked(packed(sealed))
    assert commitments == Commitments.of(sealed)
    key = unwrap(header, name, prekey(name)[0], context=CONTEXT, commitments=commitments)
    assert open_payload(header, payload, key, context=CONTEXT, commitments=commitments).delta == b"words" * 9


def test_another_commitment_in_front_is_noticed(sealed: SealedUpdate) -> None:
    (name,) = names(1)
    data = bytearray(packed(sealed))
    data[len(MAGIC)] ^= 1
    header, payload, commitments = unpacked(bytes(data))
    key = unwrap(header, name, prekey(name)[0], context=CONTEXT, commitments=commitments)
    with pytest.raises(EnvelopeError, match="not the one committed to"):
        open_payload(header, payload, key, context=CONTEXT, commitments=commitments)


@pytest.mark.parametrize("cut", [0, 7, 40, 43, 60])
def test_cut_bytes_are_none(sealed: SealedUpdate, cut: int) -> None:
    with pytest.raises(EnvelopeError):
        unpacked(packed(sealed)[:cut])


def test_a_header_larger_than_any_is_none(sealed: SealedUpdate) -> None:
    start = len(MAGIC) + 32
    data = packed(sealed)
    with pytest.raises(EnvelopeError, match="a header of 4294967295 bytes"):
        unpacked(data[:start] + b"\xff" * 4 + data[start + 4 :])
