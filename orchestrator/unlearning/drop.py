"""Drop: the revoked contributions leave the fold, nothing is trained."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.types import UpdateId


class Drop:
    """Removes the direct term exactly. What later contributions learnt on top of it stays in them."""

    name = "drop"
    limits = (
        "The fold is bit-identical to one that never had the dropped contributions. Contributions that were trained "
        "from a model that held them are listed as descendants and stay."
    )

    def leaving(
        self, live: Collection[UpdateId], revoked: Collection[UpdateId], descendants: Collection[UpdateId]
    ) -> frozenset[UpdateId]:
        return frozenset(live) & frozenset(revoked)
