"""Odd requests and many of them, on a model in a folder, as a service would have them."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from orchestrator.data.images.faces import Faces
from orchestrator.models.faces import WithFeatures
from orchestrator.unlearning.person import folder as folders
from orchestrator.unlearning.person.evaluation import store
from orchestrator.unlearning.person.forgetting import Asked, accuracy, forget, queue, support_of
from orchestrator.unlearning.person.meta_loss import MetaLoss
from orchestrator.unlearning.person.trial import Size, Split
from orchestrator.unlearning.subject import Subject, derived

EPSILON, STEPS = 8, 5


def outcomes(base: Subject, parts: Split, size: Size, meta: MetaLoss, requests: int) -> dict[str, Any]:
    """What became of a non-face, a stranger, a retained identity and a perturbed picture; and of so many in a row."""
    retained = parts.training.without(parts.asking)
    own = parts.support.pixels[:1]
    chessboard = (torch.arange(size.height).view(-1, 1) // 4 + torch.arange(size.width) // 4) % 2 * 255
    odd = {
        "as it should be": Asked(own, parts.asking[0]),
        "no face": Asked(chessboard.to(torch.uint8).expand_as(own)),
        "a stranger": Asked(parts.test.pixels[:1]),
        "somebody retained": Asked(retained.pixels[:1], int(retained.people[0])),
        "perturbed": Asked(perturbed(base, parts, meta, own), parts.asking[0]),
    }
    found = {name: _one(base, parts, size, meta, retained, asked) for name, asked in odd.items()}
    return {"odd": found, "queue": _many(base, parts, size, meta, retained, requests)}


def perturbed(base: Subject, parts: Split, meta: MetaLoss, pixels: Tensor) -> Tensor:
    """The picture with each pixel moved by at most 8 of 256, so that the step of the meta-loss becomes large."""
    model, start = base.model, pixels.float()
    meta.eval()
    support = support_of([Asked(pixels, parts.asking[0])], model, parts.scale)
    moved = start.clone()
    for _ in range(STEPS):
        moved.requires_grad_()
        if not isinstance(model, WithFeatures):
            raise TypeError("the model has no features")
        features = model.features(parts.scale.applied(moved))
        value = meta(model.head(features), features, support.targets, support.people)
        weights = list(base.parameters().values())
        gradients = torch.autograd.grad(value, weights, create_graph=True, allow_unused=True)
        size = sum((one.square().sum() for one in gradients if one is not None), start=torch.zeros(()))
        (slope,) = torch.autograd.grad(size, moved)
        ahead = moved.detach() + 2 * EPSILON / STEPS * slope.sign()
        moved = torch.minimum(torch.maximum(ahead, start - EPSILON), start + EPSILON).clamp(0, 255)
    return moved.detach().round().to(torch.uint8)


def _one(base: Subject, parts: Split, size: Size, meta: MetaLoss, retained: Faces, asked: Asked) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "model"
        store(place, base, meta, parts, size)
        outcome = forget(place, [asked])
        left = _retained(place, retained, parts)
    before = accuracy(base.model, retained, parts.scale)
    return {**outcome.document(), "retained_before": before, "retained_after": left}


def _many(base: Subject, parts: Split, size: Size, meta: MetaLoss, retained: Faces, requests: int) -> dict[str, Any]:
    """Pictures drawn of those who may ask and of strangers."""
    generator = torch.Generator().manual_seed(derived(parts.seed, "queue"))
    pixels, people = (
        torch.cat([getattr(one, part) for one in (parts.support, parts.test)]) for part in ("pixels", "people")
    )
    drawn = torch.randint(len(people), (requests,), generator=generator).tolist()
    asked = [Asked(pixels[at : at + 1], int(people[at])) for at in drawn]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "model"
        store(place, base, meta, parts, size)
        done = list(queue(place, asked))
        left, budget = _retained(place, retained, parts), folders.read_about(place).budget_points
    counts = Counter(one.result for one in done)
    before = accuracy(base.model, retained, parts.scale)
    return {
        "asked": requests, "answered": len(done), "results": dict(counts), "why": done[-1].words, "budget": budget,
        "kept": {"first": done[0].before, "last": done[-1].before},
        "retained_before": before, "retained_after": left,
    }  # fmt: skip


def _retained(place: Path, retained: Faces, parts: Split) -> float:
    about, state = folders.read_about(place), folders.read_state(place)
    return accuracy(folders.read_model(place, about, state.current), retained, parts.scale)
