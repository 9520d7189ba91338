"""Sealed updates: round trips, and everything that must not open."""

from __future__ import annotations

import base64
import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.envelope.samples import (
    AURORA,
    BOREALIS,
    CHUNK,
    CONTEXT,
    MALLORY,
    delta_of,
    prekeys,
    recipients,
    recommit,
    sample,
)

from orchestrator.envelope import (
    Commitments,
    ContentSecret,
    Context,
    check_sealed,
    content_commitment,
    open_payload,
    parse_header,
    prekey_digest,
    seal,
    unwrap,
    usable_recipients,
)
from orchestrator.envelope.opening import _PREAMBLE
from orchestrator.envelope.prekeys import load_public
from orchestrator.envelope.sealing import HPKE_SUITE, wrap_info
from orchestrator.envelope.stream import TAG_SIZE
from orchestrator.errors import EnvelopeError
from orchestrator.ledger.canonical import canonical_bytes, sha256
from orchestrator.types import ZERO_DIGEST, OrganisationId, SealedUpdate


def opens(sealed: SealedUpdate, secret: ContentSecret, context: Context = CONTEXT) -> bytes:
    opened = open_payload(
        sealed.header, sealed.payload, secret.content_key, context=context, commitments=Commitments.of(sealed)
    )
    return opened.delta


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=500), st.sampled_from([1, 31, 32, 33, 64, 100, 1 << 20]))
def test_every_recipient_opens_what_was_sealed(delta: bytes, chunk_size: int) -> None:
    sealed, secret = seal(delta_of(delta), CONTEXT, recipients(), chunk_size=chunk_size)
    for name in (AURORA, BOREALIS):
        key = unwrap(sealed.header, name, prekeys()[name][0], context=CONTEXT, commitments=Commitments.of(sealed))
        assert key == secret.content_key
        opened = open_payload(sealed.header, sealed.payload, key, context=CONTEXT, commitments=Commitments.of(sealed))
        assert (opened.delta, opened.content_salt) == (delta, secret.content_salt)


def test_digests_and_sizes_are_as_documented() -> None:
    delta, sealed, secret = sample()
    header = check_sealed(sealed.header, sealed.payload, context=CONTEXT, commitments=Commitments.of(sealed))
    assert sealed.header_digest == sha256(sealed.header)
    assert sealed.ciphertext_digest == header.ciphertext_digest == sha256(sealed.payload)
    assert sealed.content_commitment == content_commitment(secret.content_salt, delta)
    assert header.plaintext_size == len(delta) + 32
    assert [r.organisation for r in header.recipients] == [AURORA, BOREALIS]
    assert {len(r.wrapped) for r in header.recipients} == {1168}
    assert header.to_bytes() == sealed.header
    assert (sealed.samples, sealed.parent_manifest) == (7, ZERO_DIGEST)


def test_two_seals_of_one_delta_share_nothing() -> None:
    first, second = (seal(delta_of(b"x" * 99), CONTEXT, recipients())[0] for _ in range(2))
    assert first.content_commitment != second.content_commitment
    assert first.payload[8:] != second.payload[8:]


@pytest.mark.parametrize("wrong", [b"bytes", object(), None])
def test_only_a_protected_delta_is_sealed(wrong: object) -> None:
    with pytest.raises(TypeError, match="ProtectedDelta"):
        seal(wrong, CONTEXT, recipients())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "keys", [{}, {AURORA: b""}, {AURORA: b"\xff" * 1216}, {AURORA: prekeys()[AURORA][1][:-32] + bytes(32)}]
)
def test_bad_recipients_are_refused(keys: dict[OrganisationId, bytes]) -> None:
    with pytest.raises(EnvelopeError):
        seal(delta_of(b"x"), CONTEXT, keys)


@settings(deadline=None)
@given(st.data())
def test_a_single_flipped_bit_in_the_payload_is_refused(data: st.DataObject) -> None:
    _, sealed, secret = sample()
    bit = data.draw(st.integers(0, len(sealed.payload) * 8 - 1))
    flipped = bytearray(sealed.payload)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EnvelopeError, match="tampered"):
        opens(dataclasses.replace(sealed, payload=bytes(flipped)), secret)
    with pytest.raises(EnvelopeError):
        opens(recommit(sealed, payload=bytes(flipped)), secret)


@settings(deadline=None)
@given(st.data())
def test_a_single_flipped_bit_in_the_header_is_refused(data: st.DataObject) -> None:
    _, sealed, secret = sample()
    bit = data.draw(st.integers(0, len(sealed.header) * 8 - 1))
    flipped = bytearray(sealed.header)
    flipped[bit // 8] ^= 1 << bit % 8
    changed = dataclasses.replace(sealed, header=bytes(flipped))
    with pytest.raises(EnvelopeError, match="header has digest"):
        opens(changed, secret)
    with pytest.raises(EnvelopeError, match="header has digest"):
        unwrap(changed.header, AURORA, prekeys()[AURORA][0], context=CONTEXT, commitments=Commitments.of(sealed))


@settings(deadline=None)
@given(st.binary(max_size=400) | st.text().map(str.encode))
def test_a_header_of_any_bytes_is_refused_cleanly(junk: bytes) -> None:
    with pytest.raises(EnvelopeError):
        parse_header(junk)


FIELDS = sorted(json.loads(sample()[1].header))
JUNK = st.sampled_from([None, "", 0, -1, [], {}, "0x00", True, 2**40, [{}], {"chain_id": 1}])


@settings(deadline=None)
@given(st.sampled_from(FIELDS), JUNK)
def test_a_header_with_an_odd_field_is_refused(field: str, junk: object) -> None:
    _, sealed, secret = sample()
    document = json.loads(sealed.header) | {field: junk}
    data = canonical_bytes(document)
    changed = dataclasses.replace(sealed, header=data, header_digest=sha256(data))
    with pytest.raises(EnvelopeError):
        opens(changed, secret)


def test_a_missing_field_and_an_unknown_version_are_named() -> None:
    document = json.loads(sample()[1].header)
    with pytest.raises(EnvelopeError, match="version 2 is unknown"):
        parse_header(canonical_bytes(document | {"version": 2}))
    with pytest.raises(EnvelopeError, match="suite 'rot13'"):
        parse_header(canonical_bytes(document | {"suite": "rot13"}))
    del document["key_commitment"]
    with pytest.raises(EnvelopeError, match="key_commitment"):
        parse_header(canonical_bytes(document))


@settings(deadline=None)
@given(st.data())
def test_any_truncation_is_refused(data: st.DataObject) -> None:
    _, sealed, secret = sample()
    length = data.draw(st.integers(0, len(sealed.payload) - 1))
    cut = sealed.payload[:length]
    with pytest.raises(EnvelopeError, match="truncated"):
        opens(dataclasses.replace(sealed, payload=cut), secret)
    with pytest.raises(EnvelopeError):
        opens(recommit(sealed, payload=cut), secret)


def chunks_of(payload: bytes) -> list[bytes]:
    body, step = payload[_PREAMBLE:], CHUNK + TAG_SIZE
    return [body[i : i + step] for i in range(0, len(body), step)]


@settings(deadline=None)
@given(st.permutations(range(6)).filter(lambda order: order != list(range(6))))
def test_any_reordering_is_refused(order: list[int]) -> None:
    _, sealed, secret = sample()
    chunks = chunks_of(sealed.payload)
    assert len(chunks) == 6
    payload = sealed.payload[:_PREAMBLE] + b"".join(chunks[i] for i in order)
    with pytest.raises(EnvelopeError, match="tampered"):
        opens(dataclasses.replace(sealed, payload=payload), secret)
    with pytest.raises(EnvelopeError):
        opens(recommit(sealed, payload=payload), secret)


@pytest.mark.parametrize("index", range(6))
def test_a_repeated_or_dropped_chunk_is_refused(index: int) -> None:
    _, sealed, secret = sample()
    chunks = chunks_of(sealed.payload)
    for altered in (chunks[: index + 1] + chunks[index:], chunks[:index] + chunks[index + 1 :]):
        payload = sealed.payload[:_PREAMBLE] + b"".join(altered)
        with pytest.raises(EnvelopeError):
            opens(recommit(sealed, payload=payload), secret)


@pytest.mark.parametrize(
    "change", [{"chain_id": 1}, {"ledger": "0x" + "cd" * 20}, {"round": 2}, {"organisation": BOREALIS}]
)
def test_another_context_is_refused(change: dict[str, object]) -> None:
    _, sealed, secret = sample()
    other = dataclasses.replace(CONTEXT, **change)  # type: ignore[arg-type]
    with pytest.raises(EnvelopeError, match="context"):
        opens(sealed, secret, other)
    with pytest.raises(EnvelopeError, match="context"):
        unwrap(sealed.header, AURORA, prekeys()[AURORA][0], context=other, commitments=Commitments.of(sealed))
    # even where the header is rewritten for the other context, neither the wrap nor the chunks open
    forged = recommit(sealed, header=canonical_bytes(json.loads(sealed.header) | {"context": other.document()}))
    with pytest.raises(EnvelopeError, match="does not open"):
        unwrap(forged.header, AURORA, prekeys()[AURORA][0], context=other, commitments=Commitments.of(forged))
    with pytest.raises(EnvelopeError, match="another key or context"):
        opens(forged, secret, other)


def test_a_stranger_opens_nothing() -> None:
    _, sealed, _ = sample()
    private, public = prekeys()[MALLORY]
    given_ = {"context": CONTEXT, "commitments": Commitments.of(sealed)}
    with pytest.raises(EnvelopeError, match="not sealed to mallory"):
        unwrap(sealed.header, MALLORY, private, **given_)  # type: ignore[arg-type]
    for name in (AURORA, BOREALIS):
        with pytest.raises(EnvelopeError, match="this one is"):
            unwrap(sealed.header, name, private, **given_)  # type: ignore[arg-type]
    document = json.loads(sealed.header)
    for entry in document["recipients"]:
        entry["prekey"] = prekey_digest(public)
    forged = recommit(sealed, header=canonical_bytes(document))
    for name in (AURORA, BOREALIS):
        with pytest.raises(EnvelopeError, match="does not open"):
            unwrap(forged.header, name, private, context=CONTEXT, commitments=Commitments.of(forged))


@pytest.mark.parametrize("private", [b"", bytes(95), bytes(97)])
def test_a_private_prekey_of_the_wrong_size_is_refused(private: bytes) -> None:
    _, sealed, _ = sample()
    with pytest.raises(EnvelopeError, match="96 bytes"):
        unwrap(sealed.header, AURORA, private, context=CONTEXT, commitments=Commitments.of(sealed))


def test_a_swapped_header_is_refused() -> None:
    delta, sealed, secret = sample()
    other, other_secret = seal(delta_of(delta), CONTEXT, recipients(), chunk_size=CHUNK)
    with pytest.raises(EnvelopeError, match="header has digest"):
        opens(dataclasses.replace(sealed, header=other.header), secret)
    with pytest.raises(EnvelopeError, match="payload"):
        opens(dataclasses.replace(sealed, header=other.header, header_digest=other.header_digest), other_secret)
    with pytest.raises(EnvelopeError, match="key commitment"):
        opens(sealed, other_secret)


def test_a_key_that_does_not_match_its_commitment_is_refused() -> None:
    """A sender who wraps different keys to different members: each sees that his is not the committed one."""
    _, sealed, secret = sample()
    document = json.loads(sealed.header)
    entry = document["recipients"][1]
    public = load_public(prekeys()[BOREALIS][1])
    wrapped = HPKE_SUITE.encrypt(bytes(32), public, wrap_info(CONTEXT, entry["prekey"]))
    entry["wrapped"] = base64.b64encode(wrapped).decode()
    forged = recommit(sealed, header=canonical_bytes(document))
    with pytest.raises(EnvelopeError, match="key commitment"):
        unwrap(forged.header, BOREALIS, prekeys()[BOREALIS][0], context=CONTEXT, commitments=Commitments.of(forged))
    with pytest.raises(EnvelopeError, match="32 bytes"):
        opens(sealed, dataclasses.replace(secret, content_key=b"short"))


def test_content_that_was_not_committed_to_is_refused() -> None:
    _, sealed, secret = sample()
    with pytest.raises(EnvelopeError, match="committed"):
        opens(dataclasses.replace(sealed, content_commitment=ZERO_DIGEST), secret)


def test_secrets_stay_out_of_representations() -> None:
    delta, sealed, secret = sample()
    opened = open_payload(
        sealed.header, sealed.payload, secret.content_key, context=CONTEXT, commitments=Commitments.of(sealed)
    )
    for text in (repr(secret), str(secret), repr(opened)):
        assert secret.content_key.hex() not in text
        assert repr(secret.content_key) not in text
        assert repr(secret.content_salt) not in text
        assert repr(delta) not in text


LOW_ORDER = [bytes(32), b"\x01" + bytes(31)]


@pytest.mark.parametrize("half", LOW_ORDER)
def test_a_point_of_low_order_is_no_recipient(half: bytes) -> None:
    """It is read as a key; only sealing to it fails, and so it would for every sender."""
    bad = prekeys()[MALLORY][1][:-32] + half
    load_public(bad)
    with pytest.raises(EnvelopeError, match="prekey of mallory is not a valid key"):
        seal(delta_of(b"delta"), CONTEXT, {**recipients(), MALLORY: bad})
    assert usable_recipients({**recipients(), MALLORY: bad}) == recipients()


@pytest.mark.parametrize("bad", [b"", b"no key", b"\xff" * 1216, b"\xff" * 4096])
def test_bytes_that_are_no_key_are_no_recipient(bad: bytes) -> None:
    assert usable_recipients({MALLORY: bad, **recipients()}) == recipients()


def test_a_payload_of_countless_chunks_is_not_opened() -> None:
    sealed, secret = seal(delta_of(bytes(1 << 16)), CONTEXT, recipients(), chunk_size=1)
    with pytest.raises(EnvelopeError, match="65568 chunks, at most 65536"):
        open_payload(
            sealed.header, sealed.payload, secret.content_key, context=CONTEXT, commitments=Commitments.of(sealed)
        )
