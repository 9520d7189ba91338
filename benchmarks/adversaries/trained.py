"""Updates that were trained before are not trained again: many cells begin with the same rounds.

An update follows from the task's rules of training, the manifest it continues from, its member's data and the round;
training has one thread, so the bits are equal too. What a defence lets in decides the manifest, and so what is shared.
"""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.federation import Federation
from benchmarks.federation.adversaries import OF_DATA
from benchmarks.federation.book import Sent
from benchmarks.federation.workbench import MemberBench
from orchestrator.daemon.workbench import OpenDelta, Progress
from orchestrator.ledger.canonical import digest
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, OrganisationId, ProtectedDelta

_TRAINED: dict[tuple[Digest, Digest, str, str, int, int], ProtectedDelta] = {}


class Remembering:
    """A member's bench for training, which first looks whether the update is there already."""

    def __init__(self, bench: MemberBench, name: OrganisationId, data: str, samples: int) -> None:
        self._bench, self._name, self._data, self._samples = bench, name, data, samples

    def train(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: Progress,
        *,
        ordinal: int | None = None,
    ) -> ProtectedDelta:
        rules = digest({name: task.document[name] for name in ("base", "adapter", "training", "privacy")})
        key = (rules, manifest.digest, self._name, self._data, self._samples, ordinal or round_number)
        if key not in _TRAINED:
            _TRAINED[key] = self._bench.train(task, manifest, opener, round_number, progress, ordinal=ordinal)
        return _TRAINED[key]


class RememberingFederation(Federation):
    """A federation whose members train through :class:`Remembering`."""

    def _trained(self, number: int, manifest: Manifest, benches: Mapping[OrganisationId, MemberBench]) -> list[Sent]:
        remembering = {
            item.name: Remembering(
                benches[item.name],
                item.name,
                item.adversary if item.adversary in OF_DATA else "as it is",
                len(item.data.training),
            )
            for item in self.members
        }
        return super()._trained(number, manifest, remembering)  # type: ignore[arg-type]
