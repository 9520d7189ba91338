"""What an organisation states about its data: counts and provenance, nothing of the content."""

from __future__ import annotations

from typing import Any

from orchestrator.data.prepare import Dataset


def data_statement(dataset: Dataset, *, organisation: str) -> dict[str, Any]:
    """The ``loranchor/data-statement`` 1 object; its digest goes on the private chain with each update.

    The adversary setting is a role in an experiment and is not stated: an adversary would not state it either.
    """
    settings = dataset.settings
    return {
        "format": "loranchor/data-statement",
        "version": 1,
        "organisation": organisation,
        "source": settings.source,
        "shard": {key: _plain(value) for key, value in sorted(settings.shard.items())},
        "documents": dataset.documents,
        "training_samples": len(dataset.training),
        "validation_samples": len(dataset.validation),
        "split_seed": settings.seed,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, bool)):
        return value
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else str(value)
