"""A member's workbench on the model that all members of the process share."""

from __future__ import annotations

from benchmarks.federation.shared import Shared
from orchestrator.aggregation import FoldedModel
from orchestrator.data import Dataset
from orchestrator.models import BaseModel
from orchestrator.types import OrganisationId
from orchestrator.withdrawn import Withdrawn
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench


class MemberBench(TorchWorkbench):
    """The daemon's workbench, but model and fold belong to all members of the process.

    Args:
        folded: of :meth:`Shared.fold`. dataset: the member's, its held-out part what it judges with.
    """

    def __init__(self, shared: Shared, folded: FoldedModel, name: OrganisationId, dataset: Dataset) -> None:
        super().__init__(Equipment(name, shared.model, dataset.settings, shared.labels, shared.device, shared.threads))
        self._base, self._folded, self._given = shared.base, folded, dataset

    def _shard(self, base: BaseModel, length: int, apart: bool, withdrawn: Withdrawn | None) -> Dataset:
        """The member's dataset as it was given: what its settings alone would prepare is another one."""
        return self._given
