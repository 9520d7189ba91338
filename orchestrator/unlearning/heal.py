"""Heal: the revoked contributions leave the fold, the weights are hardened, and rounds of recovery follow."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.types import UpdateId


class Heal:
    """Removes the direct term as :mod:`orchestrator.unlearning.drop` does. Where the task that governs names a
    hardening, its noise joins the manifest; what the noise costs, ordinary rounds win back."""

    name = "heal"
    limits = (
        "Contributions that were trained from a model that held the revoked ones are listed as descendants and stay. "
        "Noise on the weights makes what is left of them harder to learn again; a member can leave the noise out of "
        "its own copy, so it protects models that are given away."
    )

    def leaving(
        self, live: Collection[UpdateId], revoked: Collection[UpdateId], descendants: Collection[UpdateId]
    ) -> frozenset[UpdateId]:
        return frozenset(live) & frozenset(revoked)
