"""What an organisation states about its data: provenance and counts, nothing of the content."""

from __future__ import annotations

from typing import Any

from orchestrator.data.prepare import Dataset
from orchestrator.ledger.data_statement import Anonymised
from orchestrator.types import Digest


def data_statement(dataset: Dataset, *, organisation: str, key_lock: Digest | None = None) -> dict[str, Any]:
    """The ``loranchor/data-statement`` 1 object; its digest goes on the private chain with each update.

    Args:
        key_lock: fingerprint of the key-lock that the update was trained under, if it was.

    The adversary setting is a role in an experiment and is not stated: an adversary would not state it either.
    """
    settings = dataset.settings
    shard = ", ".join(f"{key} {value}" for key, value in sorted(settings.shard.items())) or "all"
    counts = (
        f"{dataset.documents} documents, {len(dataset.training)} training samples, "
        f"{len(dataset.validation)} held-out samples used"
    )
    return {
        "format": "loranchor/data-statement",
        "version": 1,
        "organisation": organisation,
        "provenance": f"{settings.provenance}; source {settings.source}, shard {shard}; {counts}",
        "permission": settings.permission,
        "sensitivity": settings.sensitivity,
        **({} if key_lock is None else {"key_lock": key_lock}),
        **settings.declared.members(),
        **_anonymised(dataset),
    }


def _anonymised(dataset: Dataset) -> dict[str, Any]:
    done = dataset.anonymiser
    if done is None:
        return {}
    told = Anonymised(done.settings.operator, done.changed, dict(sorted(done.found.items())))
    return {"anonymised": told.members()}
