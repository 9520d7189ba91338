"""What all methods start from: images, networks of the proxy, forget set, pretrained and retrained model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.relearning.artefacts import artefact
from benchmarks.relearning.memorisation import half, memorisation, most_memorised
from benchmarks.relearning.sizes import NETWORKS, PRETRAINED, Size
from benchmarks.relearning.training import EVALUATED, accuracy, confidences, device, fit
from orchestrator.data.images import Pictures, Scale, endless, in_order, load_images
from orchestrator.errors import DataError
from orchestrator.models.resnet import ResNet18, seeded_resnet18
from orchestrator.unlearning.subject import Batch, Batches

FORGOTTEN_CLASS, FORGOTTEN_SHARE = 0, 0.1
SECONDS = "seconds"


@dataclass(frozen=True)
class Stage:
    """The images of one size and seed. ``name`` and ``folder`` are those of the set."""

    name: str
    folder: Path | None
    size: Size
    seed: int

    @property
    def training(self) -> Pictures:
        return _images(self)[0]

    @property
    def test(self) -> Pictures:
        return _images(self)[1]

    @property
    def scale(self) -> Scale:
        return _images(self)[2]

    def shuffled(self, pictures: Pictures) -> Batches:
        """Batches to train on."""
        return endless(pictures, self.scale, self.size.batch, device=device(), mirrored=self.size.mirrored)

    def seen(self, pictures: Pictures) -> list[Batch]:
        """All of them in order, to look at."""
        return list(in_order(pictures, self.scale, EVALUATED, device=device()))

    def about(self) -> dict[str, Any]:
        """What decides the values of every artefact."""
        size = self.size
        return {"data": self.name, "digest": _images(self)[3], "batch": size.batch, "mirrored": size.mirrored,
                "seed": self.seed, "device": device()}  # fmt: skip


def proxy(stage: Stage, number: int) -> tuple[Tensor, Mapping[str, float]]:
    """One small network's confidence in each training image, and its accuracy on what it saw and did not see."""
    size, training = stage.size, stage.training
    inside = half(len(training), number, stage.seed)

    def make() -> dict[str, Tensor]:
        model = _network(training, size.proxy_width, 100 * stage.seed + number + 1)
        own = training.at(inside.nonzero()[:, 0])
        fit(model, stage.shuffled(own), size.proxy_steps, size.rate, stage.seed)
        sure = confidences(model, stage.seen(training))
        right = [accuracy(model, stage.seen(training.at(part.nonzero()[:, 0]))) for part in (inside, ~inside)]
        return {"confidences": sure, "accuracies": sure.new_tensor(right)}

    about = {**stage.about(), "part": "proxy", "number": number, "width": size.proxy_width,
             "steps": size.proxy_steps, "rate": size.rate}  # fmt: skip
    found = artefact(about, make)
    held_in, held_out = found["accuracies"].tolist()
    return found["confidences"], {"held in": held_in, "held out": held_out}


@lru_cache(maxsize=4)
def forget_set(stage: Stage) -> tuple[int, ...]:
    """Places of the images to forget: the 10 % of class 0 that the proxy calls most memorised.

    Raises:
        DataError: there are no images of that class.
    """
    training = stage.training
    if not bool((training.labels == FORGOTTEN_CLASS).any()):
        raise DataError(f"no image of class {FORGOTTEN_CLASS} is among the training images")
    sure = [proxy(stage, number)[0] for number in range(NETWORKS)]
    inside = [half(len(training), number, stage.seed) for number in range(NETWORKS)]
    return tuple(most_memorised(memorisation(sure, inside), training.labels, FORGOTTEN_CLASS, FORGOTTEN_SHARE))


def original(stage: Stage, name: str) -> tuple[ResNet18, float]:
    """The pretrained model, or the one that was retrained without the forget set, on the device; seconds it took."""
    size, training = stage.size, stage.training
    forgotten = () if name == PRETRAINED else forget_set(stage)

    def make() -> dict[str, Tensor]:
        model, begin = _network(training, size.width, 100 * stage.seed), time.perf_counter()
        fit(model, stage.shuffled(training.without(forgotten)), size.steps, size.rate, stage.seed)
        return {**model.state_dict(), SECONDS: torch.tensor(time.perf_counter() - begin)}

    about = {**stage.about(), "part": name, "without": list(forgotten), "width": size.width,
             "steps": size.steps, "rate": size.rate}  # fmt: skip
    model = _network(training, size.width, 0)
    state = artefact(about, make)
    seconds = float(state.pop(SECONDS))
    model.load_state_dict(state)
    return model.eval(), seconds


def _network(pictures: Pictures, width: float, seed: int) -> ResNet18:
    return seeded_resnet18(seed, pictures.classes, pictures.channels, width).to(device())


@lru_cache(maxsize=1)
def _images(stage: Stage) -> tuple[Pictures, Pictures, Scale, str]:
    training, test = load_images(stage.name, stage.folder)
    chosen = training.first(stage.size.images, stage.seed)
    digest = hashlib.sha256(chosen.pixels.numpy().tobytes() + chosen.labels.numpy().tobytes()).hexdigest()
    return chosen, test.first(stage.size.tests, stage.seed), Scale.of(chosen), digest
