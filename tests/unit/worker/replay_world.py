"""Three members with texts of their own that train a tiny model for real, on records as a private chain holds them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unit.ledger.actors import MEMBERS
from unit.ledger.history import History
from unit.worker.bench_world import values_of

from orchestrator.aggregation import FoldedModel, strategy_named
from orchestrator.contribution import AdapterDelta, parse
from orchestrator.daemon.equipment import equipment_of
from orchestrator.ledger.lineage import training_ordinal
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import load_base, resolve
from orchestrator.models.base import state_digest
from orchestrator.settings import Settings
from orchestrator.types import Digest, OrganisationId, RequestId, UpdateId
from orchestrator.worker.torch_workbench import TorchWorkbench


def benches_of(folder: Path) -> dict[OrganisationId, TorchWorkbench]:
    """A bench a member, which lives share."""
    found = {}
    for name in MEMBERS:
        texts = folder / name
        texts.mkdir()
        for number in range(20):
            (texts / f"{number}.txt").write_text(f"line {number} of what {name} knows, and nobody else beside {name}")
        organisations = [{"name": name, "shard": {}}]
        found[name] = TorchWorkbench(equipment_of(Settings(values_of(texts, organisations=organisations)), name))
    return found


class Life:
    """One history.

    Attributes:
        sent: the updates' bytes.
    """

    def __init__(self, benches: dict[OrganisationId, TorchWorkbench], spec: TaskSpec) -> None:
        self.history, self.spec, self.sent = History(), spec, dict[UpdateId, bytes]()
        self._benches = benches

    @property
    def manifest(self) -> Manifest:
        return build_manifest(self.history.state, self.spec, {**self.history.tasks, self.spec.digest: self.spec})

    def round(self, participants: Sequence[OrganisationId] = MEMBERS) -> dict[OrganisationId, UpdateId]:
        """Whoever takes part trains on the manifest as it is, with the seed that is its turn; all is accepted."""
        state, tasks, manifest = self.history.state, self.history.tasks, self.manifest
        number = 1 + max(state.rounds, default=0)
        trained = {}
        for name in participants:
            ordinal = training_ordinal(state, self.spec, tasks, name)
            bench, quiet = self._benches[name], lambda step, steps: None
            bench.forget()  # another life has other contributions under the same ids
            trained[name] = bench.train(self.spec, manifest, self.sent.__getitem__, number, quiet, ordinal=ordinal)
        updates = self.history.round(self.spec, participants=participants)
        self.sent |= {updates[name]: delta.payload for name, delta in trained.items()}
        return updates

    def revoke(self, name: OrganisationId, updates: Sequence[UpdateId], mode: str) -> RequestId:
        request = self.history.request(name, list(updates), mode=mode)
        self.history.replace(request)
        return request

    def delta(self, update: UpdateId) -> AdapterDelta:
        return parse(self.sent[update])

    def folded(self) -> Any:
        """The model of the present manifest, from a base of its own."""
        base = load_base(resolve("tiny:llama"))
        strategy = strategy_named(self.spec.strategy.name, **self.spec.strategy.settings)
        folded = FoldedModel(base.model, base.digest, strategy)
        folded.move(self.manifest.entries, self.delta)
        return folded.model

    def weights(self) -> Digest:
        """Digest of every tensor of the present model."""
        return state_digest(self.folded())
