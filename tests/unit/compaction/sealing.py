"""A sealed object and the document that proposes it."""

from __future__ import annotations

from unit.ledger.actors import AURORA, word_of

from orchestrator.compaction.document import Compaction
from orchestrator.compaction.sealed import Sealed, seal_pieces
from orchestrator.envelope import Context
from orchestrator.types import Address, Cid

CONTEXT = Context(1337, Address("0x" + "ab" * 20), 3, AURORA)
CID = Cid("Qm" + "a" * 44)


def sealed(data: bytes = b"object" * 100, chunk: int = 64) -> Sealed:
    return seal_pieces([data[:7], memoryview(data[7:300]), data[300:]], CONTEXT, chunk_size=chunk)


def document() -> Compaction:
    return Compaction(
        organisation=AURORA,
        manifest=word_of("manifest"),
        base=word_of("base"),
        round=3,
        count=9,
        entries_root=word_of("root"),
        rank=8,
        error=2**60,
        content=sealed().content(CID),
    )
