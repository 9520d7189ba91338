"""One attack on one case, and what it gained."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from orchestrator.attacks.inversion.cases import Case
from orchestrator.attacks.inversion.metrics import SUCCESS, psnr, ssim
from orchestrator.attacks.inversion.protocol import Attack, LocalSteps
from orchestrator.attacks.inversion.victim import ImageVictim
from orchestrator.errors import DataError

HIGHEST = 150.0
"""dB that a PSNR is cut at: of equal images it is infinite, which no table carries."""


@dataclass(frozen=True, slots=True)
class Gained:
    """What one attack gained.

    Attributes:
        image: the reconstruction [channels, height, width]; None where the attack had to give up.
        ssim, psnr: against the truth; 0 without a reconstruction. label: whether the class was found.
        seconds: of the attack alone. figures: its own. refused: why it gave up.
    """

    image: Tensor | None
    ssim: float
    psnr: float
    label: bool
    seconds: float
    figures: dict[str, float]
    refused: str = ""

    @property
    def success(self) -> bool:
        return self.ssim >= SUCCESS

    def document(self) -> dict[str, Any]:
        """JSON values; the image is left out."""
        plain = {name: getattr(self, name) for name in ("ssim", "psnr", "label", "seconds", "refused")}
        return {**plain, "figures": dict(self.figures)}


def attempt(case: Case, attack: Attack[ImageVictim], *, seed: int, local: LocalSteps | None = None) -> Gained:
    """Let the member send what it sends, attack that, and compare.

    Args:
        local: the member trains so and sends its update; None: it sends one gradient.
    """
    observed = case.victim.observe(case.image, case.label, local)
    begin = time.perf_counter()
    try:
        found = attack.run(case.victim, observed, seed=seed)
    except DataError as error:  # nothing to go by: that is what a defence is to bring about
        return Gained(None, 0.0, 0.0, False, time.perf_counter() - begin, {}, error.message)
    seconds = time.perf_counter() - begin
    image, truth = found.inputs[0], case.image[0]
    right = found.labels is not None and int(found.labels[0]) == int(case.label[0])
    near = min(psnr(image, truth), HIGHEST)
    return Gained(image, ssim(image, truth), near, right, seconds, dict(found.figures))
