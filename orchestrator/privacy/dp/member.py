"""One clip of all that a training has changed, and noise on it: hides whether the member has trained at all.

H. B. McMahan and others, "Learning Differentially Private Recurrent Language Models", ICLR 2018, arXiv:1710.06963; but
here each member clips and adds the whole noise at home, and trusts nobody to do it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from orchestrator.privacy.dp.noise import noise_source
from orchestrator.privacy.dp.settings import DpSettings
from orchestrator.training import Discipline
from orchestrator.training.adapter import Attached


class ByMember:
    """The discipline of one training."""

    def __init__(self, settings: DpSettings) -> None:
        self._settings, self._noise = settings, noise_source(settings.secure)

    def discipline(self) -> Discipline:
        return Discipline(self.around)

    @contextmanager
    def around(self, made: Attached) -> Iterator[None]:
        trained = [parameter for parameter in made.model.parameters() if parameter.requires_grad]
        before = [parameter.detach().clone() for parameter in trained]
        yield
        with torch.no_grad():
            changes = [now - then for now, then in zip(trained, before, strict=True)]
            norm = float(torch.stack([change.double().norm() for change in changes]).norm())
            factor = min(1.0, self._settings.clip / norm) if norm else 1.0
            deviation = self._settings.noise * self._settings.clip
            for parameter, then, change in zip(trained, before, changes, strict=True):
                parameter.copy_(then + change * factor + self._noise.normal(deviation, change))
