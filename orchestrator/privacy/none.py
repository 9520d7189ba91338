"""No protection: the delta leaves as training made it, and no guarantee is claimed."""

from __future__ import annotations

from orchestrator.privacy.policy import Plain, Promise


class NoPolicy(Plain):
    """Costs no ε because it promises none."""

    name = "none"
    promise = Promise(
        "A member against everybody outside the round: updates are sealed, and chains and storage see no plaintext.",
        "Every member of the round opens the update, and can rebuild training text from it.",
    )


POLICY = NoPolicy()
