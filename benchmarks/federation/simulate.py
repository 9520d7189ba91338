"""Rounds of a federation: every member trains, judges, and the ledger's rules decide what the next model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.federation.adversaries import HONEST, data_of, delta_of
from benchmarks.federation.book import Book, Judgements, Sent, sent
from benchmarks.federation.held_out import HeldOut, Measured
from benchmarks.federation.shards import limited
from benchmarks.federation.shared import Shared
from benchmarks.federation.workbench import MemberBench
from orchestrator.aggregation import FoldedModel
from orchestrator.contribution import AdapterDelta, parse
from orchestrator.daemon.workbench import Judgement
from orchestrator.data import Dataset
from orchestrator.data.prepare import Samples
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.weights import settled_score
from orchestrator.privacy import PrivacySettings
from orchestrator.privacy.protect import protect
from orchestrator.training.settings import derived_seed
from orchestrator.types import MILLION, OrganisationId, ProtectedDelta, UpdateId


@dataclass(frozen=True, slots=True)
class Member:
    """One organisation.

    Attributes:
        data: all of its samples. adversary: one of :data:`benchmarks.federation.adversaries.ADVERSARIES`.
    """

    name: OrganisationId
    data: Dataset
    adversary: str = HONEST


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """What came of one round; round 0 is the base model.

    Attributes:
        measured: the model after the round on the whole held-out sets.
        accepted: organisations whose update became active. refused: for the others, each reason that a judge gave.
        scores: settled scores of the round's updates, in millionths.
        weights: over 2³², of what is in the manifest after the round, by organisation and in its order.
        error: ‖exact ΔW − the strategy's‖ / ‖exact ΔW‖ of the whole fold; 0 for an exact strategy.
    """

    number: int
    measured: Measured
    accepted: tuple[OrganisationId, ...] = ()
    refused: Mapping[OrganisationId, tuple[str, ...]] | None = None
    scores: Mapping[OrganisationId, int] | None = None
    weights: Sequence[tuple[OrganisationId, int]] = ()
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class History:
    """All rounds, the base first, and the last manifest."""

    rounds: tuple[RoundFigures, ...]
    manifest: Manifest

    @property
    def last(self) -> Measured:
        return self.rounds[-1].measured


class Federation:
    """Members that train one model together, in this process.

    Args:
        document: a ``loranchor/task`` object; base and training seed are replaced.
        members: in the order in which they submit. seed: of training, of adversaries.
        shared: the base model. Only one federation at a time may use it.
        quorum: k; by default more than half of the members.
        held_out: sets to measure on; by default the whole held-out part of each member.
        judging: held-out samples that a member judges with, at most.
        collude: whether adversaries accept each other's updates, and refuse nobody, whatever they find.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        members: Sequence[Member],
        seed: int,
        *,
        shared: Shared,
        quorum: int | None = None,
        held_out: Mapping[str, Samples] | None = None,
        judging: int = 64,
        collude: bool = False,
    ) -> None:
        names = [item.name for item in members]
        if len(set(names)) != len(names) or not names:
            raise ConfigurationError(f"a federation of {len(names)} members cannot have the names {names}")
        self.members, self.shared, self.seed, self.collude = tuple(members), shared, seed, collude
        self.task = shared.task({**document, "training": {**document["training"], "seed": seed}})
        self.held_out = HeldOut(held_out or {item.name: item.data.validation for item in members})
        self._book = Book(self.task, names, quorum or len(names) // 2 + 1)
        self._payloads: dict[UpdateId, bytes] = {}
        self._judging = judging

    def run(self, rounds: int) -> History:
        """Play the rounds from the base model on; a second run plays the same again."""
        self._book = Book(self.task, [item.name for item in self.members], self._book.quorum)
        self._payloads = {}
        folded = self.shared.fold(self.task)
        benches = {
            item.name: MemberBench(
                self.shared, folded, item.name, data_of(item.adversary, limited(item.data, self._judging))
            )
            for item in self.members
        }
        figures = [RoundFigures(0, self.held_out.measure(folded.model))]
        for number in range(1, rounds + 1):
            figures.append(self._round(number, folded, benches))
        return History(tuple(figures), self._book.manifest())

    def contributions(self) -> dict[tuple[int, OrganisationId], AdapterDelta]:
        """Every update that was sent in the last run, by round and organisation, refused ones too."""
        known = self._book.state.updates.values()
        return {(item.round, item.organisation): parse(self._open(item.id)) for item in known}

    def _round(self, number: int, folded: FoldedModel, benches: Mapping[OrganisationId, MemberBench]) -> RoundFigures:
        manifest = self._book.manifest()
        updates = self._trained(number, manifest, benches)
        self._payloads |= {item.update_id: item.delta.payload for item in updates}
        judged = self._judged(manifest, updates, benches)
        active = self._book.close(number, manifest, updates, judged)
        after = self._book.manifest()
        folded.move(after.originals, lambda update_id: parse(self._open(update_id)))
        known = self._book.state.updates
        return RoundFigures(
            number,
            self.held_out.measure(folded.model),
            tuple(known[item].organisation for item in active),
            {item.organisation: _reasons(item, judged) for item in updates if item.update_id not in active},
            {item.organisation: settled_score(known[item.update_id]) for item in updates},
            [(entry.organisation, entry.weight) for entry in after.originals],
            folded.tally.relative_error,
        )

    def _trained(self, number: int, manifest: Manifest, benches: Mapping[OrganisationId, MemberBench]) -> list[Sent]:
        """Every member's update, honest members' first: an adversary may look at those."""
        found: dict[OrganisationId, ProtectedDelta] = {}
        honest: list[AdapterDelta] = []
        for member in sorted(self.members, key=lambda item: item.adversary != HONEST):
            made = benches[member.name].train(self.task, manifest, self._open, number, lambda step, steps: None)
            if member.adversary == HONEST:
                honest.append(parse(made.payload))
            else:
                made = self._changed(member, made, honest, number)
            found[member.name] = made
        return [sent(number, name, delta) for name, delta in found.items()]

    def _changed(
        self, member: Member, made: ProtectedDelta, honest: Sequence[AdapterDelta], number: int
    ) -> ProtectedDelta:
        seed = derived_seed(self.seed, "adversary", member.name, number)
        delta = delta_of(member.adversary, parse(made.payload), honest, seed)
        return protect(delta, PrivacySettings.from_task(self.task.document), samples=made.samples)

    def _judged(
        self, manifest: Manifest, updates: Sequence[Sent], benches: Mapping[OrganisationId, MemberBench]
    ) -> Judgements:
        candidates = [item.update_id for item in updates]
        found = {}
        for member in self.members:
            if self.collude and member.adversary != HONEST:
                found[member.name] = {item: Judgement(True, MILLION, 0, "") for item in candidates}
            else:
                bench = benches[member.name]
                found[member.name] = dict(bench.judge(self.task, manifest, candidates, self._open, {}))
        return found

    def _open(self, update_id: UpdateId) -> bytes:
        return self._payloads[update_id]


def _reasons(item: Sent, judged: Judgements) -> tuple[str, ...]:
    """Why judges refuse an update, each reason once."""
    found = (
        all_of[item.update_id].reason
        for judge, all_of in judged.items()
        if judge != item.organisation and item.update_id in all_of and not all_of[item.update_id].accept
    )
    return tuple(sorted(set(found)))
