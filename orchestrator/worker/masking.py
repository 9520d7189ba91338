"""What a training gives where masks add it up: whole numbers, as many for every member of a round."""

from __future__ import annotations

import logging

import torch

from orchestrator.aggregation import Ground, Starting, adapted
from orchestrator.aggregation.strategy import Strategy
from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.contribution.rules import ends_with
from orchestrator.daemon.workbench import Numbers
from orchestrator.errors import DataError
from orchestrator.ledger.masked_rounds import POLICY as SECAGG
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import BaseModel
from orchestrator.privacy import PrivacySettings
from orchestrator.secagg.numbers import clipped, layout, numbers_of
from orchestrator.types import Digest, UpdateId

_log = logging.getLogger(__name__)


def blank_update(base: BaseModel, strategy: Strategy, task: TaskSpec, parent: Digest) -> AdapterDelta:
    """An update that changes nothing, with the tensors that every update of the round has."""
    assert isinstance(strategy, Starting)  # only ffa has masks, and it starts alike everywhere
    modules, rank = adapted(base.shapes, task.adapter.modules), task.adapter.ranks[0]
    start = strategy.start(Ground(task.training.seed, rank, modules, (), _no_opener))
    alpha, rslora = task.adapter.alpha, task.adapter.rslora
    low = {
        name: LowRank(start.a[name], torch.zeros(outputs, rank), alpha, rslora)
        for name, (outputs, _) in modules.items()
    }
    rules = task.adapter.dense
    heads = [name for name in base.shapes if any(ends_with(name.rpartition(".")[0], ending) for ending in rules)]
    dense = {name: torch.zeros(*base.shapes[name]) for name in heads}
    return AdapterDelta(base.digest, parent, low, dense, start.frozen)


def numbers_for(
    delta: AdapterDelta, blank: AdapterDelta, task: TaskSpec, privacy: PrivacySettings, samples: int
) -> Numbers:
    """The update's numbers within the task's bound.

    Raises:
        DataError: it has other tensors than ``blank``, the round's.
    """
    bits = fraction_bits(task)
    if layout(delta, bits) != layout(blank, bits):
        raise DataError("training gave other numbers than the task's adapter has")
    units, cut = clipped(numbers_of(delta, bits), int(privacy.settings[SECAGG]["clip"]))
    if cut:
        _log.warning("%d of %d numbers were clipped for the masks", cut, units.size)
    return Numbers(units.astype("<i4").tobytes(), samples)


def fraction_bits(task: TaskSpec) -> int:
    """Of the fixed point in which the task's strategy adds."""
    return int(task.strategy.settings["fraction_bits"])


def _no_opener(update_id: UpdateId) -> AdapterDelta:
    raise DataError(f"a blank update follows from no contribution, {update_id} least of all")
