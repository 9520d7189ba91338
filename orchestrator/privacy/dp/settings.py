"""The settings of the policy ``dp`` as numbers to compute with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.ledger.privacy import NANO
from orchestrator.privacy.settings import PrivacySettings


@dataclass(frozen=True, slots=True)
class DpSettings:
    """What a task with the policy ``dp`` has agreed on.

    Attributes:
        unit: whose presence is hidden: an ``example`` of a member, or all that a ``member`` has.
        clip: L2 norm that the gradient of an example, or the change of a member, is clipped to.
        noise: standard deviation of the noise, as a multiple of ``clip``.
        rate: chance of a sample to be in a step; 1 with unit ``member``.
        delta: of (ε, δ). steps: of one training, each with noise of its own; 1 with unit ``member``.
    """

    unit: Literal["example", "member"]
    clip: float
    noise: float
    rate: float
    accountant: Literal["prv", "rdp"]
    secure: bool
    delta: float
    steps: int

    @classmethod
    def of(cls, settings: PrivacySettings) -> DpSettings:
        """Of a task's settings, as :func:`orchestrator.ledger.privacy.read_privacy` has let them through."""
        part = settings.settings["dp"]
        clip, noise, rate = (int(part[name]) / NANO for name in ("clip_nano", "noise_nano", "rate_nano"))
        return cls(
            unit=part["unit"],  # type: ignore[arg-type]
            clip=clip,
            noise=noise,
            rate=rate,
            accountant=part["accountant"],  # type: ignore[arg-type]
            secure=part["generator"] == "secure",
            delta=1 / settings.delta_inverse,
            steps=settings.steps if part["unit"] == "example" else 1,
        )
