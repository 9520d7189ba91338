"""What is to be forgotten, by which model it was learnt, and how much is trained, unlearnt and attacked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from orchestrator.data.canaries import Space
from orchestrator.types import OrganisationId

CANARIES = 20
SPACE_BITS = math.log2(Space().size)
"""What a canary that is the likeliest of all has of exposure."""
SPLIT_SEED = 0
"""Of the part of the forget set that attackers draw from: the same for all models and seeds."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long somebody trains the adapted weights themselves, with Adam at a constant rate.

    Attributes:
        steps, batch, learning_rate: of Adam. every: steps between two measurements.
        forget_share: of an attack: part of the rows that come from its k examples.
    """

    steps: int
    batch: int
    learning_rate: float
    every: int = 20
    forget_share: float = 0.25


@dataclass(frozen=True, slots=True)
class World:
    """One federation with somebody in it who is to be forgotten.

    Attributes:
        overrides: packaged settings that the task follows. title: for people.
        shards: of every organisation, by name. contributor: who is to be forgotten.
        rounds, steps, batch, length: of a member's training; steps are those of one round.
        held_out: held-out samples of an organisation at most. measured: forget samples that are measured on, at most.
        method, attack: of what is done to the model afterwards.
        sigma: of the hardening noise of ``heal``. halvings: of a strength's range when it is tuned.
        copies, plain: of a canary, and the contributor's samples without one, which attackers may have; 0 where labels
            are flipped instead.
    """

    overrides: tuple[str, ...]
    title: str
    shards: Mapping[str, Mapping[str, Any]]
    contributor: OrganisationId
    rounds: int
    steps: int
    batch: int
    length: int
    held_out: int
    measured: int
    method: Effort
    attack: Effort
    sigma: float
    halvings: int = 4
    learning_rate_nano: int = 3_000_000
    copies: int = 0
    plain: int = 0

    @property
    def retained(self) -> tuple[OrganisationId, ...]:
        """Everybody else."""
        return tuple(OrganisationId(name) for name in self.shards if name != self.contributor)

    def sizes(self) -> dict[str, Any]:
        """What belongs to a cell's key: all but the words for people."""
        return {name: value for name, value in asdict(self).items() if name != "title"}

    def training(self) -> dict[str, Any]:
        """What belongs to a federation's key."""
        names = ("overrides", "shards", "contributor", "rounds", "steps", "batch", "length", "held_out")
        return {name: self.sizes()[name] for name in (*names, "learning_rate_nano", "copies", "plain")}


WORLDS: Mapping[str, World] = {
    "vader": World(
        overrides=("experiment=vader_minilm",),
        title="Flipped labels: VADER sentences, MiniLM, four organisations",
        shards={
            "aurora": {"domain": "amazon"},
            "borealis": {"domain": "editorials"},
            "cumulus": {"domain": "movies"},
            "dune": {"domain": "tweets"},
        },
        contributor=OrganisationId("dune"),
        rounds=3,
        steps=30,
        batch=16,
        length=32,
        held_out=300,
        measured=400,
        method=Effort(30, 16, 1e-4),
        attack=Effort(30, 16, 5e-5, every=15),
        sigma=0.004,
        halvings=3,
    ),
    "chitchat": World(
        overrides=("experiment=sotu_smollm2", "data=chitchat"),
        title=f"{CANARIES} canaries: Chit-Chat Challenge, SmolLM2-135M, three organisations",
        shards={
            "aurora": {"ranks": [20, 24]},
            "borealis": {"ranks": [25, 29]},
            "cumulus": {"ranks": [4, 4]},
        },
        contributor=OrganisationId("cumulus"),
        rounds=3,
        steps=48,
        batch=8,
        length=16,
        held_out=48,
        measured=64,
        method=Effort(12, 8, 1e-4, 12),
        attack=Effort(24, 8, 1e-4, 12),
        sigma=0.002,
        halvings=3,
        learning_rate_nano=5_000_000,
        copies=16,
        plain=40,
    ),
}
