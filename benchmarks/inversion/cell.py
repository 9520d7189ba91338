"""One cell: up to five images of one network under one attack, with what was gained of each."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

import torch

from benchmarks.harness import Configuration, Figures
from benchmarks.inversion.sizes import SHOWN
from orchestrator.attacks.inversion.cases import case, others
from orchestrator.attacks.inversion.generator import Decoder, trained_decoder
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.pictures import png
from orchestrator.attacks.inversion.protocol import LocalSteps
from orchestrator.attacks.inversion.registry import WITH_DECODER, attack_named
from orchestrator.attacks.inversion.trial import attempt


def work(cell: Configuration) -> Figures:
    """``gained``: of each image what :class:`orchestrator.attacks.inversion.trial.Gained` says, and its picture."""
    torch.set_num_threads(1)  # equal seeds give equal figures; and another process works beside
    if cell["part"] == "truth":
        return {"pictures": [_truth(cell, number) for number in cell["images"]]}
    return {"gained": [_gained(cell, number) for number in cell["images"]]}


def _truth(cell: Configuration, number: int) -> str:
    return _text(png(case(cell["data"], "lenet", number, locked=False, seed=cell["seed"]).image[0]))


def _gained(cell: Configuration, number: int) -> dict[str, Any]:
    knowledge, settings = Knowledge(cell["knowledge"]), dict(cell["settings"])
    if cell["method"] in WITH_DECODER:
        settings["decoder"] = _decoder(cell["data"], **cell["decoder"])
    attack = attack_named(cell["method"], knowledge, **settings)
    one = case(cell["data"], cell["network"], number, locked=knowledge.locked, seed=cell["seed"])
    local = LocalSteps(**cell["local"]) if "local" in cell else None
    found = attempt(one, attack, seed=1_000 * cell["seed"] + number, local=local)
    told: dict[str, Any] = {"number": number, **found.document()}
    if number < SHOWN and found.image is not None:
        told["picture"] = _text(png(found.image))
    return told


@lru_cache(maxsize=2)
def _decoder(data: str, latent: int, steps: int, pictures: int) -> Decoder:
    return trained_decoder(others(data).first(pictures, 0), latent, steps=steps, seed=0)


def _text(file: bytes) -> str:
    return base64.b64encode(file).decode()
