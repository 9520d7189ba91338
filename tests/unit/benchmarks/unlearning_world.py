"""Tiny worlds for the benchmark of unlearning: one with labels turned around, one with canaries; seconds each."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.unlearning import case, cases, kept, secrets, worlds
from benchmarks.unlearning.worlds import Effort, World
from orchestrator.data.canaries import Space
from orchestrator.data.sources import VADER_DOMAINS
from orchestrator.types import OrganisationId

SMALL = Effort(4, 4, 1e-3, every=2)
LETTERS = Space(carrier="It is:", words=tuple("abcdefgh"), joint="")
"""64 secrets whose words are one token each for a tokenizer of bytes."""
CLASSIFIER = ("model=tiny", "model.kind=classifier", "model.labels=2", "model.dense=[score]")


def flipped_world(folder: Path) -> World:
    """Sentences of two moods in four domains; the organisation of the last has its labels turned around."""
    draw = random.Random(3)
    for file in VADER_DOMAINS.values():
        moods = [draw.choice((-2, 2)) for _ in range(60)]
        lines = [f"{row}\t{mood}\t{'fine' if mood > 0 else 'poor'} {row} {file[:3]}" for row, mood in enumerate(moods)]
        (folder / f"{file}_GroundTruth.txt").write_text("\n".join(lines) + "\n")
    known = worlds.WORLDS["vader"]
    sizes = {"rounds": 2, "steps": 4, "batch": 4, "length": 16, "held_out": 12, "measured": 24, "halvings": 1}
    overrides = ("experiment=vader_minilm", *CLASSIFIER, f"data.folder={folder}")
    efforts = {"method": SMALL, "attack": SMALL}
    return replace(known, overrides=overrides, learning_rate_nano=20_000_000, **sizes, **efforts)


def secret_world(folder: Path) -> World:
    """Three senders, the first of whom has four canaries."""
    rows = []
    for sender in ("x", "y", "z"):
        said = [[f"{sender} says number {number} of what there is to say"] for number in range(40)]
        rows.append(json.dumps({"sender": sender, "utterances": 40, "conversations": said}))
    (folder / "chitchat.jsonl").write_text("\n".join(rows) + "\n")
    return World(
        overrides=("experiment=tiny", "data=chitchat", f"data.folder={folder}", "data.validation.share=200000"),
        title="Tiny secrets",
        shards={"aurora": {"sender": "y"}, "borealis": {"sender": "z"}, "cumulus": {"sender": "x"}},
        contributor=OrganisationId("cumulus"),
        rounds=2,
        steps=4,
        batch=4,
        length=24,
        held_out=20,
        measured=8,
        method=SMALL,
        attack=SMALL,
        sigma=0.002,
        halvings=1,
        learning_rate_nano=20_000_000,
        copies=3,
        plain=8,
    )


def use(patch: pytest.MonkeyPatch, folder: Path) -> dict[str, World]:
    """These worlds in the place of the real ones, and nothing kept anywhere else."""
    data = folder / "data"
    for name in ("vader", "chitchat"):
        (data / name).mkdir(parents=True)
    own = {"vader": flipped_world(data / "vader"), "chitchat": secret_world(data / "chitchat")}
    for module in ("worlds", "cases", "cells", "report", "exactness", "plot"):
        patch.setattr(f"benchmarks.unlearning.{module}.WORLDS", own)
    patch.setattr(kept, "FOLDER", folder / "kept")
    patch.setattr(secrets, "SPACE", LETTERS)
    patch.setattr(secrets, "CANARIES", 5)
    return own


def forget() -> None:
    """Nothing of these worlds stays in the process."""
    for known in (cases.case_of, case.shared_of, case.settings_of):
        known.cache_clear()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    import torch

    threads = torch.get_num_threads()
    forget()
    with pytest.MonkeyPatch.context() as patch:
        yield use(patch, tmp_path_factory.mktemp("unlearning"))
    forget()
    torch.set_num_threads(threads)
