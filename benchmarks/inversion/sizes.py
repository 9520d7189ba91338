"""How many images each attacker gets, with which settings, by preset; and the cells that follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.harness import Configuration, Plan, Preset
from benchmarks.harness.machine import code_digest
from orchestrator.attacks.inversion.cases import FASHION, PHOTOGRAPHS, SHARING
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.registry import OF_UPDATES
from tools.setup.paths import ROOT

BLOCK = SHARING
"""Images of a cell: those of one network."""
PATCHES = 36
"""There are so many in the photographs that are attacked."""
SHOWN = 3
"""Images whose reconstructions are kept to be looked at."""
LOCAL: Mapping[str, Any] = {"steps": 4, "rate": 0.1}
"""Local training before an update is sent."""
LENET, RESNET = "lenet", "resnet20"
FILES = {
    "idlg": ("dlg",),
    "head-leak": ("head_leak", "inverting_gradients"),
    "from-update": ("from_update", "inverting_gradients"),
    "update-as-gradient": ("from_update", "inverting_gradients"),
    "recursive": ("recursive", "head_leak"),
}
"""What a method is made of, where that is not one file of its name."""
NONE, KEY, PAPER, NEITHER, FREE = Knowledge


@dataclass(frozen=True, slots=True)
class Row:
    """One attack on one network, by knowledge of the attacker: how many images, and its settings."""

    method: str
    images: Mapping[Knowledge, int]
    settings: Mapping[str, Any] = field(default_factory=dict)


LENET_ROWS = {
    "default": (
        Row("dlg", {NONE: 20, KEY: 10, PAPER: 20, NEITHER: 5, FREE: 20}, {"rounds": 150, "starts": 8}),
        Row("inverting-gradients", {NONE: 20, KEY: 10, PAPER: 20, NEITHER: 5, FREE: 20}, {"iterations": 1_200}),
        Row("grnn", {NONE: 5, PAPER: 5, FREE: 5}, {"iterations": 3_000}),
        Row("recursive", {NONE: 20, FREE: 20}),
        Row("head-leak", {NONE: 10, PAPER: 10, FREE: 10}, {"iterations": 300}),
        Row("idlg", {NONE: 10, PAPER: 10}, {"rounds": 100, "starts": 2}),
        Row("ggl", {NONE: 5, PAPER: 5, FREE: 5}, {"generations": 80}),
        Row("from-update", {NONE: 5, PAPER: 5, FREE: 5}, {"iterations": 200}),
        Row("update-as-gradient", {NONE: 5}, {"iterations": 200}),
    ),
    "full": (
        Row("dlg", dict.fromkeys(Knowledge, 50), {"rounds": 300, "starts": 10}),
        Row("inverting-gradients", dict.fromkeys(Knowledge, 50), {"iterations": 5_000, "starts": 2}),
        Row("grnn", dict.fromkeys(Knowledge, 20), {"iterations": 4_000}),
        Row("recursive", {NONE: 50, FREE: 50}),
        Row("head-leak", dict.fromkeys(Knowledge, 50), {"iterations": 1_000}),
        Row("idlg", dict.fromkeys(Knowledge, 50), {"rounds": 300, "starts": 10}),
        Row("ggl", dict.fromkeys(Knowledge, 20), {"generations": 300}),
        Row("from-update", dict.fromkeys(Knowledge, 20), {"iterations": 1_000}),
        Row("update-as-gradient", dict.fromkeys(Knowledge, 20), {"iterations": 1_000}),
    ),
}
RESNET_ROWS = {
    "default": (
        Row("inverting-gradients", {NONE: 3, PAPER: 3, FREE: 3}, {"iterations": 400}),
        Row("dlg", {NONE: 3}, {"rounds": 15, "starts": 2}),
    ),
    "full": (
        Row("inverting-gradients", dict.fromkeys(Knowledge, 10), {"iterations": 4_000}),
        Row("dlg", dict.fromkeys(Knowledge, 5), {"rounds": 20, "starts": 3}),
    ),
}
DECODERS: Mapping[str, Mapping[str, Any]] = {
    "default": {"latent": 32, "steps": 400, "pictures": 6_000},
    "full": {"latent": 64, "steps": 4_000, "pictures": 60_000},
}
"""Of the generators that GGL searches."""


def plan(preset: Preset) -> Plan:
    """The pictures themselves, then all attacks on LeNet, then those on ResNet-20; each cell has up to five images.

    Seeds are those of the networks, which five images in a row share.
    """
    cells = list(_cells(preset.name))
    networks = 1 + max(max(cell["images"]) for cell in cells) // SHARING
    return Plan(cells, tuple(range(networks)), "95 % intervals over images (bootstrap; of shares Wilson's)")


def _cells(preset: str) -> Iterator[Configuration]:
    for data in (FASHION, PHOTOGRAPHS):
        yield {"part": "truth", "data": data, "images": list(range(SHOWN)), "seed": 0}
    for row in LENET_ROWS[preset]:
        for data in (FASHION, PHOTOGRAPHS):
            yield from _of_row(row, data, LENET, preset)
    for row in RESNET_ROWS[preset]:
        yield from _of_row(row, PHOTOGRAPHS, RESNET, preset)


def _of_row(row: Row, data: str, network: str, preset: str) -> Iterator[Configuration]:
    shared: dict[str, Any] = {"part": "attack", "data": data, "network": network, "method": row.method, "seed": 0}
    shared |= {"settings": dict(row.settings), "code": _code_of(row.method)}
    if row.method in OF_UPDATES:
        shared["local"] = dict(LOCAL)
    if row.method == "ggl":
        shared["decoder"] = dict(DECODERS[preset])
    for knowledge, count in row.images.items():
        for images in _blocks(min(count, PATCHES) if data == PHOTOGRAPHS else count):
            yield {**shared, "knowledge": knowledge.value, "images": images}


def _blocks(count: int) -> Iterator[Sequence[int]]:
    for start in range(0, count, BLOCK):
        yield list(range(start, min(start + BLOCK, count)))


def _code_of(method: str) -> str:
    """Of a method's own files, so that a change of one leaves the others' cells alone."""
    names = FILES.get(method, (method.replace("-", "_"),))
    return code_digest(ROOT, [f"orchestrator/attacks/inversion/{name}.py" for name in names])[2:18]
