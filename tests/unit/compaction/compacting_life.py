"""A consortium in memory whose members send real deltas and can propose objects for them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from unit.daemon.catching import Catching, CatchUpContracts
from unit.daemon.fake_workbench import FakeWorkbench
from unit.ledger.actors import CHAIN_ID, CONTRACTS, MEMBERS

from orchestrator.chain.abi import artifact
from orchestrator.chain.codec import decode_values
from orchestrator.chain.proxy import Call
from orchestrator.compaction.measure import measured
from orchestrator.compaction.proposing import Proposed, chosen, propose
from orchestrator.contribution import AdapterDelta, serialise
from orchestrator.daemon.workbench import OpenDelta, Progress
from orchestrator.ledger.ids import artefact_id_of
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.view import manifest_of
from orchestrator.types import ArtefactId, OrganisationId, ProtectedDelta, protected
from tests.unit.aggregation.make import Little, shapes_of
from tests.unit.contribution.make import make_delta

SHAPES = {name: shape for name, shape in shapes_of(Little()).items() if "proj" in name}


class RealDeltas(FakeWorkbench):
    """Trains nothing, but gives a delta of two matrices, another one each time."""

    def train(
        self,
        task: TaskSpec,
        manifest: Manifest,
        opener: OpenDelta,
        round_number: int,
        progress: Progress,
        *,
        ordinal: int | None = None,
        spent: int = 0,
    ) -> ProtectedDelta:
        self._begin("train", manifest, opener)
        made = make_delta(31 * round_number + sum(map(ord, self.organisation)), rank=4, dense=False, shapes=SHAPES)
        delta = AdapterDelta(task.base.digest, manifest.digest, made.modules)
        return protected(serialise(delta), policy="none", samples=100, epsilon=0, parent_manifest=manifest.digest)


class Contracts(CatchUpContracts):
    """With an ``ArtefactRegistry``."""

    def receive(self, me: OrganisationId, call: Call) -> None:
        contract, function = call.name.split(".")
        if contract != "ArtefactRegistry":
            super().receive(me, call)
            return
        values = decode_values(artifact(contract).functions[function]["inputs"], call.data[4:], call.name)
        getattr(self, f"artefact_{function}")(me, *values)

    def artefact_propose(self, me: OrganisationId, kind: Any, subject: str, digest: str, cid: str, salt: str) -> None:
        history = self._life.history
        number = artefact_id_of(CHAIN_ID, CONTRACTS["ArtefactRegistry"], len(history.state.artefacts) + 1)
        named = {"artefact_id": number, "organisation": me, "subject": subject, "digest": digest, "cid": cid}
        history.tell("ArtefactProposed", me, **named, kind=_label(kind))
        self._endorsed(me, number, 0, same_transaction=True)

    def artefact_endorse(self, me: OrganisationId, number: str, deviation: Any, salt: str) -> None:
        self._endorsed(me, ArtefactId(number), int(deviation), same_transaction=False)

    def artefact_dispute(self, me: OrganisationId, number: str, reason: Any, salt: str) -> None:
        told = {"artefact_id": number, "organisation": me, "reason": _label(reason)}
        self._life.history.tell("ArtefactDisputed", me, **told)

    def _endorsed(self, me: OrganisationId, number: ArtefactId, deviation: int, *, same_transaction: bool) -> None:
        history = self._life.history
        told = {"artefact_id": number, "organisation": me, "deviation": deviation}
        history.tell("ArtefactEndorsed", me, same_transaction=same_transaction, **told)
        found = history.state.artefacts[number]
        if found.agreed is None and len(found.endorsements) >= history.state.members.quorum:
            history.tell(
                "ArtefactAgreed",
                me,
                same_transaction=True,
                artefact_id=number,
                kind=found.kind,
                subject=found.subject,
                digest=found.digest,
            )


class CompactingConsortium(Catching):
    """See the module."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(home)
        self.contracts = Contracts(self)
        for name in MEMBERS:
            self.benches[name] = self.services[name].bench = RealDeltas(name)  # type: ignore[assignment]
        seen = lambda private, block: SimpleNamespace(state=self.history.state)  # noqa: E731
        patch.setattr("orchestrator.compaction.proposing.look", seen)
        patch.setattr("orchestrator.compaction.examining.in_a_process", measured)  # which takes seconds to start

    def rounds(self, count: int) -> None:
        for _ in range(count):
            self.open_round()
            self.settle()

    @property
    def manifest(self) -> Manifest:
        return manifest_of(self.history.state, self.history.tasks)

    def compact(self, by: OrganisationId, until_round: int, *, rank: int = 0) -> Proposed:
        """As `loranchor model compact` does it."""
        services, state = self.sync(by), self.history.state
        return propose(services, state, chosen(state, self.history.tasks, until_round), rank=rank)


def _label(value: Any) -> str:
    return value.rstrip(b"\x00").decode() if isinstance(value, bytes) else str(value)
