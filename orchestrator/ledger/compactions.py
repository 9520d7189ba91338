"""Compactions: objects that stand for the beginning of a manifest, as the private records tell of them.

A quorum folds old contributions into one object (decision 0028). Its subject is the digest of the manifest that those
contributions alone make, so that any change of them, of their weights or of the rules they are folded by makes the
object stand for nothing: then the manifest has the contributions themselves again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.ledger.canonical import Document, digest
from orchestrator.ledger.entities import Artefact, LedgerState, Round
from orchestrator.ledger.records import Position
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import ArtefactId, Digest, OrganisationId, UpdateId

KIND = "compaction"
"""What the ``ArtefactRegistry`` calls these objects."""
COMPACTION = OrganisationId("*")
"""In the place of an organisation's name, which no organisation can have: sorts before all of its round."""
COMPACTABLE = frozenset({"stack", "flexlora", "fedit", "ffa"})
"""Strategies whose rounds begin with nothing that is read out of single contributions."""
WEIGHT = 2**32
"""The sum that the object holds is weighted already."""
DROPPABLE = "all"
"""What can still be dropped exactly: members keep all originals, and the manifest falls back to them."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first rounds of a manifest.

    Attributes:
        round: the last of them. count, root: of their entries. manifest: digest of the manifest that has these alone.
    """

    round: int
    count: int
    root: Digest
    manifest: Digest


@dataclass(frozen=True, slots=True)
class CompactionEntry:
    """The entry that stands for all contributions up to a round.

    Attributes:
        object: digest of the object's own document. covered: what it stands for.
        deviation: the largest relative difference from the exact sum that the members found who agreed, in 10⁻¹².
    """

    artefact_id: ArtefactId
    object: Digest
    covered: Prefix
    deviation: int

    @property
    def kind(self) -> str:
        return KIND

    @property
    def round(self) -> int:
        return self.covered.round

    @property
    def organisation(self) -> OrganisationId:
        return COMPACTION

    @property
    def update_id(self) -> UpdateId:
        """What a fold asks an opener for."""
        return UpdateId(self.artefact_id)

    @property
    def weight(self) -> int:
        return WEIGHT

    def document(self) -> Document:
        return {
            "format": "loranchor/manifest-entry",
            "version": 1,
            "kind": KIND,
            "round": self.round,
            "artefact_id": self.artefact_id,
            "object": self.object,
            "covered": {
                "manifest": self.covered.manifest,
                "count": self.covered.count,
                "entries_root": self.covered.root,
            },
            "deviation": str(self.deviation),
            "droppable": DROPPABLE,
        }

    @property
    def digest(self) -> Digest:
        return digest(self.document())


def compactable(task: TaskSpec) -> bool:
    """Whether manifests of a task may begin with a compaction.

    With lineage ``isolated`` members replace their contributions, and all weights change with every round.
    """
    return task.lineage == "chained" and task.strategy.name in COMPACTABLE


def effective_at(state: LedgerState, artefact: Artefact) -> Position | None:
    """From where on an object is used: from its agreement, or from the end of the round that was open then.

    So what a round was opened on stays the same as long as it is open. None while that is not reached.
    """
    agreed = artefact.agreed
    if artefact.kind != KIND or agreed is None:
        return None
    spanning = next((found for found in state.rounds.values() if _spans(found, agreed)), None)
    return agreed if spanning is None else spanning.ended


def in_effect(state: LedgerState, at: Position | None) -> dict[Digest, Artefact]:
    """Compactions by subject; of several of one subject the one that was agreed on first.

    Args:
        at: the state after the event at this position; the latest by default.
    """
    found: dict[Digest, Artefact] = {}
    for artefact in state.artefacts.values():
        since = effective_at(state, artefact)
        if since is None or (at is not None and since > at):
            continue
        known = found.get(artefact.subject)
        if known is None or _agreed(artefact) < _agreed(known):
            found[artefact.subject] = artefact
    return found


def entry_of(artefact: Artefact, covered: Prefix) -> CompactionEntry:
    """The manifest's entry for an agreed object."""
    return CompactionEntry(artefact.id, artefact.digest, covered, artefact.deviation)


def longest(prefixes: Sequence[Prefix], known: dict[Digest, Artefact]) -> CompactionEntry | None:
    """The compaction that stands for most rounds, if one stands for any."""
    for prefix in reversed(prefixes):
        if (artefact := known.get(prefix.manifest)) is not None:
            return entry_of(artefact, prefix)
    return None


def _agreed(artefact: Artefact) -> Position:
    assert artefact.agreed is not None
    return artefact.agreed


def _spans(round_: Round, position: Position) -> bool:
    return round_.opened < position and (round_.ended is None or round_.ended > position)


PROPOSAL_BLOCKS = 5_000
"""Private blocks for which the key of a proposal is asked for: one that nobody can open is not asked for for ever."""


def shareable_objects(state: LedgerState) -> tuple[Artefact, ...]:
    """Compactions whose content keys members may give each other: none that may hold what is to be shredded.

    From the approval of a revocation on, and told by positions alone, so that no task is needed: contributions of
    rounds that had ended when the object was proposed may be in it, unless they were out by then.
    """
    gone = [
        (item, revocation)
        for revocation in state.revocations.values()
        if revocation.approved is not None
        for item in revocation.updates
    ]
    return tuple(
        artefact
        for artefact in state.artefacts.values()
        if artefact.kind == KIND
        and not any(
            _ended_before(state, item, artefact.proposed)
            and not (revocation.effective is not None and revocation.effective <= artefact.proposed)
            for item, revocation in gone
        )
    )


def wanted_objects(state: LedgerState, me: OrganisationId, block: int) -> tuple[Artefact, ...]:
    """Of those the ones that a member needs to open: what is agreed on, and recent proposals that wait for its word."""
    return tuple(
        artefact
        for artefact in shareable_objects(state)
        if artefact.agreed is not None
        or (
            block < artefact.proposed.block + PROPOSAL_BLOCKS
            and me not in artefact.endorsements
            and me not in artefact.disputes
        )
    )


def _ended_before(state: LedgerState, update: UpdateId, position: Position) -> bool:
    ended = state.rounds[state.updates[update].round].ended
    return ended is not None and ended <= position
