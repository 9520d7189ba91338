"""A made-up consortium: what updates are worth, when data arrive, what machines cost. All of it follows from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from orchestrator.types import OrganisationId

ORGANISATIONS = tuple(OrganisationId(name) for name in ("aurora", "borealis", "cumulus", "dune", "ember", "fjord"))
STEPS, BATCH, LENGTH = 12, 4, 64
TRAINING = 20.4
"""CPU seconds of one update: 12 steps of 1.7 s, as experiment sotu_smollm2 says of SmolLM2-135M."""
EVALUATION = 4.0
"""CPU seconds of one evaluation there; a judge needs one more than there are updates (leave-one-out)."""
SENDING = 1.0
"""CPU seconds that sealing and sending an update, and claiming its award, are set to. An assumption."""
TOKENS = 1000
"""Whole tokens that a round pays."""
QUALITY = 0.01
"""What a mean organisation's update with fresh data gains, in units of the metric."""
STALE = 0.8
"""Part of the gain that is left each time the same data are used again."""
NOISE = 0.3
"""Relative deviation of one judge's score."""

PAY = {"rich": 3.0, "even": 1.2, "poor": 0.6}
"""What a round pays, in costs of all six organisations' training."""
ARRIVALS = {"often": 0.5, "rare": 0.1}
"""Chance of new data in a round."""


@dataclass(frozen=True)
class World:
    """Everything that chance decides, drawn before anybody decides anything: the same for every policy.

    Attributes:
        price: of CPU time, by organisation, relative to the mean machine. quality: of data.
        fresh: whether new data came, by round and organisation.
        luck: what each judge's score is multiplied with, by round, owner and judge.
        token: what a token is worth, in CPU seconds of the mean machine.
    """

    price: dict[OrganisationId, float]
    quality: dict[OrganisationId, float]
    fresh: list[dict[OrganisationId, bool]]
    luck: list[dict[tuple[OrganisationId, OrganisationId], float]]
    token: float

    @classmethod
    def of(cls, pay: str, arrivals: str, rounds: int, seed: int) -> World:
        draw = random.Random(f"participation/{pay}/{arrivals}/{seed}")
        return cls(
            price={name: draw.uniform(0.5, 2.0) for name in ORGANISATIONS},
            quality={name: draw.uniform(0.5, 1.5) for name in ORGANISATIONS},
            fresh=[{name: draw.random() < ARRIVALS[arrivals] for name in ORGANISATIONS} for _ in range(rounds)],
            luck=[
                {(owner, judge): max(0.0, draw.gauss(1, NOISE)) for owner in ORGANISATIONS for judge in ORGANISATIONS}
                for _ in range(rounds)
            ],
            token=PAY[pay] * len(ORGANISATIONS) * TRAINING / TOKENS,
        )
