"""How large a preset is, and its cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.harness import Configuration, Plan, Preset, grid

PAPER = {
    "lenet on MNIST": (98.14, 97.45),
    "resnet20 on CIFAR-10": (91.20, 88.45),
    "resnet18 on CIFAR-10": (89.50, 91.66),
    "vgg16 on CIFAR-10": (88.13, 93.54),
}
"""FedAvg and FedKL with 3 clients and 200 rounds, percent right (arXiv:2305.04095)."""
ROUNDS_OF_THE_PAPER = 200
CLIENTS = 3


@dataclass(frozen=True, slots=True)
class Turns:
    """A comparison of times. ``steps`` of each kind a turn, turns taken in alternating order."""

    turns: int
    steps: int
    batch: int


@dataclass(frozen=True, slots=True)
class Short:
    """A federation of the paper in short.

    Attributes:
        images, tests: of the data set, all where there are fewer. rounds: of one local epoch each.
    """

    images: int
    tests: int
    rounds: int
    batch: int = 64


@dataclass(frozen=True, slots=True)
class Adapters:
    """A federation on a pretrained model: three members, what each trains a round, held-out samples of each."""

    experiment: str
    rounds: int
    steps: int
    batch: int
    held_out: int


TURNS: Mapping[str, Mapping[str, Turns]] = {
    "default": {"lenet": Turns(12, 20, 64), "resnet20": Turns(10, 3, 64), "smollm2": Turns(10, 2, 4)},
    "full": {"lenet": Turns(60, 40, 64), "resnet20": Turns(30, 10, 64), "smollm2": Turns(30, 4, 8)},
}
FEDERATIONS: Mapping[str, Mapping[str, Short]] = {
    "default": {"lenet": Short(12_000, 2_000, 20), "lenet-relu": Short(12_000, 2_000, 10)},
    "full": {
        "lenet": Short(60_000, 10_000, 200),
        "lenet-relu": Short(60_000, 10_000, 200),
        "resnet20": Short(60_000, 10_000, 200),
    },
}
ADAPTERS: Mapping[str, Mapping[str, Adapters]] = {
    "default": {"vader": Adapters("vader_minilm", 2, 20, 8, 100), "sotu": Adapters("sotu_smollm2", 2, 6, 4, 8)},
    "full": {"vader": Adapters("vader_minilm", 3, 40, 16, 10**6), "sotu": Adapters("sotu_smollm2", 2, 12, 4, 24)},
}
STRENGTHS = {"default": (0, 500_000, 1_000_000), "full": (0, 100_000, 250_000, 500_000, 1_000_000)}
"""Of the adapter's lock, millionths; 0 is without one."""
SHIFTS = {500_000: (0, 100_000, 500_000)}
"""Deviations of shifts that are tried beside a strength; none unless named, as in the packaged policy."""
SEEDS = {"default": (0,), "full": (0, 1, 2)}
SEALED_MIB = {"default": 64, "full": 512}


def plan(preset: Preset) -> Plan:
    """Times first, then what is learnt."""
    return Plan([*cells(preset.name)], SEEDS[preset.name])


def cells(preset: str) -> Iterator[Configuration]:
    for net, turns in TURNS[preset].items():
        yield {"part": "time", "net": net, **asdict(turns)}
    yield {"part": "sealing", "mib": SEALED_MIB[preset], "turns": 5}
    for name, short in FEDERATIONS[preset].items():
        yield from _of("federation", asdict(short), net=[name], locked=[False, True], seed=SEEDS[preset])
    for name, size in ADAPTERS[preset].items():
        for strength in STRENGTHS[preset]:
            shifts = SHIFTS.get(strength, (0,))
            yield from _of("adapters", asdict(size), data=[name], strength=[strength], shift=shifts, seed=SEEDS[preset])


def _of(part: str, size: Mapping[str, Any], **axes: Any) -> Iterator[Configuration]:
    return ({"part": part, **cell, **size} for cell in grid(**axes))
