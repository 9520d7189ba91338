"""Noise of a manifest's hardenings: which parameters of a model get some, and any part of it.

A fold adds it to the sum of all contributions, and that to the pristine weights. The numbers are those of
:mod:`orchestrator.hardening`, drawn on the CPU: device, tiles and threads change no bit of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from orchestrator import hardening
from orchestrator.aggregation.entries import AnyEntry, hardenings_of
from orchestrator.aggregation.start import adapted
from orchestrator.aggregation.tiles import flat_tiles
from orchestrator.contribution.check import Shapes
from orchestrator.ledger.hardenings import HardeningEntry


@dataclass(frozen=True, slots=True)
class Noises:
    """What hardenings do to one model.

    Attributes:
        entries: in the manifest's order. by_parameter: those of each parameter that gets noise, in that order.
    """

    entries: tuple[HardeningEntry, ...] = ()
    by_parameter: Mapping[str, tuple[HardeningEntry, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[AnyEntry], shapes: Shapes) -> Noises:
        """The noise of a manifest's entries.

        Args:
            entries: all of them; contributions are passed over. shapes: of the model's parameters, by name.
        """
        found = hardenings_of(entries)
        named: dict[str, tuple[HardeningEntry, ...]] = {}
        for entry in found:
            for module in adapted(shapes, entry.modules):
                named[f"{module}.weight"] = (*named.get(f"{module}.weight", ()), entry)
        return cls(found, named)

    def add(self, total: Tensor, parameter: str, first: int = 0) -> None:
        """Add the noise of some numbers of a parameter to their sum.

        Args:
            total: fp32, of any shape: the numbers from ``first`` on, row by row.
        """
        if not total.is_contiguous():
            numbers = total.contiguous()
            self.add(numbers, parameter, first)
            total.copy_(numbers)
            return
        flat = total.view(-1)
        for entry in self.by_parameter.get(parameter, ()):
            for start, end in flat_tiles(flat.numel()):
                drawn = hardening.noise(entry.seed, parameter, first + start, end - start, entry.sigma_nano)
                flat[start:end].add_(torch.from_numpy(drawn).to(flat.device))
