"""Three organisations that train a small network on striped images; one of them may plant a patch."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import torch
from torch import Tensor, nn

from benchmarks.backdoors.federation import boosted, federated
from orchestrator.attacks.backdoor.folds import Kept
from orchestrator.attacks.backdoor.triggers import Patch, planted_images
from orchestrator.attacks.evasion.training import Schedule, train
from orchestrator.types import OrganisationId
from tests.unit.attacks_evasion.striped import stripes

CULPRIT = OrganisationId("c")
PATCH = Patch(target=1, side=2, margin=0)
SCHEDULE = Schedule(epochs=10, batch=20, rate=5e-3)


def predict(network: nn.Module, images: Tensor) -> Tensor:
    with torch.no_grad():
        return network(images).argmax(1)


@cache
def folds(share: float) -> Kept:
    """The folds, where the culprit planted its patch on a share of its images; 0 is an honest federation."""
    torch.manual_seed(1)
    base = nn.Sequential(nn.Flatten(), nn.Linear(64, 24), nn.ReLU(), nn.Linear(24, 4))
    train(base, *stripes(200, 5), SCHEDULE, seed=0)
    shards = {OrganisationId(name): stripes(200, 10 + place) for place, name in enumerate(("a", "b", CULPRIT))}
    if share:
        images, labels, _ = planted_images(*shards[CULPRIT], PATCH, share, 0)
        shards[CULPRIT] = images, labels

    def work(network: nn.Module, name: OrganisationId, number: int) -> None:
        patient = share and name == CULPRIT
        train(network, *shards[name], replace(SCHEDULE, epochs=30) if patient else SCHEDULE, seed=number)

    return federated(base, list(shards), boosted(work, CULPRIT, 3.0) if share else work, 1)
