"""What opening a large update takes: whoever sends it decides how large it is, up to a gibibyte."""

from __future__ import annotations

import os
import tracemalloc

from orchestrator.envelope import Commitments, Context, generate_prekey, open_payload, seal
from orchestrator.types import ZERO_DIGEST, Address, OrganisationId, protected

SIZE = 24 << 20


def test_beside_the_payload_the_delta_is_in_memory_once() -> None:
    name = OrganisationId("aurora")
    context = Context(1337, Address("0x" + "ab" * 20), 1, name)
    delta = protected(os.urandom(SIZE), policy="none", samples=7, epsilon=0, parent_manifest=ZERO_DIGEST)
    sealed, secret = seal(delta, context, {name: generate_prekey()[1]})
    commitments = Commitments(sealed.ciphertext_digest, sealed.header_digest, sealed.content_commitment)
    tracemalloc.start()
    try:
        opened = open_payload(
            sealed.header, sealed.payload, secret.content_key, context=context, commitments=commitments
        )
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert opened.delta == delta.payload and opened.content_salt == secret.content_salt
    assert held < 1.1 * SIZE and peak < 1.4 * SIZE
