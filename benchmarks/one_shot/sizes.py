"""How large a preset is, and its cells."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from benchmarks.harness import Configuration, Plan, Preset, grid
from orchestrator.unlearning.person.trial import Size

PEOPLE = (1, 3, 5)
REQUESTS = 50
SIZES = {
    "default": (Size(),),
    "full": tuple(
        Size(network=network, height=56, width=48, steps=600, epochs=100, hidden=512, embedding=64)
        for network in ("cnn", "vit")
    ),
}
SEEDS = {"default": range(5), "full": range(10)}


def plan(preset: Preset) -> Plan:
    """Of each split the methods for 1, 3 and 5 people, then support pictures less and less alike, then odd requests."""
    seeds = tuple(SEEDS[preset.name])
    cells: list[dict[str, Any]] = []
    for size in SIZES[preset.name]:
        for seed in seeds:
            about = {**asdict(size), "seed": seed}
            cells += [{"part": "methods", **about, **one} for one in grid(people=PEOPLE)]
            cells += [{"part": "resemblance", **about}, {"part": "outcomes", **about, "requests": REQUESTS}]
    return Plan(cells, seeds, "95 % t-interval over splits")


def size_of(cell: Configuration) -> Size:
    """The size that a cell's figures belong to."""
    return Size(**{field.name: cell[field.name] for field in fields(Size)})
