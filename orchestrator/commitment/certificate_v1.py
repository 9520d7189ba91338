"""Certificates of version 1, as the first release made them: those that were certified then stay checkable.

Nothing endorses one any more (docs/decisions/0038).
"""

from __future__ import annotations

from orchestrator.ledger.canonical import Document
from orchestrator.ledger.entities import Revocation
from orchestrator.types import Digest

NOT_EVALUATED = ("retrained_reference", "relearning", "membership")
LIMITS = (
    "Whoever opened an update before its keys were destroyed may have kept it; this certificate cannot reach that.",
    "Contributions listed as descendants were trained on top of the revoked ones and may hold traces of them.",
    "The figures are the members' own, on data that stays with them; nobody else can measure them again.",
    "Objects that other parties copied from IPFS stay readable for them only as far as they hold the keys.",
)


def certificate_v1(
    revocation: Revocation,
    *,
    consortium_id: Digest,
    chain_id: int | None,
    before: Digest,
    after: Digest,
    descendants: tuple[str, ...],
) -> Document:
    """The object that members endorsed; of mode ``drop`` alone."""
    return {
        "format": "loranchor/certificate",
        "version": 1,
        "consortium_id": consortium_id,
        "private_chain_id": chain_id,
        "request_id": revocation.id,
        "request": {
            "organisation": revocation.organisation,
            "reason": revocation.reason,
            "mode": revocation.mode.value,
            "updates": sorted(revocation.updates),
            "digest": revocation.request_digest,
        },
        "lineage": {"descendants": list(descendants)},
        "manifest": {"before": before, "after": after},
        "results": _results(revocation),
        "not_evaluated": list(NOT_EVALUATED),
        "limits": list(LIMITS),
    }


def _results(revocation: Revocation) -> list[Document]:
    return [
        {
            "organisation": organisation,
            "metric": figures.metric,
            "before": figures.before,
            "after": figures.after,
            "samples": figures.samples,
        }
        for organisation, figures in sorted(revocation.verifications.items())
        if revocation.verified is None or figures.recorded < revocation.verified
    ]
