"""What opening a large update takes: whoever sends it decides how large it is, up to a gibibyte."""

from __future__ import annotations

import os
import tracemalloc

from unit.envelope.samples import CONTEXT, delta_of, recipients

from orchestrator.envelope import Commitments, open_payload, seal

SIZE = 24 << 20


def test_beside_the_payload_the_delta_is_in_memory_once() -> None:
    delta = delta_of(os.urandom(SIZE))
    sealed, secret = seal(delta, CONTEXT, recipients())
    commitments = Commitments.of(sealed)
    tracemalloc.start()
    try:
        opened = open_payload(
            sealed.header, sealed.payload, secret.content_key, context=CONTEXT, commitments=commitments
        )
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert opened.delta == delta.payload and opened.content_salt == secret.content_salt
    assert held < 1.1 * SIZE and peak < 1.4 * SIZE
