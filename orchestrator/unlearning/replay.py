"""Replay: what is revoked and all that was trained on top of it leave the fold, and those rounds are trained again."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.types import UpdateId


class Replay:
    """Nothing that saw a revoked contribution stays. Ordinary rounds take the place of those that were emptied; a
    training's seed follows from its ordinal in the lineage, so it draws what it would have drawn without them."""

    name = "replay"
    limits = (
        "The model is one that never saw the revoked contributions. Rounds that were emptied are trained again by "
        "whoever takes part: with the same members, data, device type and library versions bit for bit what a history "
        "without the revoked contributions had trained, else up to the training's own randomness."
    )

    def leaving(
        self, live: Collection[UpdateId], revoked: Collection[UpdateId], descendants: Collection[UpdateId]
    ) -> frozenset[UpdateId]:
        return frozenset(live) & (frozenset(revoked) | frozenset(descendants))
