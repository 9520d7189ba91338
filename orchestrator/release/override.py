"""A quorum's word that a model goes out although its report fails, and why; and what the records say of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.entities import Artefact, LedgerState
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest

REPORT_KIND, OVERRIDE_KIND, WITHDRAWAL_KIND = "release-report", "release-override", "release-withdrawal"
KINDS = (REPORT_KIND, OVERRIDE_KIND, WITHDRAWAL_KIND)
"""What the ``ArtefactRegistry`` calls these objects. Subject of an override is its report, of the others a manifest."""


@dataclass(frozen=True, slots=True)
class ReleaseOverride(CanonicalObject):
    """A validated override.

    Attributes:
        manifest: of the model. report: digest of the report that fails; no other is overridden.
        reason: one sentence, for whoever asks later.
    """

    format = "loranchor/release-override"
    place = "release_override"
    manifest: Digest
    report: Digest
    reason: str

    def members(self) -> dict[str, object]:
        return {"manifest": self.manifest, "report": self.report, "reason": self.reason}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.digest("manifest"), reader.digest("report"), reader.text("reason"))


def recorded(state: LedgerState) -> tuple[Artefact, ...]:
    """Proposed reports, overrides and withdrawals, in the order of the records."""
    found = (item for item in state.artefacts.values() if item.kind in KINDS)
    return tuple(sorted(found, key=lambda item: item.proposed))


def agreed_report(state: LedgerState, manifest: Digest, report: Digest) -> Artefact | None:
    """The record by which a quorum stands behind a report of a manifest."""
    return _agreed(state, REPORT_KIND, manifest, report)


def agreed_override(state: LedgerState, report: Digest) -> Artefact | None:
    """The record by which a quorum overrides a failing report."""
    return _agreed(state, OVERRIDE_KIND, report)


def agreed_withdrawal(state: LedgerState, manifest: Digest) -> Artefact | None:
    """The record by which a quorum withdrew the model of a manifest; it stays withdrawn."""
    return _agreed(state, WITHDRAWAL_KIND, manifest)


def _agreed(state: LedgerState, kind: str, subject: Digest, digest: Digest | None = None) -> Artefact | None:
    """The first: later ones change nothing."""
    return next(
        (
            item
            for item in recorded(state)
            if (item.kind, item.subject) == (kind, subject)
            and digest in (None, item.digest)
            and item.agreed is not None
        ),
        None,
    )
