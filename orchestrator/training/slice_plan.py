"""A training in stages, each of other samples and layers, so that taking samples out repeats only some of them.

S3T (ICLR 2025, github.com/brcsomnath/S3T): block i of the adapted layers, from the top down, is trained on slice i
alone, on top of the blocks before it. What a sample of slice j has touched is block j and those after it.

Nothing here may depend on how many samples there are, or a withdrawal would move other ones: a sample's slice follows
from its id and a key, a stage's steps and seed from its number.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.canonical import digest
from orchestrator.training.settings import derived_seed
from orchestrator.types import Digest

_LAYER = re.compile(r"(?:^|\.)(\d+)(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a training.

    Attributes:
        number: from 1. modules: that it adapts.
        samples: ids of all that it may see, sorted. contents: digest of what each is to the model.
        steps: of the optimizer. seed: of the factors' start, of dropout and of the batches.
        key: digest of all that decides its bits, the stages before it among them.
    """

    number: int
    modules: tuple[str, ...]
    samples: tuple[Digest, ...]
    contents: tuple[Digest, ...]
    steps: int
    seed: int
    key: Digest


def planned(
    modules: Sequence[str],
    samples: Mapping[Digest, Digest],
    *,
    slices: int,
    steps: int,
    seed: int,
    assignment: int,
    identity: Digest,
) -> tuple[Stage, ...]:
    """The stages of a training, first to last.

    Args:
        modules: names of the adapted ones, as the model lists them: from its input to its output.
        samples: digests of what they are to the model, such as tokens and label, by their ids.
        steps: of all stages together.
        seed: of this training. assignment: the key by which samples are put into slices; of all the member's trainings.
        identity: digest of what else decides the bits: rules, model, device, versions.

    Raises:
        ConfigurationError: there are more slices than adapted layers, or than steps.
    """
    blocks, shares, dealt = blocks_of(modules, slices), shares_of(steps, slices), dealt_out(samples, slices, assignment)
    stages = (
        Stage(
            number,
            block,
            own,
            tuple(map(samples.__getitem__, own)),
            share,
            derived_seed(seed, "slice", number),
            identity,
        )
        for number, (block, own, share) in enumerate(zip(blocks, dealt, shares, strict=True), start=1)
    )
    return _keyed(stages, identity)


def blocks_of(modules: Sequence[str], slices: int) -> tuple[tuple[str, ...], ...]:
    """Modules in groups of whole layers, the top layers first; the first groups have a layer more where they differ.

    A layer is what lies side by side and has the same first number in its name; a module without one is a layer.

    Raises:
        ConfigurationError: there are fewer layers than slices.
    """
    layers: list[tuple[str, list[str]]] = []
    for name in modules:
        number = _LAYER.search(name)
        layer = number.group(1) if number else name
        if not layers or layers[-1][0] != layer:
            layers.append((layer, []))
        layers[-1][1].append(name)
    if len(layers) < slices:
        raise ConfigurationError(
            f"{slices} slices need as many adapted layers, the model has {len(layers)}",
            mend="set task.training.slices lower, or adapt more modules",
        )
    layers.reverse()
    blocks, first = [], 0
    for count in shares_of(len(layers), slices):
        blocks.append(tuple(name for _, names in layers[first : first + count] for name in names))
        first += count
    return tuple(blocks)


def shares_of(whole: int, parts: int) -> tuple[int, ...]:
    """A number in parts that differ by one at most, the larger ones first; whatever is in the slices.

    Raises:
        ConfigurationError: there is not one for each.
    """
    if not 1 <= parts <= whole:
        raise ConfigurationError(f"{whole} cannot be shared by {parts} slices", mend="set task.training.slices lower")
    return tuple(whole // parts + (place < whole % parts) for place in range(parts))


def dealt_out(samples: Iterable[Digest], slices: int, assignment: int) -> tuple[tuple[Digest, ...], ...]:
    """Samples by slice, sorted."""
    dealt: list[list[Digest]] = [[] for _ in range(slices)]
    for sample in sorted(set(samples)):
        dealt[slice_of(sample, slices, assignment) - 1].append(sample)
    return tuple(map(tuple, dealt))


def slice_of(sample: Digest, slices: int, assignment: int) -> int:
    """A sample's slice, from 1."""
    text = f"loranchor slice 1/{assignment}/{sample}".encode()
    return int.from_bytes(hashlib.sha256(text).digest(), "big") % slices + 1


def first_touched(stages: Sequence[Stage], without: Collection[Digest]) -> int | None:
    """Number of the first stage that held any of these samples; None where none did."""
    return next((stage.number for stage in stages if not set(without).isdisjoint(stage.samples)), None)


def never_seen(stages: Sequence[Stage], withdrawn: Collection[Digest], identity: Digest) -> tuple[Stage, ...]:
    """The training that had never seen some samples: the stages before their first slice have the keys they had."""
    gone = set(withdrawn)
    return _keyed((_left(stage, gone) for stage in stages), identity)


def _left(stage: Stage, gone: set[Digest]) -> Stage:
    left = [pair for pair in zip(stage.samples, stage.contents, strict=True) if pair[0] not in gone]
    return replace(stage, samples=tuple(name for name, _ in left), contents=tuple(content for _, content in left))


def _keyed(stages: Iterable[Stage], identity: Digest) -> tuple[Stage, ...]:
    before, made = identity, []
    for stage in stages:
        lists = {name: list(getattr(stage, name)) for name in ("modules", "samples", "contents")}
        before = digest({"before": before, "steps": stage.steps, "seed": str(stage.seed), **lists})
        made.append(replace(stage, key=before))
    return tuple(made)
