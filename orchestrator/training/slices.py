"""One update trained slice after slice; a training that was done before but for some samples goes on where they begin.

On one CPU thread the outcome has the bits of a training that had never seen what was taken out: each stage is decided
by its key (:mod:`orchestrator.training.slice_plan`), and a kept stage is taken under that key alone.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError
from orchestrator.training.adapter import Attached, attached
from orchestrator.training.settings import AdapterSettings, TrainingSettings
from orchestrator.training.slice_plan import Stage, never_seen
from orchestrator.training.steps import Progress, Team, steps
from orchestrator.training.train import TrainingOutcome
from orchestrator.types import Digest

Batches = Callable[[Sequence[Digest], int, int], Iterable[Mapping[str, Tensor]]]
"""Gives (ids of samples, steps, seed) → a batch a step; what it gives follows from these three alone."""

FORMAT = "loranchor/slice 1"

_log = logging.getLogger(__name__)


class Stages(Protocol):
    """Keeps what stages have left: :class:`orchestrator.worker.slice_book.SliceBook`."""

    def stage(self, key: Digest) -> bytes | None:
        """What was kept under a key."""

    def keep(self, key: Digest, data: bytes) -> None:
        """Keep it."""


@dataclass(frozen=True, slots=True)
class SlicedOutcome:
    """What came of a sliced training. ``trained``: numbers of the stages that were trained now, not kept ones."""

    outcome: TrainingOutcome
    trained: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Done:
    tensors: Mapping[str, Tensor]
    samples: int
    losses: tuple[float, ...]


def train_slices(
    model: Any,
    stages: Sequence[Stage],
    batches: Batches,
    adapter: AdapterSettings,
    settings: TrainingSettings,
    *,
    base: Digest,
    parent_manifest: Digest,
    book: Stages | None = None,
    progress: Progress | None = None,
    team: Team | None = None,
) -> SlicedOutcome:
    """Train the stages one after the other; the model's weights are the same bits before and after.

    In a stage the blocks before it are frozen at what they became, and those after it do nothing yet. Heads that are
    trained densely go on from stage to stage. A slice without samples leaves its block at nothing. Otherwise as
    :func:`orchestrator.training.train`.

    Args:
        model: the folded model, frozen. stages: see :func:`orchestrator.training.slice_plan.planned`.
        batches: of named samples. book: of earlier trainings' stages; it gets those of this one.
        progress: told after each step, of all stages' steps; those of stages that were kept count as done.

    Raises:
        ConfigurationError: unknown optimizer, or the stages are of other modules than the adapter.
        DataError: the loss is not finite.
    """
    if settings.optimizer != "adamw":
        raise ConfigurationError(f"unknown optimizer {settings.optimizer!r}", mend="use adamw")
    device, done, trained = next(iter(model.parameters())).device, [], []
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), attached(model, adapter) as made:
        _begin(made, stages)
        for stage in stages:
            found = _kept(book, stage, made)
            if found is None:
                told = _telling(progress, stages, stage)
                found = _trained(made, stage, batches, replace(settings, steps=stage.steps), device, told, team)
                trained.append(stage.number)
                if book is not None:
                    book.keep(stage.key, _dump(found, stage.key))
            _put(found, made)
            done.append(found)
        modules, dense = made.factors(adapter), made.dense()
    losses = tuple(loss for item in done for loss in item.losses)
    delta = AdapterDelta(base, parent_manifest, modules, dense)
    return SlicedOutcome(TrainingOutcome(delta, sum(item.samples for item in done), losses), tuple(trained))


def retrain(
    model: Any,
    stages: Sequence[Stage],
    withdrawn: Collection[Digest],
    identity: Digest,
    batches: Batches,
    adapter: AdapterSettings,
    settings: TrainingSettings,
    **rest: Any,
) -> SlicedOutcome:
    """Train as if some samples had never been there: only the first slice that held one of them, and the later ones.

    Args:
        stages: as they were; with a ``book`` that has them. identity: what they were planned with.
        rest: as for :func:`train_slices`.
    """
    return train_slices(model, never_seen(stages, withdrawn, identity), batches, adapter, settings, **rest)


def _begin(made: Attached, stages: Sequence[Stage]) -> None:
    """Each block at nothing, its A drawn by its own stage's seed; nothing of it is trained yet."""
    named = [name for stage in stages for name in stage.modules]
    if sorted(named) != sorted(made.layers):
        raise ConfigurationError("the slices are planned for other modules than the adapter has")
    for stage in stages:
        torch.manual_seed(stage.seed)
        for name in stage.modules:
            a, b = made.layers[name]
            nn.init.kaiming_uniform_(a, a=math.sqrt(5))
            nn.init.zeros_(b)
    _train_only(made, ())


def _train_only(made: Attached, modules: Collection[str]) -> None:
    for name, pair in made.layers.items():
        for parameter in pair:
            parameter.requires_grad_(name in modules)


def _trained(
    made: Attached,
    stage: Stage,
    batches: Batches,
    settings: TrainingSettings,
    device: torch.device,
    progress: Progress | None,
    team: Team | None,
) -> _Done:
    if not stage.samples:
        return _Done(_state(made, stage), 0, ())
    _train_only(made, stage.modules)
    torch.manual_seed(stage.seed)
    own = batches(stage.samples, stage.steps, stage.seed)
    try:
        run = steps(made.model, own, settings, device, progress=progress, team=team)
    finally:
        _train_only(made, ())
    return _Done(_state(made, stage), run.samples, tuple(run.losses))


def _state(made: Attached, stage: Stage) -> dict[str, Tensor]:
    """What a stage leaves behind: its block, and all heads."""
    return {name: parameter.detach().cpu().clone() for name, parameter in _parameters(made, stage.modules).items()}


def _parameters(made: Attached, modules: Iterable[str]) -> dict[str, nn.Parameter]:
    factors = {f"{factor}/{name}": made.layers[name]["ab".index(factor)] for name in modules for factor in "ab"}
    return factors | {f"dense/{name}": parameter for name, parameter in made.heads.items()}


def _put(found: _Done, made: Attached) -> None:
    parameters = _parameters(made, made.layers)
    with torch.no_grad():
        for name, tensor in found.tensors.items():
            parameters[name].copy_(tensor)


def _kept(book: Stages | None, stage: Stage, made: Attached) -> _Done | None:
    """A stage from the book; one that is damaged is as none."""
    data = None if book is None else book.stage(stage.key)
    if data is None:
        return None
    try:
        found = _load(data, stage.key)
        wanted = _parameters(made, stage.modules)
        if {name: item.shape for name, item in found.tensors.items()} != {n: p.shape for n, p in wanted.items()}:
            raise ValueError("its tensors are others")
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        _log.warning("the kept slice %d is not used: %s", stage.number, error)
        return None
    return found


def _dump(done: _Done, key: Digest) -> bytes:
    told = json.dumps({"samples": done.samples, "losses": done.losses})
    tensors = {name: tensor.contiguous() for name, tensor in done.tensors.items()}
    return safetensors.torch.save(tensors, {"format": FORMAT, "key": key, "told": told})


def _load(data: bytes, key: Digest) -> _Done:
    tensors = safetensors.torch.load(data)
    about = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    if (about["format"], about["key"]) != (FORMAT, key):
        raise ValueError("it is of another training")
    told = json.loads(about["told"])
    return _Done(tensors, int(told["samples"]), tuple(float(loss) for loss in told["losses"]))


def _telling(progress: Progress | None, stages: Sequence[Stage], stage: Stage) -> Progress | None:
    if progress is None:
        return None
    before, whole = sum(item.steps for item in stages if item.number < stage.number), sum(i.steps for i in stages)

    def told(step: int, _: int, loss: float) -> None:
        progress(before + step, whole, loss)

    return told
