"""``loranchor/compaction`` 1: what a compacted object stands for, how exact it is, and how its bytes are sealed.

Its digest is what members propose and agree on, so that all of this is bound by the manifest's entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from orchestrator.ledger.canonical import Document
from orchestrator.ledger.covers import Cover
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.entities import Artefact
from orchestrator.ledger.reader import Reader
from orchestrator.types import Cid, Digest, OrganisationId

UNIT = 10**12
"""Relative differences are integers over it, as in the ``ArtefactRegistry``."""


@dataclass(frozen=True, slots=True)
class Content:
    """The sealed bytes.

    Attributes:
        cid: of the ciphertext. plaintext_size: of content salt and delta.
        key_commitment, content_commitment: as of a sealed update (docs/formats/envelope.md).
    """

    cid: Cid
    ciphertext_digest: Digest
    ciphertext_size: int
    plaintext_size: int
    chunk_size: int
    key_commitment: Digest
    content_commitment: Digest

    def document(self) -> Document:
        return {
            "cid": self.cid,
            "ciphertext_digest": self.ciphertext_digest,
            "ciphertext_size": self.ciphertext_size,
            "plaintext_size": self.plaintext_size,
            "chunk_size": self.chunk_size,
            "key_commitment": self.key_commitment,
            "content_commitment": self.content_commitment,
        }

    @classmethod
    def read(cls, reader: Reader) -> Content:
        found = cls(
            cid=Cid(reader.text("cid")),
            ciphertext_digest=reader.digest("ciphertext_digest"),
            ciphertext_size=reader.integer("ciphertext_size", least=1),
            plaintext_size=reader.integer("plaintext_size", least=1),
            chunk_size=reader.integer("chunk_size", least=1),
            key_commitment=reader.digest("key_commitment"),
            content_commitment=reader.digest("content_commitment"),
        )
        reader.end()
        return found


@dataclass(frozen=True, slots=True)
class Compaction(CanonicalObject):
    """A validated document.

    Attributes:
        organisation: who made the object. manifest: digest of the manifest that it stands for.
        round: the last one covered. count, entries_root: of the covered entries.
        rank: what modules were cut to; 0 where nothing was cut.
        error: ‖exact sum − object‖ / ‖exact sum‖, over :data:`UNIT`.
    """

    format = "loranchor/compaction"
    place = "compaction"
    organisation: OrganisationId
    manifest: Digest
    base: Digest
    round: int
    count: int
    entries_root: Digest
    rank: int
    error: int
    content: Content

    def members(self) -> Document:
        return {
            "organisation": self.organisation,
            "manifest": self.manifest,
            "base": self.base,
            "round": self.round,
            "count": self.count,
            "entries_root": self.entries_root,
            "rank": self.rank,
            "error": str(self.error),
            "content": self.content.document(),
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            organisation=reader.organisation("organisation"),
            manifest=reader.digest("manifest"),
            base=reader.digest("base"),
            round=reader.integer("round", least=1),
            count=reader.integer("count", least=1),
            entries_root=reader.digest("entries_root"),
            rank=reader.integer("rank"),
            error=reader.decimal("error"),
            content=Content.read(reader.inner("content")),
        )

    def names(self, artefact: Artefact, cover: Cover) -> bool:
        """Whether it says of itself what was proposed, and what that stands for."""
        prefix = cover.prefix
        return (
            self.organisation == artefact.organisation
            and self.manifest == artefact.subject == prefix.manifest
            and self.base == cover.task.base.digest
            and (self.round, self.count, self.entries_root) == (prefix.round, prefix.count, prefix.root)
        )
