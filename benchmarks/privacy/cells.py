"""The cells of a preset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from benchmarks.harness import Configuration, Plan, Preset
from benchmarks.privacy.attackers import on_images, on_texts
from benchmarks.privacy.sizes import (
    ATTACKED,
    IMAGE_ROWS,
    IMAGES,
    MEMBERS,
    MODELS,
    SEEDS,
    TEXT_ROWS,
    TEXTS,
    Images,
    Texts,
)


def plan(preset: Preset) -> Plan:
    """List by list, the cheapest data first: what each row costs, and then who attacks it."""
    name = preset.name
    lists = [[*_images(name, IMAGES[name]), *_on_images(name)]]
    lists += [[*_texts(name, data, size), *_on_texts(name, data, size)] for data, size in TEXTS[name].items()]
    return Plan([cell for cells in lists for cell in cells], SEEDS[name])


def _images(preset: str, size: Images) -> Iterator[Configuration]:
    for row in IMAGE_ROWS:
        for seed in SEEDS[preset]:
            yield {"part": "use", "data": "fashion", "row": asdict(row), "seed": seed, **asdict(size)}


def _texts(preset: str, data: str, size: Texts) -> Iterator[Configuration]:
    for row in TEXT_ROWS:
        for seed in SEEDS[preset]:
            yield {"part": "use", "data": data, "row": asdict(row), "seed": seed, **asdict(size)}


def _on_images(preset: str) -> Iterator[Configuration]:
    size, clip = ATTACKED[preset], IMAGES[preset].clip
    for row in IMAGE_ROWS:
        for name, settings in on_images(row, size):
            told = {"part": "attack", "data": "fashion", "row": asdict(row), "attacker": name, "settings": settings}
            yield {**told, "clip": clip, "images": list(range(size.images)), "seed": 0}


def _on_texts(preset: str, data: str, size: Texts) -> Iterator[Configuration]:
    for row in TEXT_ROWS:
        for name, case in on_texts(row, MODELS[data], MEMBERS[data]):
            told = {"part": "attack", "data": data, "row": asdict(row), "attacker": name, "case": asdict(case)}
            yield {**told, "texts": list(range(ATTACKED[preset].texts)), "seed": 0}
