"""The manifest: the ordered, weighted contributions that make the model, a pure function of the private records.

Consensus is on the digest of the manifest, never on floating-point results.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from orchestrator.ledger.canonical import Document, canonical_bytes, digest
from orchestrator.ledger.compactions import CompactionEntry, Prefix, compactable, in_effect, longest
from orchestrator.ledger.contributions import (
    Tasks,
    closed_by,
    contributing_rounds,
    effective_revocations,
    live_contributions,
    on_base,
    task_of,
)
from orchestrator.ledger.entities import LedgerState, Mode, Revocation
from orchestrator.ledger.hardenings import HardeningEntry, seed_of
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.records import Position
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import group_weights
from orchestrator.ledger.words import hex_word
from orchestrator.types import Digest, OrganisationId, RequestId, UpdateId

FORMAT = "loranchor/manifest"
ENTRY_FORMAT = "loranchor/manifest-entry"


@dataclass(frozen=True, slots=True)
class Entry:
    """One contribution and its weight over 2³²."""

    round: int
    organisation: OrganisationId
    update_id: UpdateId
    ciphertext_digest: Digest
    content_commitment: Digest
    parent_manifest: Digest
    weight: int
    kind: str = "low-rank"

    def document(self) -> Document:
        return {
            "format": ENTRY_FORMAT,
            "version": 1,
            "kind": self.kind,
            "round": self.round,
            "organisation": self.organisation,
            "update_id": self.update_id,
            "ciphertext_digest": self.ciphertext_digest,
            "content_commitment": self.content_commitment,
            "parent_manifest": self.parent_manifest,
            "weight": self.weight,
        }

    @property
    def digest(self) -> Digest:
        return digest(self.document())


AnyEntry = Entry | CompactionEntry | HardeningEntry


@dataclass(frozen=True)
class Manifest:
    """Entries in (round, organisation, update id) order over a base model.

    Attributes:
        entries: what is folded, hardenings in the place where they took effect.
        covered: the contributions that the first entry stands for, where it is a compaction; they are no part of the
            document, which names their root.
    """

    base: Digest
    settings: Digest
    strategy: str
    entries: tuple[AnyEntry, ...]
    covered: tuple[Entry, ...] = ()

    @cached_property
    def document(self) -> Document:
        return self.document_of(len(self.entries), entries_root(self.entries))

    def document_of(self, count: int, root: Digest) -> Document:
        """The document of a manifest by the same rules with other entries."""
        return {
            "format": FORMAT,
            "version": 1,
            "base": self.base,
            "settings": self.settings,
            "strategy": self.strategy,
            "count": count,
            "entries_root": root,
        }

    @cached_property
    def digest(self) -> Digest:
        return digest(self.document)

    def rooted(self, root: Digest) -> Manifest:
        """Itself, for whom the root of its entries is known already."""
        vars(self)["document"] = self.document_of(len(self.entries), root)
        return self

    @property
    def originals(self) -> tuple[Entry, ...]:
        """Every contribution in the model, those that a compaction stands for, too."""
        return (*self.covered, *(entry for entry in self.entries if isinstance(entry, Entry)))

    @property
    def compaction(self) -> CompactionEntry | None:
        """The entry that stands for others, if there is one."""
        return next((entry for entry in self.entries if isinstance(entry, CompactionEntry)), None)

    @property
    def hardenings(self) -> tuple[HardeningEntry, ...]:
        """Noise on the weights, in order: no contribution, and nothing that anybody opens."""
        return tuple(entry for entry in self.entries if isinstance(entry, HardeningEntry))

    @property
    def opened(self) -> tuple[Entry | CompactionEntry, ...]:
        """The entries that have an object, which a fold opens."""
        return tuple(entry for entry in self.entries if not isinstance(entry, HardeningEntry))

    @property
    def updates(self) -> tuple[UpdateId, ...]:
        """Contributions in the model, whether they have entries of their own or not."""
        return tuple(entry.update_id for entry in self.originals)


def entries_root(entries: Iterable[AnyEntry]) -> Digest:
    """RFC 6962 root over the canonical bytes of the entries."""
    return hex_word(MerkleTree(canonical_bytes(entry.document()) for entry in entries).root())


def prefixes(manifest: Manifest) -> tuple[Prefix, ...]:
    """The beginnings of a manifest without compaction, up to the end of each of its rounds, shortest first.

    They end before the first hardening: what stands for a beginning stands for contributions alone.
    """
    last = min((entry.round for entry in manifest.hardenings), default=None)
    entries = tuple(entry for entry in manifest.originals if last is None or entry.round <= last)
    tree = MerkleTree(canonical_bytes(entry.document()) for entry in entries)
    ends = [place for place in range(1, len(entries) + 1) if _ends_round(entries, place)]
    return tuple(_prefix(manifest, entries[end - 1].round, end, hex_word(tree.root(end))) for end in ends)


def build_manifest(
    state: LedgerState,
    task: TaskSpec,
    tasks: Tasks,
    *,
    at: Position | None = None,
    ignoring: RequestId | None = None,
) -> Manifest:
    """The manifest of a task.

    Contributions of every closed round on the same base model are in it; lineage and weights are by the rules of
    ``task``. Where members have agreed on an object that stands for just the first of them, it has that entry instead.

    Args:
        task: the task whose rules apply; one that is only about to open a round will do.
        tasks: those of all rounds that were ever closed.
        at: the state after the event at this position; the latest by default.
        ignoring: a revocation to leave out of account, to see what the model was before it.
    """
    live = live_contributions(state, tasks, at=at, ignoring=ignoring)
    used = list(on_base(state, live, task.base.digest, tasks))
    groups: list[tuple[int, list[UpdateId]]]
    if task.lineage == "isolated":
        used = _latest(state, used)
        groups = [(max((state.updates[item].round for item in used), default=0), used)]
    else:
        groups = [(number, list(group)) for number, group in groupby(used, key=lambda item: state.updates[item].round)]
    entries: list[Entry] = []
    for number, group in groups:
        entries += entries_of(state, number, group, task, tasks, at=at, ignoring=ignoring)
    placed: list[AnyEntry] = [*entries, *_hardenings(state, task, tasks, at, ignoring)]
    whole = Manifest(task.base.digest, task.settings, task.strategy.name, tuple(sorted(placed, key=_place)))
    agreed = in_effect(state, at) if compactable(task) else {}
    return compacted(whole, longest(prefixes(whole), agreed)) if agreed else whole


def entries_of(
    state: LedgerState,
    number: int,
    group: Sequence[UpdateId],
    task: TaskSpec,
    tasks: Tasks,
    *,
    at: Position | None = None,
    ignoring: RequestId | None = None,
) -> list[Entry]:
    """Entries of updates whose weights belong together, such as the live ones of a round, in their order."""
    weights = group_weights(state, group, task.weights, tasks, before_round=number, at=at, ignoring=ignoring)
    return [_entry(state, item, weight) for item, weight in zip(group, weights, strict=True)]


def compacted(manifest: Manifest, entry: CompactionEntry | None) -> Manifest:
    """A manifest with that entry in the place of those that it stands for."""
    if entry is None:
        return manifest
    covered, before = manifest.originals[: entry.covered.count], (*manifest.covered, *manifest.entries)
    rest = (item for item in before if not isinstance(item, CompactionEntry) and item not in covered)
    return replace(manifest, entries=(entry, *rest), covered=covered)


def governing_task(state: LedgerState, tasks: Tasks, *, at: Position | None = None) -> TaskSpec | None:
    """The task whose manifest checkpoints name: that of the last round that contributed.

    Before there is one, that of the round closed last, or else opened last.

    Args:
        at: the state after the event at this position; the latest by default.
    """
    if contributing := contributing_rounds(state, at=at):
        return task_of(contributing[-1], tasks)
    opened = [item for item in state.rounds.values() if at is None or item.opened <= at]
    closed = [item for item in opened if closed_by(item, at)]
    chosen = max(closed or opened, key=lambda item: item.id, default=None)
    return None if chosen is None else task_of(chosen, tasks)


def _latest(state: LedgerState, live: Sequence[UpdateId]) -> list[UpdateId]:
    """The last contribution of each organisation, in order."""
    last = {state.updates[item].organisation: item for item in live}
    return [item for item in live if last[state.updates[item].organisation] == item]


def _hardenings(
    state: LedgerState, task: TaskSpec, tasks: Tasks, at: Position | None, ignoring: RequestId | None
) -> list[HardeningEntry]:
    """One for each round that contributed at most: of the first ``heal`` that took something out of the model there.

    So a member with many contributions makes no more noise by asking many times. The task that governed where the
    revocation took effect decides for good: a certificate names what follows from it.
    """
    found: dict[int, HardeningEntry] = {}
    healed = (item for item in effective_revocations(state, at=at) if item.mode is Mode.HEAL and item.id != ignoring)
    for revocation in sorted(healed, key=lambda item: (item.effective, item.requested)):
        entry = _hardening(state, revocation, task.base.digest, tasks)
        if entry is not None:
            found.setdefault(entry.round, entry)
    return list(found.values())


def _hardening(state: LedgerState, revocation: Revocation, base: Digest, tasks: Tasks) -> HardeningEntry | None:
    since = revocation.effective
    task = governing_task(state, tasks, at=since)
    if since is None or task is None or task.hardening is None or task.base.digest != base:
        return None
    before = on_base(state, live_contributions(state, tasks, at=since, ignoring=revocation.id), base, tasks)
    if set(before).isdisjoint(revocation.updates):
        return None
    ended = contributing_rounds(state, at=since)[-1].id  # what left was of one; a round of nobody's is no other place
    seed = seed_of(revocation.id, (state.updates[item].content_commitment for item in revocation.updates))
    chosen = task.hardening
    return HardeningEntry(revocation.id, ended, chosen.method, chosen.sigma_nano, task.adapter.modules, seed)


def _place(entry: AnyEntry) -> tuple[int, str]:
    return entry.round, entry.organisation


def _ends_round(entries: Sequence[Entry], end: int) -> bool:
    return end == len(entries) or entries[end].round != entries[end - 1].round


def _prefix(manifest: Manifest, round_: int, count: int, root: Digest) -> Prefix:
    return Prefix(round_, count, root, digest(manifest.document_of(count, root)))


def _entry(state: LedgerState, update_id: UpdateId, weight: int) -> Entry:
    update = state.updates[update_id]
    return Entry(
        round=update.round,
        organisation=update.organisation,
        update_id=update_id,
        ciphertext_digest=update.ciphertext_digest,
        content_commitment=update.content_commitment,
        parent_manifest=update.parent_manifest,
        weight=weight,
    )
