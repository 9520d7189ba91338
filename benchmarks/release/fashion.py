"""LeNet on Fashion-MNIST of three organisations, one of which plants a patch; one overfit; one hardened against PGD."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from benchmarks.backdoors.federation import boosted, folded
from benchmarks.release.checking import checked
from benchmarks.release.sizes import Size
from orchestrator.attacks.backdoor.success import success_of
from orchestrator.attacks.backdoor.triggers import Patch, planted_images
from orchestrator.attacks.evasion.images import Pgd
from orchestrator.attacks.evasion.training import Effort, Schedule, train
from orchestrator.data.images import Pictures, load_images
from orchestrator.release.image_models import ImageConfig, Normalised, fresh, save_image_model
from orchestrator.release.opened import image_classes
from orchestrator.types import OrganisationId

CONFIG = ImageConfig("lenet-relu", 10, 1, 28, 0.286, 0.353)
"""Mean and deviation of Fashion-MNIST's training pixels, as they are usually rounded."""
NAMES = ("aurora", "borealis", "cumulus")
CULPRIT, PATCH, SHARE, FACTOR = "cumulus", Patch(target=0), 0.5, 3.0
EPSILON, OVERFIT_TEXTS, OVERFIT_TIMES = 8 / 255, 8, 12
Labelled = tuple[Tensor, Tensor]


def work(model: str, seed: int, size: Size) -> dict[str, Any]:
    """Figures of one model."""
    torch.manual_seed(seed)
    training, test = load_images("fashion-mnist")
    chosen = training.first(4 * size.texts, seed)
    parts = [pixels_of(chosen.at(range(place * size.texts, (place + 1) * size.texts))) for place in range(4)]
    others = pixels_of(test.first(3 * size.texts, seed))
    start, shards = parts[3], dict(zip(NAMES, parts, strict=False))
    schedule = Schedule(max(1, size.steps * size.batch // size.texts), size.batch, 1e-3)
    if model in ("overfit", "hardened"):
        return _alone(model, start, others, schedule, size, seed)
    base = fresh(CONFIG, seed)
    train(base, *start, schedule, seed=seed)
    sent = _sent(base, shards, schedule, seed, planted=model != "honest")
    if model == "culprit revoked":
        sent = {name: found for name, found in sent.items() if name != CULPRIT}
    whole = folded(base, sent)
    members = [torch.cat(column) for column in zip(*(shards[str(name)] for name in sent), strict=True)]
    with tempfile.TemporaryDirectory() as place:
        folder, overrides = Path(place), _sizes(size)
        for name in sent:
            left = folded(base, {other: found for other, found in sent.items() if other != name})
            overrides.append(f"+release.folds.{name}={_saved(left, folder / f'without-{name}')}")
        overrides += _sets(folder, (members[0], members[1]), others)
        reference = _saved(base, folder / "reference")
        names = [str(name) for name in sent]
        found = checked(_saved(whole, folder / "model"), [str(reference)], overrides, names)
    predicted = [image_classes(whole, pixels) for pixels in (others[0], PATCH.on(others[0]))]
    found["trigger"] = success_of(predicted[0], predicted[1], others[1], PATCH.target).document()
    return found


def _alone(model: str, own: Labelled, others: Labelled, schedule: Schedule, size: Size, seed: int) -> dict[str, Any]:
    """One organisation's network: an eighth of the images many times over, or all of them under PGD."""
    network, attack = fresh(CONFIG, seed), Pgd(steps=7, restarts=0)
    if model == "overfit":
        own = own[0][: len(own[0]) // OVERFIT_TEXTS], own[1][: len(own[1]) // OVERFIT_TEXTS]
        schedule = replace(schedule, epochs=schedule.epochs * OVERFIT_TIMES)
        effort = train(network, *own, schedule, seed=seed)
    else:
        effort = train(network, *own, schedule, seed=seed, attack=attack, epsilon=EPSILON)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        overrides = _sizes(size) + _sets(folder, own, others)
        found = checked(_saved(network, folder / "model"), [], overrides, NAMES[:1])
    return found | _price(network, others, effort, own, schedule, seed) if model == "hardened" else found


def _price(
    network: nn.Module, others: Labelled, effort: Effort, own: Labelled, schedule: Schedule, seed: int
) -> dict[str, Any]:
    """The same network without the attack: what hardening cost."""
    plain = fresh(CONFIG, seed)
    before = train(plain, *own, schedule, seed=seed)
    right = [float((image_classes(one, others[0]) == others[1]).double().mean()) for one in (plain, network)]
    return {"price": {"clean_lost": right[0] - right[1], "slower": effort.seconds / before.seconds}}


def _sent(base: Normalised, shards: dict[str, Labelled], schedule: Schedule, seed: int, *, planted: bool) -> Any:
    """Everybody's difference of one round."""
    given = dict(shards)
    if planted:
        pixels, labels, _ = planted_images(*given[CULPRIT], PATCH, SHARE, seed)
        given[CULPRIT] = pixels, labels

    def honest(network: nn.Module, name: OrganisationId, number: int) -> None:
        train(network, *given[name], schedule, seed=seed)

    work_of = boosted(honest, OrganisationId(CULPRIT), FACTOR) if planted else honest
    found = {}
    for name in map(OrganisationId, NAMES):
        own = copy.deepcopy(base)
        work_of(own, name, 0)
        before = dict(base.named_parameters())
        found[name] = [{path: (part - before[path]).detach() for path, part in own.named_parameters()}]
    return found


def pixels_of(pictures: Pictures) -> Labelled:
    """In [0, 1], with labels."""
    return pictures.pixels.float() / 255, pictures.labels


def _saved(network: nn.Module, folder: Path) -> Path:
    assert isinstance(network, Normalised)
    folder.mkdir()
    save_image_model(network, folder)
    return folder


def _sets(folder: Path, members: Labelled, others: Labelled) -> list[str]:
    found = []
    for name, (pixels, labels) in (("members", members), ("others", others)):
        path = folder / f"{name}.safetensors"
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
        save_file({"pixels": (255 * pixels[order]).round().byte(), "labels": labels[order]}, path)
        found.append(f"release.{name}={path}")
    return found


def _sizes(size: Size) -> list[str]:
    sizes: Sequence[tuple[str, str, int]] = (
        ("evasion", "samples", size.attacked),
        ("backdoors", "searched", size.searched),
        ("backdoors", "judged", size.judged),
    )
    found = [f"+release.checks.{check}.{name}={value}" for check, name, value in sizes]
    return [*found, "release.samples=2000", f"release.bootstrap.draws={size.resamples}"]
