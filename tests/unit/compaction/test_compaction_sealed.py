"""Sealed objects open with their key, in their place, as they were; documents say what was proposed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.compaction.sealing import CID, CONTEXT, document, sealed
from unit.ledger.actors import BOREALIS, word_of

from orchestrator.compaction.document import Compaction, Content
from orchestrator.compaction.sealed import MissingKey, Sealed, SealedCompaction, seal_pieces
from orchestrator.envelope import Context
from orchestrator.errors import EnvelopeError, FormatError
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.types import Address, Digest


def reader(found: Sealed, content: Content | None = None, **changes: Any) -> SealedCompaction:
    told: dict[str, Any] = {"payload": found.payload, "content_key": found.secret.content_key, "context": CONTEXT}
    return SealedCompaction(content or found.content(CID), **{**told, **changes})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=90), min_size=1, max_size=8), st.integers(1, 200), st.data())
def test_what_is_sealed_opens(parts: list[bytes], chunk: int, data: st.DataObject) -> None:
    found, whole = seal_pieces(parts, CONTEXT, chunk_size=chunk), b"".join(parts)
    opened = reader(found)
    opened.verify()
    opened.prove()
    assert bytes(opened.open()) == whole and opened.size == len(whole)
    assert opened.salt() == found.secret.content_salt
    if whole:
        start = data.draw(st.integers(0, len(whole) - 1))
        end = data.draw(st.integers(start + 1, len(whole)))
        assert bytes(opened.read(start, end)) == whole[start:end]


def test_two_seals_of_one_object_share_nothing() -> None:
    one, other = sealed(), sealed()
    assert one.payload != other.payload and one.content_commitment != other.content_commitment


def test_another_key_is_a_missing_one() -> None:
    found, other = sealed(), sealed()
    for key in (other.secret.content_key, b"", found.secret.content_key[:31]):
        with pytest.raises(MissingKey):
            reader(found, content_key=key)


@pytest.mark.parametrize("place", [0, 9, 20, 90, -1])
def test_what_was_tampered_with_does_not_open(place: int) -> None:
    found = sealed()
    payload = bytearray(found.payload)
    payload[place] ^= 1
    opened = reader(found, payload=bytes(payload))
    with pytest.raises(EnvelopeError, match="the object has digest"):
        opened.verify()
    if place >= 15 or place == -1:
        with pytest.raises(EnvelopeError, match="tampered with"):
            opened.prove()


@pytest.mark.parametrize(
    "context",
    [
        replace(CONTEXT, round=4),
        replace(CONTEXT, organisation=BOREALIS),
        replace(CONTEXT, chain_id=1),
        replace(CONTEXT, ledger=Address("0x" + "00" * 20)),
    ],
)
def test_it_opens_in_its_place_alone(context: Context) -> None:
    with pytest.raises(EnvelopeError, match="tampered with"):
        reader(sealed(), context=context).open()


def test_sizes_that_contradict_are_refused() -> None:
    found = sealed()
    content = found.content(CID)
    for changes, message in (
        ({"ciphertext_size": content.ciphertext_size + 1}, "has not the size"),
        ({"plaintext_size": content.plaintext_size - 1}, "has not the size"),
        ({"plaintext_size": 5}, "sizes that no object has"),
        ({"chunk_size": 1 << 27}, "chunk size"),
        ({"plaintext_size": 1 << 40, "chunk_size": 1}, "sizes that no object has"),
    ):
        with pytest.raises(EnvelopeError, match=message):
            reader(found, replace(content, **changes))
    with pytest.raises(EnvelopeError, match="has not the size"):
        reader(found, payload=found.payload[:-1])


def test_another_content_than_was_committed_to_is_told() -> None:
    found = sealed()
    with pytest.raises(EnvelopeError, match="not the one committed to"):
        reader(found, replace(found.content(CID), content_commitment=word_of("other"))).prove()


def test_a_document_is_read_as_it_was_written() -> None:
    made = document()
    assert Compaction.from_bytes(made.to_bytes()) == made
    assert Compaction.from_bytes(made.to_bytes()).digest == made.digest
    assert made.document()["error"] == str(2**60)


@pytest.mark.parametrize(
    "changes",
    [
        {"surplus": 1},
        {"error": 5},
        {"error": "-1"},
        {"count": 0},
        {"manifest": "0x12"},
        {"organisation": "*"},
        {"content": {}},
        {"version": 2},
    ],
)
def test_what_is_no_document_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        Compaction.from_bytes(canonical_bytes({**document().document(), **changes}))


def test_the_digest_binds_rank_and_error() -> None:
    digests: set[Digest] = {document().digest}
    made = document()
    for changes in ({"rank": 9}, {"error": 1}, {"round": 4}):
        digests.add(replace(made, **changes).digest)
    assert len(digests) == 4
