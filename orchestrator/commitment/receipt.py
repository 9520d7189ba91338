"""The shred receipt: one member's word that it destroyed keys and salts under a certificate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.types import Cid, Digest, OrganisationId, RequestId, UpdateId


def build_receipt(
    *,
    certificate: Digest,
    request_id: RequestId,
    organisation: OrganisationId,
    updates: Iterable[UpdateId],
    content_keys: int,
    content_salts: int,
    unpinned: Iterable[Cid],
) -> Document:
    """The canonical object of a receipt; updates and objects in any order."""
    objects = tuple(sorted(set(unpinned)))
    shredded = tuple(sorted(updates))
    receipt = Receipt(certificate, request_id, organisation, shredded, content_keys, content_salts, objects)
    return Receipt.from_document(receipt.document()).document()


@dataclass(frozen=True, slots=True)
class Receipt(CanonicalObject):
    """A validated receipt.

    Attributes:
        certificate: digest of the certificate it cites.
        updates: what was shredded, sorted.
        content_keys, content_salts: how many this member held and destroyed.
        unpinned: objects it no longer keeps, sorted.
    """

    format = "loranchor/shred-receipt"
    place = "receipt"
    certificate: Digest
    request_id: RequestId
    organisation: OrganisationId
    updates: tuple[UpdateId, ...]
    content_keys: int
    content_salts: int
    unpinned: tuple[Cid, ...]

    def members(self) -> Document:
        return {
            "certificate": self.certificate,
            "request_id": self.request_id,
            "organisation": self.organisation,
            "updates": sorted(self.updates),
            "destroyed": {"content_keys": self.content_keys, "content_salts": self.content_salts},
            "unpinned": sorted(self.unpinned),
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        destroyed = reader.inner("destroyed")
        found = cls(
            certificate=reader.digest("certificate"),
            request_id=RequestId(reader.digest("request_id")),
            organisation=reader.organisation("organisation"),
            updates=tuple(UpdateId(item) for item in reader.digests("updates", least=1)),
            content_keys=destroyed.integer("content_keys"),
            content_salts=destroyed.integer("content_salts"),
            unpinned=tuple(Cid(item) for item in reader.ascending("unpinned")),
        )
        destroyed.end()
        return found
