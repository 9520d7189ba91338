"""No protection: the delta leaves as training made it, and no guarantee is claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.contribution import AdapterDelta

if TYPE_CHECKING:
    from orchestrator.privacy.policy import PrivacySettings


class NoPolicy:
    """Costs no ε because it promises none."""

    name = "none"

    def apply(self, delta: AdapterDelta, settings: PrivacySettings) -> tuple[AdapterDelta, int]:
        return delta, 0
