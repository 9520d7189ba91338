"""What sealing and opening a large update take: whoever sends it decides how large it is, up to a gibibyte."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator

import pytest
from unit.envelope.samples import CONTEXT, delta_of, recipients

from orchestrator.envelope import Commitments, open_payload, seal

SIZE = 24 << 20


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def copies() -> float:
    """How many times the size was held at the most."""
    return tracemalloc.get_traced_memory()[1] / SIZE


def test_sealing_and_opening_make_one_copy_each(traced: None) -> None:
    delta = delta_of(os.urandom(SIZE))
    sealed, secret = seal(delta, CONTEXT, recipients())
    assert copies() < 2.4, "delta and payload"
    opened = open_payload(
        sealed.header, sealed.payload, secret.content_key, context=CONTEXT, commitments=Commitments.of(sealed)
    )
    assert copies() < 3.4, "and the delta once more"
    assert opened.delta == delta.payload and opened.content_salt == secret.content_salt
