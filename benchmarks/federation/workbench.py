"""A member's workbench on the model that all members of the process share."""

from __future__ import annotations

from benchmarks.federation.shared import Shared
from orchestrator.aggregation import FoldedModel
from orchestrator.data import Dataset
from orchestrator.types import OrganisationId
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench


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
