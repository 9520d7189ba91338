"""The facts that a private chain would hold, as the ledger's own types, so that its rules decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.daemon.workbench import Judgement
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.contributions import active_updates, descendants
from orchestrator.ledger.entities import LedgerState, Member, Opening, Round, RoundStatus, Update, Verdict
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.ledger.records import Position
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import ZERO_DIGEST, Address, Cid, OrganisationId, ProtectedDelta, UpdateId

Judgements = Mapping[OrganisationId, Mapping[UpdateId, Judgement]]
"""Of each judge, by update."""

NOBODY = Address("0x" + "00" * 20)
NOWHERE = Cid("")


@dataclass(frozen=True, slots=True)
class Sent:
    """An update of the round that is going on."""

    update_id: UpdateId
    organisation: OrganisationId
    delta: ProtectedDelta


def sent(number: int, organisation: OrganisationId, delta: ProtectedDelta) -> Sent:
    """An update under an id that no other content has."""
    content = sha256(delta.payload)
    return Sent(UpdateId(sha256(f"{number}/{organisation}/{content}".encode())), organisation, delta)


class Book:
    """Rounds and updates so far.

    Args:
        quorum: how many members must accept an update, its owner counting as one.
    """

    def __init__(self, task: TaskSpec, members: Sequence[OrganisationId], quorum: int) -> None:
        self.task, self.quorum, self.state = task, quorum, LedgerState()
        self._members = {name: Member(name, NOBODY, NOBODY) for name in members}

    def manifest(self) -> Manifest:
        """The manifest now, by the ledger's rules of lineage and weights."""
        return build_manifest(self.state, self.task, {self.task.digest: self.task})

    def without(self, organisation: OrganisationId) -> Manifest:
        """The manifest now, had that organisation never sent anything."""
        kept = {name: item for name, item in self.state.updates.items() if item.organisation != organisation}
        rounds = {
            number: replace(item, submissions=tuple(name for name in item.submissions if name in kept))
            for number, item in self.state.rounds.items()
        }
        state = self.state.with_(rounds=rounds, updates=kept)
        return build_manifest(state, self.task, {self.task.digest: self.task})

    def tainted(self, organisation: OrganisationId) -> frozenset[UpdateId]:
        """What that organisation sent, and all that was trained on top of it."""
        own = [name for name, item in self.state.updates.items() if item.organisation == organisation]
        return frozenset(own) | frozenset(descendants(self.state, own, {self.task.digest: self.task}))

    def close(self, number: int, parent: Manifest, updates: Sequence[Sent], judged: Judgements) -> tuple[UpdateId, ...]:
        """Record a whole round; what became active in it. With fewer than the task's minimum it has failed."""
        known = {item.update_id: self._update(number, item, parent, judged) for item in updates}
        round_ = self._round(number, parent, tuple(known))
        state = self.state
        state = state.with_(rounds={**state.rounds, number: round_}, updates={**state.updates, **known})
        active = active_updates(state, number)
        if len(active) < self.task.minimum_updates:
            failed = replace(round_, status=RoundStatus.FAILED, failure="TOO_FEW_UPDATES")
            state, active = state.with_(rounds={**state.rounds, number: failed}), ()
        self.state = state
        return active

    def _update(self, number: int, item: Sent, parent: Manifest, judged: Judgements) -> Update:
        content = sha256(item.delta.payload)
        verdicts = {
            judge: Verdict(found.accept, found.weight_cap, found.score, found.reason)
            for judge, all_of in judged.items()
            if (found := all_of.get(item.update_id)) is not None
        }
        return Update(
            id=item.update_id,
            round=number,
            organisation=item.organisation,
            submitted=Position(2 * number, 1),
            ciphertext_digest=content,
            header_digest=ZERO_DIGEST,
            content_commitment=content,
            data_statement_digest=ZERO_DIGEST,
            parent_manifest=parent.digest,
            samples=item.delta.samples,
            epsilon=item.delta.epsilon,
            released=True,
            verdicts=verdicts,
        )

    def _round(self, number: int, parent: Manifest, submissions: tuple[UpdateId, ...]) -> Round:
        task, opener = self.task, next(iter(self._members))
        lengths = (task.deadlines.submit, task.deadlines.release, task.deadlines.commit, task.deadlines.reveal)
        terms = (parent.digest, task.digest, NOWHERE, ZERO_DIGEST, NOWHERE, *lengths)
        return Round(
            id=number,
            opener=opener,
            opening=Opening(*terms, task.minimum_updates, task.privacy.epsilon_cap),
            epoch=1,
            quorum=self.quorum,
            members=self._members,
            opened=Position(2 * number, 0),
            submissions=submissions,
            status=RoundStatus.CLOSED,
            ended=Position(2 * number + 1, 0),
        )
