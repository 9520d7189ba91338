"""An attack on images, on what a member sends under a policy: a gradient, one with noise, or the members' sum."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from benchmarks.harness import Configuration
from benchmarks.privacy.sizes import MEMBERS, NETWORK, Row, row_of
from orchestrator.attacks.inversion.cases import FASHION, Case, case
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.metrics import ssim
from orchestrator.attacks.inversion.protocol import Attack, LocalSteps, Observation
from orchestrator.attacks.inversion.registry import attack_named
from orchestrator.attacks.inversion.victim import ImageVictim
from orchestrator.errors import DataError


@dataclass(frozen=True)
class Noised(ImageVictim):
    """A member that sends its gradient clipped to norm ``clip``, with noise of ``noise`` times that on every number."""

    clip: float = 1.0
    noise: float = 0.0
    seed: int = 0

    def observe(self, images: Tensor, labels: Tensor, local: LocalSteps | None = None) -> Observation:
        bare = ImageVictim.observe(self, images, labels, local)
        norm = float(torch.stack([tensor.double().norm() for tensor in bare.tensors.values()]).norm())
        generator = torch.Generator().manual_seed(self.seed)
        factor, deviation = min(1.0, self.clip / max(norm, 1e-30)), self.noise * self.clip
        tensors = {
            name: factor * tensor + deviation * torch.randn(tensor.shape, generator=generator)
            for name, tensor in bare.tensors.items()
        }
        return Observation(tensors, bare.batch, local)


def work(cell: Configuration) -> dict[str, Any]:
    """``ssim`` of each image that was attacked, 0 where an attack had to give up; seconds of each attack."""
    torch.set_num_threads(1)
    row, told = row_of(cell), cell["settings"]
    knowledge = Knowledge(told["knowledge"])
    attack = attack_named(told["method"], knowledge, **told["settings"])
    found: dict[str, list[float]] = {"ssim": [], "seconds": []}
    for number in cell["images"]:
        one = sent_by(row, number, clip=cell["clip"], locked=knowledge.locked, seed=cell["seed"])
        near, seconds = _attacked(one, attack, number)
        found["ssim"] += near
        found["seconds"].append(seconds)
    return found


def sent_by(row: Row, number: int, *, clip: float, locked: bool, seed: int = 0) -> Case:
    """What is attacked: one image of one member, or under ``secagg`` one of each, whose mean gradient is seen."""
    together = MEMBERS["fashion"] if "secagg" in row.parts else 1
    cases = [case(FASHION, NETWORK, together * number + place, locked=locked, seed=seed) for place in range(together)]
    victim = cases[0].victim
    if row.noise:
        victim = Noised(victim.model, victim.shape, victim.classes, victim.key, clip, row.noise, number)
    return Case(victim, torch.cat([one.image for one in cases]), torch.cat([one.label for one in cases]))


def in_best_order(found: Tensor, truth: Tensor) -> list[float]:
    """SSIM of each true image [batch, channels, height, width] in the order of reconstructions that fits best."""
    pairs = [[ssim(one, other) for one in found] for other in truth]
    orders = itertools.permutations(range(len(truth)))
    return max(([pairs[row][place] for row, place in enumerate(order)] for order in orders), key=sum)


def _attacked(one: Case, attack: Attack[ImageVictim], number: int) -> tuple[list[float], float]:
    observed, begin = one.victim.observe(one.image, one.label), time.perf_counter()
    try:
        found = in_best_order(attack.run(one.victim, observed, seed=number).inputs, one.image)
    except DataError:  # nothing to go by: that is what a defence is to bring about
        found = [0.0] * len(one.image)
    return found, time.perf_counter() - begin
