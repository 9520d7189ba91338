"""No protection: the delta leaves as training made it, and no guarantee is claimed."""

from __future__ import annotations

from orchestrator.privacy.policy import Plain, Promise


class NoPolicy(Plain):
    """Costs no ε because it promises none."""

    name = "none"
    promise = Promise(
        "Whoever is not a member of the round: sealing alone keeps updates from outsiders, chains and storage.",
        "Every member of the round opens the update, and can rebuild training text from it.",
    )


POLICY = NoPolicy()
