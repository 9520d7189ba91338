"""Reading parts of a sealed update gives the bytes that opening the whole gives, and nothing that is not genuine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.envelope.samples import CHUNK, CONTEXT, delta_of, recipients, recommit, sample

from orchestrator.envelope import Commitments, ContentSecret, seal
from orchestrator.envelope.access import SealedPayload
from orchestrator.errors import EnvelopeError
from orchestrator.types import SealedUpdate


def access(sealed: SealedUpdate, secret: ContentSecret) -> SealedPayload:
    return SealedPayload(
        sealed.header, sealed.payload, secret.content_key, context=CONTEXT, commitments=Commitments.of(sealed)
    )


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=400), st.sampled_from([1, 31, 32, 33, 64, 1 << 20]), st.data())
def test_any_part_is_that_part(delta: bytes, chunk_size: int, data: st.DataObject) -> None:
    sealed, secret = seal(delta_of(delta), CONTEXT, recipients(), chunk_size=chunk_size)
    payload = access(sealed, secret)
    payload.verify()
    payload.prove()
    assert payload.open() == delta
    assert payload.size == len(delta)
    start = data.draw(st.integers(0, len(delta) - 1))
    end = data.draw(st.integers(start + 1, len(delta)))
    part = payload.read(start, end)
    assert part == delta[start:end]
    assert not part.readonly, "a tensor may be a view of it"


def test_a_buffer_is_used_again() -> None:
    delta, sealed, secret = sample()
    payload = access(sealed, secret)
    buffer = memoryview(bytearray(payload.room + 100))
    assert payload.open(buffer) == delta
    assert bytes(buffer[32 : 32 + len(delta)]) == delta
    payload.close()


def test_tampering_is_found_in_every_way_of_reading() -> None:
    _, sealed, secret = sample()
    broken = bytearray(sealed.payload)
    broken[100] ^= 1
    with pytest.raises(EnvelopeError, match="tampered"):
        changed = recommit(sealed, payload=bytes(broken))
        access(changed, secret).open()
    with pytest.raises(EnvelopeError, match="chunk 1"):
        access(changed, secret).read(CHUNK, 2 * CHUNK)
    with pytest.raises(EnvelopeError, match="tampered"):
        SealedPayload(
            sealed.header, broken, secret.content_key, context=CONTEXT, commitments=Commitments.of(sealed)
        ).verify()
    assert access(changed, secret).read(0, 16), "other chunks are genuine"


def test_chunks_out_of_place_do_not_open() -> None:
    _, sealed, secret = sample()
    step, start = CHUNK + 16, 15
    payload = bytearray(sealed.payload)
    payload[start : start + step], payload[start + step : start + 2 * step] = (
        sealed.payload[start + step : start + 2 * step],
        sealed.payload[start : start + step],
    )
    with pytest.raises(EnvelopeError, match="out of its place"):
        access(recommit(sealed, payload=bytes(payload)), secret).read(0, 16)


@pytest.mark.parametrize("cut", [1, CHUNK, -3])
def test_another_size_is_refused_before_anything_is_allocated(cut: int) -> None:
    _, sealed, secret = sample()
    payload = sealed.payload[:-cut] if cut > 0 else sealed.payload + b"abc"
    with pytest.raises(EnvelopeError, match="size"):
        access(recommit(sealed, payload=payload), secret)


def test_another_key_and_another_content_are_refused() -> None:
    _, sealed, secret = sample()
    with pytest.raises(EnvelopeError, match="wrong key"):
        access(sealed, ContentSecret(bytes(32), secret.content_salt))
    other = Commitments(sealed.ciphertext_digest, sealed.header_digest, sealed.header_digest)
    payload = SealedPayload(sealed.header, sealed.payload, secret.content_key, context=CONTEXT, commitments=other)
    payload.verify()
    for way in (payload.open, payload.prove):
        with pytest.raises(EnvelopeError, match="committed"):
            way()
