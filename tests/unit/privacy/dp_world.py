"""A tiny model, samples and trainings under the policy ``dp``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from unit.ledger.actors import private

from orchestrator.data.prepare import Samples
from orchestrator.ledger.privacy import NANO
from orchestrator.models.tiny import tiny_llama
from orchestrator.privacy import Place, PrivacySettings
from orchestrator.privacy.dp.settings import DpSettings
from orchestrator.training import AdapterSettings, Discipline, TrainingOutcome, TrainingSettings, train
from orchestrator.types import Digest, OrganisationId

BASE, PARENT = Digest("0x" + "11" * 32), Digest("0x" + "22" * 32)
COUNT, LENGTH = 12, 10
ADAPTER = AdapterSettings(("q_proj", "v_proj"), 4, 8)


def settings(steps: int = 3, **changes: Any) -> PrivacySettings:
    """Of a task; ``changes`` are of the policy's own settings."""
    part = private(**changes)
    return PrivacySettings.from_task({"privacy": part, "training": {"steps": steps}})


def dp(steps: int = 3, **changes: Any) -> DpSettings:
    return DpSettings.of(settings(steps, **changes))


def nano(value: float) -> int:
    return round(value * NANO)


def place(rows: int = 4) -> Place:
    return Place(OrganisationId("aurora"), COUNT, rows)


def model(kind: Any = "causal_lm") -> Any:
    made = tiny_llama(kind, 2, 5)
    made.requires_grad_(False)
    return made.eval()


def samples(kind: str = "causal_lm") -> Samples:
    """Rows of different lengths, so that a mean over a batch's tokens would show."""
    drawn = torch.Generator().manual_seed(3)
    tokens = torch.randint(2, 258, (COUNT, LENGTH), generator=drawn)
    mask = (torch.arange(LENGTH) < (3 + torch.arange(COUNT) % 8)[:, None]).long()
    tokens = tokens * mask
    labels = tokens.masked_fill(mask == 0, -100) if kind == "causal_lm" else torch.arange(COUNT) % 2
    return Samples(tokens, mask, labels)


def trained(
    discipline: Discipline,
    rows: Iterator[Sequence[int]] | None = None,
    *,
    kind: Any = "causal_lm",
    steps: int = 3,
    **rest: Any,
) -> TrainingOutcome:
    chosen = rows or discipline.rows
    assert chosen is not None
    return train(
        model(kind),
        (samples(kind).batch(item) for item in chosen),
        rest.pop("adapter", ADAPTER),
        TrainingSettings(steps, 4, LENGTH, 1_000_000),
        base=BASE,
        parent_manifest=PARENT,
        seed=3,
        discipline=discipline,
        **rest,
    )
