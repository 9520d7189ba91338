"""The revocation request: who wants which contributions out of the model, why and how. Its digest goes on chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.entities import Mode
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId, UpdateId


@dataclass(frozen=True, slots=True)
class RevocationRequest(CanonicalObject):
    """A validated request.

    Attributes:
        updates: the contributions, sorted. reason: label of at most 32 ASCII characters.
        statement: the reason in full; may be empty.
        samples: salted commitments of the samples that it is about, sorted; none where it is about whole contributions.
            The member ``samples`` is optional, so that requests without it keep their digests.
    """

    format = "loranchor/request"
    place = "request"
    organisation: OrganisationId
    updates: tuple[UpdateId, ...]
    reason: str
    mode: Mode
    urgent: bool
    statement: str = ""
    samples: tuple[Digest, ...] = ()

    def members(self) -> Document:
        return {
            "organisation": self.organisation,
            "updates": sorted(self.updates),
            "reason": self.reason,
            "mode": self.mode.value,
            "urgent": self.urgent,
            "statement": self.statement,
            **({"samples": sorted(self.samples)} if self.samples else {}),
        }

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(
            organisation=reader.organisation("organisation"),
            updates=tuple(UpdateId(item) for item in reader.digests("updates", least=1)),
            reason=reader.label("reason"),
            mode=Mode(reader.choice("mode", set(Mode))),
            urgent=reader.flag("urgent"),
            statement=reader.text("statement", empty=True),
            samples=reader.digests("samples", least=1) if reader.has("samples") else (),
        )
