"""Manifests of one history, one after the other: what a round adds is worked out and hashed once.

The same manifests, to the bit, as :func:`orchestrator.ledger.manifest.build_manifest` makes from nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.ledger.contributions import (
    Tasks,
    active_updates,
    contributing_rounds,
    effective_revocations,
    taken_out,
    task_of,
)
from orchestrator.ledger.entities import LedgerState, Mode, Round
from orchestrator.ledger.manifest import Entry, Manifest, build_manifest, entries_of, governing_task
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.words import hex_word
from orchestrator.types import Digest, RequestId, UpdateId

Group = tuple[Entry, ...]
"""What one round adds."""


class ManifestFold:
    """Builds manifests of a history's states, best in the order of the history: only what differs is hashed again.

    Where entries follow from more than their round (scores of earlier rounds, lineage ``isolated``, hardenings,
    compactions) a manifest is built from nothing.

    Args:
        tasks: those of all rounds that were ever closed.
    """

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._groups: dict[tuple[int, str, Digest], tuple[Round, tuple[UpdateId, ...], Group]] = {}
        self._gone: dict[RequestId, frozenset[UpdateId]] = {}
        self._tree = MerkleTree()
        self._hashed: list[Group] = []

    def build(self, state: LedgerState, task: TaskSpec) -> Manifest:
        """As :func:`orchestrator.ledger.manifest.build_manifest`.

        Raises:
            ProtocolError: a task that it needs is not at hand.
        """
        if not _by_rounds(state, task):
            return build_manifest(state, task, self._tasks)
        gone = self._taken_out(state)
        found = [self._group(state, round_, task, gone) for round_ in contributing_rounds(state)]
        groups = [group for group in found if group]
        entries = tuple(chain.from_iterable(groups))
        return Manifest(task.base.digest, task.settings, task.strategy.name, entries).rooted(self._root(groups))

    def anchored(self, state: LedgerState) -> Manifest | None:
        """As :func:`orchestrator.ledger.view.anchored_manifest`: None before any round contributed."""
        task = governing_task(state, self._tasks) if contributing_rounds(state) else None
        return None if task is None else self.build(state, task)

    def _group(self, state: LedgerState, round_: Round, task: TaskSpec, gone: frozenset[UpdateId]) -> Group:
        live = tuple(item for item in active_updates(state, round_.id) if item not in gone)
        if not live or task_of(round_, self._tasks).base.digest != task.base.digest:
            return ()
        key = round_.id, task.weights, task.base.digest
        known = self._groups.get(key)
        if known is None or known[0] is not round_ or known[1] != live:
            known = self._groups[key] = round_, live, tuple(entries_of(state, round_.id, live, task, self._tasks))
        return known[2]

    def _taken_out(self, state: LedgerState) -> frozenset[UpdateId]:
        """What revocations in effect have taken out; what one has is final."""
        found = effective_revocations(state)
        for revocation in found:
            if revocation.id not in self._gone:
                self._gone[revocation.id] = taken_out(state, revocation, self._tasks)
        return frozenset[UpdateId]().union(*(self._gone[revocation.id] for revocation in found))

    def _root(self, groups: Sequence[Group]) -> Digest:
        """Of their entries in order; those at the front that were hashed last time are not hashed again."""
        same = 0
        for known, group in zip(self._hashed, groups, strict=False):
            if known is not group:
                break
            same += 1
        self._tree.truncate(sum(map(len, self._hashed[:same])))
        for entry in chain.from_iterable(groups[same:]):
            self._tree.append(canonical_bytes(entry.document()))
        self._hashed[same:] = groups[same:]
        return hex_word(self._tree.root())


def _by_rounds(state: LedgerState, task: TaskSpec) -> bool:
    """Whether what a round adds follows from the round, and from what revocations have taken out of it."""
    healed = any(item.mode is Mode.HEAL for item in effective_revocations(state))
    return task.lineage == "chained" and task.weights in ("uniform", "samples") and not state.artefacts and not healed
