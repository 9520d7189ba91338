"""Which models are checked, how much is trained for each, and how much is attacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.harness import Configuration, Plan, Preset

CANARIES = 20
LM, SENTIMENT, FASHION = "SmolLM2 with canaries", "MiniLM on VADER", "Fashion-MNIST"


@dataclass(frozen=True, slots=True)
class Size:
    """Of one world.

    Attributes:
        texts: of each organisation, or images; as many others are held out. steps, batch: of its training.
        copies: of a canary. unplanted: sentences of a canary's form beside them.
        attacked, searched, judged: samples of evasion, and probes of backdoors.
        resamples: bootstrap draws.
    """

    texts: int
    steps: int
    batch: int
    copies: int = 0
    unplanted: int = 0
    attacked: int = 60
    searched: int = 24
    judged: int = 120
    resamples: int = 1000


DEFAULT: Mapping[str, Size] = {
    LM: Size(400, 50, 8, copies=15, unplanted=1023),
    SENTIMENT: Size(500, 60, 16),
    FASHION: Size(2000, 160, 64, attacked=200, searched=64, judged=400),
}
MODELS: Mapping[str, Sequence[str]] = {
    LM: ("saw nothing", "canaries", "owner revoked", "DP 0.5", "DP 2.0", "repeated"),
    SENTIMENT: ("honest", "backdoored", "culprit revoked"),
    FASHION: ("honest", "backdoored", "culprit revoked", "overfit", "hardened"),
}
"""``DP`` names the noise as a multiple of the clip; ``repeated`` saw canaries 1, 10 and 100 times."""


def plan(preset: Preset) -> Plan:
    """Each model once, and under ``full`` with three seeds."""
    seeds = (0, 1, 2) if preset.name == "full" else (0,)
    cells: list[Configuration] = [
        {"world": world, "model": model, "seed": seed, **asdict(DEFAULT[world])}
        for seed in seeds
        for world, models in MODELS.items()
        for model in models
    ]
    return Plan(cells, seeds)


def size_of(cell: Mapping[str, Any]) -> Size:
    """That a cell was measured with."""
    return Size(**{name: cell[name] for name in Size.__slots__})
