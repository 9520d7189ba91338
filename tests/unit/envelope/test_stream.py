"""The chunk stream by itself, where no digest catches a change first."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.envelope.stream import open_chunks, seal_chunks, slices
from orchestrator.errors import EnvelopeError

KEY, PREFIX, CONTEXT = b"k" * 32, b"p" * 7, b"c" * 32


def sealed(count: int = 5, size: int = 16) -> list[bytes]:
    return list(seal_chunks(slices(bytes(range(count * size)), size), KEY, PREFIX, CONTEXT))


@given(st.binary(max_size=300), st.integers(1, 64))
def test_round_trip(data: bytes, size: int) -> None:
    chunks = list(seal_chunks(slices(data, size), KEY, PREFIX, CONTEXT))
    assert b"".join(open_chunks(chunks, KEY, PREFIX, CONTEXT)) == data


def test_chunks_come_out_one_by_one() -> None:
    taken: list[int] = []

    def source() -> object:
        for index, chunk in enumerate(sealed()):
            taken.append(index)
            yield chunk

    stream = open_chunks(source(), KEY, PREFIX, CONTEXT)  # type: ignore[arg-type]
    assert next(stream) == bytes(range(16))
    assert taken == [0, 1]


@pytest.mark.parametrize("kept", range(5))
def test_truncation_between_chunks_is_named(kept: int) -> None:
    with pytest.raises(EnvelopeError, match=f"truncated after chunk {kept - 1}" if kept else "chunk 0"):
        list(open_chunks(sealed()[:kept], KEY, PREFIX, CONTEXT))


def test_reordering_repetition_and_appending_are_named() -> None:
    chunks = sealed()
    swapped = [chunks[0], chunks[2], chunks[1], *chunks[3:]]
    with pytest.raises(EnvelopeError, match="chunk 2 stands in place 1"):
        list(open_chunks(swapped, KEY, PREFIX, CONTEXT))
    with pytest.raises(EnvelopeError, match="chunk 1 stands in place 2"):
        list(open_chunks([*chunks[:2], *chunks[1:]], KEY, PREFIX, CONTEXT))
    with pytest.raises(EnvelopeError, match="goes on after chunk 4"):
        list(open_chunks([*chunks, b"more"], KEY, PREFIX, CONTEXT))


@settings(max_examples=200)
@given(st.lists(st.sampled_from(sealed()), max_size=7).filter(lambda chosen: chosen != sealed()))
def test_only_the_whole_sequence_opens(chosen: list[bytes]) -> None:
    with pytest.raises(EnvelopeError):
        list(open_chunks(chosen, KEY, PREFIX, CONTEXT))


@pytest.mark.parametrize(
    ("key", "prefix", "context"),
    [(b"x" * 32, PREFIX, CONTEXT), (KEY, b"x" * 7, CONTEXT), (KEY, PREFIX, b"x" * 32)],
)
def test_another_key_prefix_or_context_is_named(key: bytes, prefix: bytes, context: bytes) -> None:
    with pytest.raises(EnvelopeError, match="chunk 0 of the payload was tampered with, or sealed under another key"):
        list(open_chunks(sealed(), key, prefix, context))
