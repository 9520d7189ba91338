"""How large a preset is, and its cells."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import Configuration, Plan, Preset
from benchmarks.harness.machine import code_digest
from orchestrator.data.images import IMAGE_SETS
from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.methods import method_named, methods
from tools.setup.paths import ROOT

NETWORKS = 8
"""Small networks of the proxy for memorisation, in pairs: what one half is to one, the other half is to its twin."""
PRETRAINED, RETRAINED = "pretrained", "retrained"
WEIGHT_SPACE = ("weight-distortion", "weight-distance", "cbft", "weight-dropout", "attenuation", "l1")
"""Methods of the paper that move weights away from the former model on purpose."""
ORDINARY = ("finetune", "random-relabel", "scrub")
"""Methods that the paper saw recover; its "catastrophic forgetting" is ``finetune``."""
SHARED = ("hardening", "unlearning/chain", "unlearning/methods/recipe", "unlearning/methods/representations")
"""What methods have in common, besides their subject: a change of it makes the cells of all methods void."""
AFTER = {"tar": "circuit-breakers"}
"""Methods that go on where another one was half of the steps."""
FOLDER = "IMAGES_FOLDER"


@dataclass(frozen=True, slots=True)
class Size:
    """What one run of the protocol trains.

    Attributes:
        images, tests: how many training and test images are used; all where there are fewer.
        width: of ResNet-18, 1 in the paper. batch: images a step. mirrored: augment by turning images around.
        steps, rate: of pretraining and retraining, Adam with a rate that falls along a cosine.
        proxy_width, proxy_steps: of the small networks. unlearning_steps, unlearning_rate: of a method.
        attack_steps, attack_rate, every: of the relearning attack, and between its measurements.
        ks: forgotten images that attackers have.
    """

    images: int
    tests: int
    width: float
    batch: int
    mirrored: bool
    steps: int
    rate: float
    proxy_width: float
    proxy_steps: int
    unlearning_steps: int
    unlearning_rate: float
    attack_steps: int
    attack_rate: float
    every: int
    ks: tuple[int, ...]


# Steps times rate are about as far below pretraining's as in the paper: a fifteenth for unlearning, a tenth of that for
# attacks.
SIZES = {
    "default": Size(
        images=10_000,
        tests=2_000,
        width=0.25,
        batch=128,
        mirrored=False,
        steps=1_200,
        rate=1e-3,
        proxy_width=0.125,
        proxy_steps=300,
        unlearning_steps=150,
        unlearning_rate=2e-4,
        attack_steps=100,
        attack_rate=5e-5,
        every=10,
        ks=(0, 10, 20),
    ),
    "full": Size(
        images=60_000,
        tests=10_000,
        width=1.0,
        batch=128,
        mirrored=True,
        steps=23_450,
        rate=1e-3,
        proxy_width=0.25,
        proxy_steps=4_690,
        unlearning_steps=2_345,
        unlearning_rate=3e-4,
        attack_steps=1_000,
        attack_rate=8e-5,
        every=10,
        ks=(0, 1, 5, 10, 50, 100),
    ),
}
SEEDS = {"default": (0,), "full": (0, 1, 2)}


def plan(preset: Preset) -> Plan:
    """The networks of the proxy, the pretrained and the retrained model, then all registered methods."""
    seeds = SEEDS[preset.name]
    size = {"data": data_named(), **asdict(SIZES[preset.name]), "ks": list(SIZES[preset.name].ks)}
    return Plan([{**size, **cell, "seed": seed} for seed in seeds for cell in _cells(size["width"])], seeds)


def size_of(cell: Configuration) -> Size:
    """The size that a cell's figures belong to."""
    found = {name: cell[name] for name in Size.__slots__}
    return Size(**{**found, "ks": tuple(found["ks"])})


def data_named() -> str:
    """The image set: that of the environment's IMAGES, or the packaged one.

    Raises:
        ConfigurationError: no such set.
    """
    name = os.environ.get("IMAGES") or "fashion-mnist"
    if name not in IMAGE_SETS:
        raise ConfigurationError(f"no image set {name!r}", mend=f"set IMAGES to one of {', '.join(IMAGE_SETS)}")
    return name


def folder_given() -> Path | None:
    """Where the files of the user's own image set are, from the environment's IMAGES_FOLDER."""
    found = os.environ.get(FOLDER)
    return Path(found).expanduser() if found else None


def settings_of(method: str, width: float) -> dict[str, float]:
    """The paper's settings, which are the methods' own, but for what depends on a network's size or on time.

    A weight starts with a deviation of √(2 / fan-in), so that noise of σ at full width is σ/√width in a narrower
    network. Gradient ascent, which the paper has not, takes a tenth of the steps: all of them leave nothing. TAR's
    adversaries would take most of the time; narrow networks have one, of four steps.
    """
    if method == "tar" and width < 1:
        return {"adversaries": 1, "inner_steps": 4}
    return {"weight-distortion": {"sigma": 0.02 / width**0.5}, "gradient-ascent": {"share": 0.1}}.get(method, {})


def _cells(width: float) -> Iterator[Mapping[str, Any]]:
    for number in range(NETWORKS):
        yield {"part": "proxy", "number": number}
    for name in (PRETRAINED, RETRAINED):
        yield {"part": "model", "method": name, "settings": {}}
    shared = code_digest(ROOT, [f"orchestrator/{name}.py" for name in SHARED])
    for name in _first_those_of_the_claims():
        found = dict(method_named(name, **settings_of(name, width)).settings)
        cell = {"part": "model", "method": name, "settings": found, "code": _code_of(name, shared)}
        yield {**cell, "after": AFTER[name]} if name in AFTER else cell


def _first_those_of_the_claims() -> list[str]:
    named = [name for name in (*ORDINARY, *WEIGHT_SPACE) if name in methods()]
    return [*named, *(name for name in methods() if name not in named)]


def _code_of(method: str, shared: str) -> str:
    """Of a method's own file and of what all share, so that a change of one leaves the others' cells alone."""
    own = code_digest(ROOT, [f"orchestrator/unlearning/methods/{method.replace('-', '_')}.py"])
    return f"{own[2:18]}-{shared[2:18]}"
