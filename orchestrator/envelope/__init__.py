"""Sealed updates: only the members of a round can open them, and only what the chain recorded opens.

Format: docs/formats/envelope.md. Every failure is an :class:`orchestrator.errors.EnvelopeError` that names what it is.
"""

from orchestrator.envelope.catch_up import CatchUpContext, open_catch_up, seal_catch_up
from orchestrator.envelope.header import Commitments, Context, Header, Recipient, parse_header, read_header
from orchestrator.envelope.opening import Opened, check_sealed, open_payload, unwrap
from orchestrator.envelope.prekeys import generate_prekey, prekey_digest
from orchestrator.envelope.sealing import ContentSecret, content_commitment, key_commitment, seal, usable_recipients

__all__ = [
    "CatchUpContext",
    "Commitments",
    "ContentSecret",
    "Context",
    "Header",
    "Opened",
    "Recipient",
    "check_sealed",
    "content_commitment",
    "generate_prekey",
    "key_commitment",
    "open_catch_up",
    "open_payload",
    "parse_header",
    "prekey_digest",
    "read_header",
    "seal",
    "seal_catch_up",
    "unwrap",
    "usable_recipients",
]
