"""A member's workbench on the shared model, and training by the task's lineage."""

from __future__ import annotations

from dataclasses import replace

import torch

from benchmarks.federation.shared import Shared
from orchestrator.aggregation import FoldedModel
from orchestrator.contribution import AdapterDelta, LowRank, parse
from orchestrator.daemon.torch_workbench import Equipment, TorchWorkbench
from orchestrator.daemon.workbench import OpenDelta, Progress
from orchestrator.data import Dataset
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import ONE
from orchestrator.privacy import PrivacySettings, protect
from orchestrator.types import OrganisationId, ProtectedDelta


class MemberBench(TorchWorkbench):
    """The daemon's workbench, but model and fold belong to all members of the process.

    Args:
        folded: of :meth:`Shared.fold`. dataset: the member's, its held-out part what it judges with.
        length: tokens a sample, as the task says.
    """

    def __init__(
        self, shared: Shared, folded: FoldedModel, name: OrganisationId, dataset: Dataset, length: int
    ) -> None:
        super().__init__(Equipment(name, shared.model, dataset.settings, shared.labels, shared.device, shared.threads))
        self._base, self._folded, self._dataset, self._length = shared.base, folded, dataset, length

    def train(
        self, task: TaskSpec, manifest: Manifest, opener: OpenDelta, round_number: int, progress: Progress
    ) -> ProtectedDelta:
        """As the daemon's; with lineage ``isolated`` from base + the member's own last contribution, which the new one
        holds and so replaces."""
        if task.lineage == "chained":
            return super().train(task, manifest, opener, round_number, progress)
        own = [item for item in manifest.entries if item.organisation == self._own.organisation]
        alone = replace(manifest, entries=tuple(replace(item, weight=ONE) for item in own))
        step = super().train(task, alone, opener, round_number, progress)
        delta = replace(parse(step.payload), parent_manifest=manifest.digest)
        for item in own:
            delta = sum_of(parse(opener(item.update_id)), delta)
        return protect(delta, PrivacySettings.from_task(task.document), samples=step.samples)


def sum_of(first: AdapterDelta, second: AdapterDelta) -> AdapterDelta:
    """Both changes as one, exactly: ranks add up. Base and parent are those of ``second``."""
    modules = {**first.modules, **second.modules}
    for name in first.modules.keys() & second.modules.keys():
        modules[name] = _stacked(first.modules[name], second.modules[name])
    dense = {**first.dense, **second.dense}
    for name in first.dense.keys() & second.dense.keys():
        dense[name] = first.dense[name] + second.dense[name]
    return replace(second, modules=modules, dense=dense)


def _stacked(first: LowRank, second: LowRank) -> LowRank:
    a = torch.cat([first.a, second.a])
    both = LowRank(a, torch.cat([first.b * first.scale, second.b * second.scale], dim=1), second.alpha, second.rslora)
    return replace(both, b=both.b / both.scale)
