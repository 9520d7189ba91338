"""The data and models that are measured on, how much is trained, and the settings of each strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from benchmarks.federation import Member, Shared, dealt, joined
from orchestrator.data import Dataset, DataSettings
from orchestrator.settings import compose
from orchestrator.types import OrganisationId

RANK = 8
EVERYBODY = OrganisationId("everybody")
SETTINGS: Mapping[str, Mapping[str, int | str]] = {
    "stack": {},
    "fedex": {},
    "fedit": {},
    "ffa": {"fraction_bits": 16, "rule": "mean", "trim": 0},
    "flexlora": {"rank": RANK},
    "rolora": {"fraction_bits": 16},
}
"""Strategies of ``ledger/methods.py`` with the settings they are measured with."""
FASTER = {"ffa": 3, "rolora": 3}
"""Times the learning rate: who trains one factor at a time needs more (docs/methods/strategies.md)."""


@dataclass(frozen=True, slots=True)
class World:
    """One data set with its model, and how much every member trains.

    Attributes:
        experiment: the packaged one that it follows. metric: what it is about.
        rounds, steps, batch: of a member; steps are those of one round.
        held_out: held-out samples of an organisation at most.
    """

    experiment: str
    title: str
    metric: str
    rounds: int
    steps: int
    batch: int
    held_out: int

    def sizes(self) -> dict[str, int]:
        """What belongs to a cell's key."""
        return {"rounds": self.rounds, "steps": self.steps, "batch": self.batch, "held_out": self.held_out}


WORLDS: Mapping[str, World] = {
    "vader": World("vader_minilm", "Sentiment of VADER sentences, MiniLM", "accuracy", 3, 40, 8, 10**6),
    "sotu": World("sotu_smollm2", "State of the Union addresses, SmolLM2-135M", "loss", 2, 12, 4, 24),
}


@lru_cache(maxsize=1)
def shared_of(data: str) -> Shared:
    """The base model of a world; one is in memory at a time."""
    model = _settings(data)["model"]
    return Shared(str(model["name"]), kind=model["kind"], labels=int(model["labels"]))


@lru_cache(maxsize=1)
def shards_of(data: str, seed: int) -> Mapping[OrganisationId, Dataset]:
    """Each organisation's own domain or era, all of them honest; the seed is that of the split."""
    values, length = _settings(data), int(_settings(data)["training"]["length"])
    found = {}
    for entry in values["experiment"]["organisations"]:
        entry = {**entry, "adversary": "none"}
        limited = {**values["data"], "validation": {**values["data"]["validation"], "limit": WORLDS[data].held_out}}
        settings = DataSettings.from_experiment(limited, entry, seed)
        found[OrganisationId(entry["name"])] = shared_of(data).dataset(settings, length)
    return found


def members_of(data: str, split: str, seed: int) -> list[Member]:
    """Members by split: ``domains``, ``iid``, or ``one`` with everybody's data."""
    shards = shards_of(data, seed)
    if split == "one":
        return [Member(EVERYBODY, joined(list(shards.values())))]
    if split == "iid":
        parts = dealt(list(shards.values()), len(shards), seed)
        return [Member(name, part) for name, part in zip(shards, parts, strict=True)]
    return [Member(name, shard) for name, shard in shards.items()]


def document_of(data: str, method: str, lineage: str, *, factor: int = 1) -> dict[str, Any]:
    """The experiment's task with a world's sizes; ``factor`` times as many steps."""
    world, task = WORLDS[data], dict(_settings(data)["experiment"]["task"])
    task["strategy"] = {"name": method, "settings": dict(SETTINGS[method])}
    rate = task["training"]["learning_rate_nano"] * FASTER.get(method, 1)
    sizes = {"steps": world.steps * factor, "batch": world.batch, "learning_rate_nano": rate}
    task["training"] = {**task["training"], **sizes}
    task["adapter"] = {**task["adapter"], "ranks": [RANK]}
    return {**task, "lineage": lineage, "minimum_updates": 1}


@lru_cache(maxsize=2)
def _settings(data: str) -> Mapping[str, Any]:
    return compose([f"experiment={WORLDS[data].experiment}"]).values
