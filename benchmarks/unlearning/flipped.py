"""The organisation that trains with its labels turned around, and what of that a model repeats.

What it taught is the wrong label, so that is what is to be forgotten: the forget figure is the share of its training
sentences to which the model gives the label that it taught, not the right one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.federation import Member
from benchmarks.federation.adversaries import HONEST, label_flip
from benchmarks.federation.held_out import in_batches
from benchmarks.federation.shards import chosen
from benchmarks.unlearning.case import Parts, data_settings, right_answers, seen_rows, shared_of, spread
from benchmarks.unlearning.worlds import World
from orchestrator.data.prepare import Samples
from orchestrator.types import OrganisationId
from orchestrator.unlearning.tasks import ClassifierTask


def parts(world: World, seed: int) -> Parts:
    """Of a world with two classes."""
    shared = shared_of(world.overrides)
    shards = {
        OrganisationId(name): shared.dataset(data_settings(world, name, seed), world.length) for name in world.shards
    }
    taught = label_flip(shards[world.contributor]).training
    seen, held_out = seen_rows(len(taught))
    measured = spread(chosen(taught, held_out), world.measured)
    others = shards[world.contributor].validation
    batches, task = in_batches(measured), ClassifierTask(shared.labels)

    def repeated(model: Any) -> float:
        return right_answers(model, task, batches)

    return Parts(
        tuple(
            Member(name, data, "label_flip" if name == world.contributor else HONEST) for name, data in shards.items()
        ),
        taught,
        seen,
        measured,
        turned(others, taught),
        repeated,
    )


def turned(samples: Samples, like: Samples) -> Samples:
    """Labels the other way around; ``like`` has all of them."""
    return replace(samples, labels=like.labels.max() - samples.labels)
