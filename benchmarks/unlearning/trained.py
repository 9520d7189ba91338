"""Trained federations: with the contributor, without, and trained again from where it came in."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.federation import Federation
from benchmarks.federation.book import Sent
from benchmarks.federation.workbench import MemberBench
from benchmarks.harness.machine import versions
from benchmarks.unlearning.case import Case
from benchmarks.unlearning.kept import digest_of, kept_folder
from orchestrator.aggregation import FOLD_VERSION, FoldEntry
from orchestrator.contribution import AdapterDelta, parse
from orchestrator.daemon.workbench import OpenDelta, Progress
from orchestrator.files import write_atomic, write_json
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy import PrivacySettings
from orchestrator.privacy.protect import protect
from orchestrator.types import OrganisationId, ProtectedDelta, UpdateId

Lineage = Literal["chained", "isolated"]
History = Literal["original", "retrained", "replayed"]
"""Everybody; without the contributor from the first round; that, but what is no descendant is taken as it was."""
JUDGING = 8
"""Held-out samples of a judge. Verdicts are structural here, so that scores decide nothing."""
SOURCES = (
    *(f"benchmarks/unlearning/{name}.py" for name in ("flipped", "secrets", "trained")),
    *(f"benchmarks/federation/{name}.py" for name in ("adversaries", "book", "shards", "simulate", "workbench")),
    *(f"orchestrator/conf/experiment/{name}.yaml" for name in ("sotu_smollm2", "vader_minilm")),
    *(f"orchestrator/data/{name}.py" for name in ("canaries", "prepare", "settings", "sources")),
    "orchestrator/training",
    *(f"orchestrator/ledger/{name}.py" for name in ("contributions", "manifest", "weights")),
    *(f"orchestrator/worker/{name}.py" for name in ("lineage", "torch_workbench")),
)
"""Whatever decides the bits of a federation but the fold, whose version is in the key."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A federation that was trained once.

    Attributes:
        entries: of its last manifest. remaining: had the contributor never sent anything, nothing trained again.
        untainted: updates that are neither the contributor's nor their descendants, by round and owner.
        seconds: of the CPU, of all training for it. payload: bytes of the updates trained for it.
        rounds: mean accuracy of held-out samples by round, the base first; None for a language model.
    """

    folder: Path
    entries: tuple[FoldEntry, ...]
    remaining: tuple[FoldEntry, ...]
    untainted: Mapping[tuple[int, OrganisationId], tuple[UpdateId, int]]
    seconds: float
    payload: int
    rounds: tuple[float | None, ...]

    def open(self, update_id: UpdateId) -> AdapterDelta:
        """One contribution."""
        return parse((self.folder / f"{update_id}.delta").read_bytes())


class RecordedFederation(Federation):
    """A federation that measures its training, and trains no update again that is given.

    Args:
        given: updates by round and owner.
    """

    def __init__(self, *arguments: Any, given: Mapping[tuple[int, OrganisationId], ProtectedDelta], **named: Any):
        super().__init__(*arguments, **named)
        self.given, self.seconds, self.payload = given, 0.0, 0

    def _trained(self, number: int, manifest: Manifest, benches: Mapping[OrganisationId, MemberBench]) -> list[Sent]:
        timed: Any = {name: _Timed(self, bench, name) for name, bench in benches.items()}
        return super()._trained(number, manifest, timed)

    def write(self, folder: Path, contributor: OrganisationId, rounds: Sequence[float | None]) -> None:
        """All that :class:`Trained` reads."""
        updates, tainted = self._book.state.updates, self._book.tainted(contributor)
        untainted = [[item.round, item.organisation, name, item.samples] for name, item in updates.items()
                     if name not in tainted]  # fmt: skip
        for name, payload in self._payloads.items():
            write_atomic(folder / f"{name}.delta", payload)
        document = {
            "entries": _plain(self._book.manifest()),
            "remaining": _plain(self._book.without(contributor)),
            "untainted": untainted,
            "seconds": self.seconds,
            "payload": self.payload,
            "rounds": list(rounds),
        }
        write_json(folder / "federation.json", document)


class _Timed:
    """A member's bench for training."""

    def __init__(self, federation: RecordedFederation, bench: MemberBench, name: OrganisationId) -> None:
        self._federation, self._bench, self._name = federation, bench, name

    def train(
        self, task: TaskSpec, manifest: Manifest, opener: OpenDelta, round_number: int, progress: Progress
    ) -> ProtectedDelta:
        own = self._federation
        if (round_number, self._name) in own.given:
            return own.given[(round_number, self._name)]
        start = time.process_time()
        made = self._bench.train(task, manifest, opener, round_number, progress)
        own.seconds += time.process_time() - start
        own.payload += len(made.payload)
        return made


def trained(case: Case, lineage: Lineage, history: History) -> Trained:
    """A federation of the case, trained where it is not kept yet; the model is at its base weights then.

    Args:
        history: ``replayed`` is for ``chained`` lineage.
    """
    key = {
        **case.world.training(),
        "seed": case.seed,
        "lineage": lineage,
        "history": history,
        "code": digest_of(SOURCES),
        "fold": FOLD_VERSION,
        "packages": versions(["torch", "transformers", "peft"]),
        "base": case.shared.base.digest,
    }
    return _read(kept_folder("federations", key, lambda folder: _make(folder, case, lineage, history)))


def _make(folder: Path, case: Case, lineage: Lineage, history: History) -> None:
    contributor = case.world.contributor
    members = [member for member in case.members if history == "original" or member.name != contributor]
    federation = RecordedFederation(
        case.document(lineage),
        members,
        case.seed,
        shared=case.shared,
        held_out={member.name: member.data.validation for member in case.members},
        judging=JUDGING,
        given=_untainted(case, trained(case, lineage, "original")) if history == "replayed" else {},
    )
    played = federation.run(case.world.rounds)
    federation.write(folder, contributor, [item.measured.mean_accuracy for item in played.rounds])


def _untainted(case: Case, original: Trained) -> dict[tuple[int, OrganisationId], ProtectedDelta]:
    privacy = PrivacySettings.from_task(case.document("chained"))
    return {
        place: protect(original.open(update_id), privacy, samples=samples)
        for place, (update_id, samples) in original.untainted.items()
    }


def _plain(manifest: Manifest) -> list[list[Any]]:
    return [[entry.update_id, entry.round, entry.organisation, entry.weight] for entry in manifest.originals]


def _read(folder: Path) -> Trained:
    document = json.loads((folder / "federation.json").read_text("utf-8"))
    return Trained(
        folder,
        tuple(FoldEntry(*entry) for entry in document["entries"]),
        tuple(FoldEntry(*entry) for entry in document["remaining"]),
        {(number, name): (update_id, samples) for number, name, update_id, samples in document["untainted"]},
        document["seconds"],
        document["payload"],
        tuple(document["rounds"]),
    )
