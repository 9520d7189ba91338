"""`loranchor model compact`: make the object of the first rounds, seal and store it, and propose it to the others."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from orchestrator.aggregation import HeldSource, strategy_named
from orchestrator.aggregation.terms import prove
from orchestrator.aggregation.tiles import Workers
from orchestrator.compaction.comparing import compare
from orchestrator.compaction.document import UNIT, Compaction
from orchestrator.compaction.exact import ExactSum
from orchestrator.compaction.making import make, pieces
from orchestrator.compaction.opening import context
from orchestrator.compaction.sealed import Sealed, seal_pieces
from orchestrator.compaction.verdict import LARGEST, Compared, Fault
from orchestrator.contribution import AdapterDelta, Limits
from orchestrator.daemon.access import Access
from orchestrator.daemon.services import leaf_salt
from orchestrator.daemon.view import look
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.export.contents import sources_of
from orchestrator.ledger.compactions import COMPACTABLE, KIND, compactable
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.covers import Cover, compactions, cover_until
from orchestrator.ledger.entities import Artefact, LedgerState
from orchestrator.ledger.manifest import build_manifest, governing_task
from orchestrator.types import UpdateId

FLOAT = 4


@dataclass(frozen=True, slots=True)
class Proposed:
    """What was proposed: the artefact, and the document that it names."""

    artefact: Artefact
    document: Compaction


def chosen(state: LedgerState, tasks: Tasks, round_number: int) -> Cover:
    """The contributions to compact.

    Raises:
        ConfigurationError: there is nothing to compact, or the task does not allow it.
        ProtocolError: something of it is on its way out, or was compacted already.
    """
    task = governing_task(state, tasks)
    if task is None:
        raise ConfigurationError("no round was ever opened, so there is nothing to compact")
    if not compactable(task):
        raise ConfigurationError(
            f"strategy {task.strategy.name} with lineage {task.lineage} cannot be compacted",
            mend=f"lineage chained and one of {', '.join(sorted(COMPACTABLE))} can",
        )
    manifest = build_manifest(state, task, tasks)
    last = max((entry.round for entry in manifest.originals), default=0)
    if round_number > last > 0:
        raise ConfigurationError(
            f"round {round_number} has no contributions in the model", mend=f"the last that has is {last}"
        )
    cover = cover_until(manifest, task, round_number)
    if cover is None or cover.prefix.count < 2:
        raise ConfigurationError(
            f"up to round {round_number} there are not two contributions", mend="see `loranchor round status`"
        )
    _check_free(state, cover)
    return cover


def propose(access: Access, state: LedgerState, cover: Cover, *, rank: int = 0) -> Proposed:
    """Make the object, keep its key, and record the proposal, which is this member's own word for it.

    Raises:
        ConfigurationError: cut to that rank it is further off than members stand behind, or it is too large.
        ContentKeyDestroyed, KeystoreError, StorageError, EnvelopeError: a contribution cannot be opened.
        ProtocolError: a contribution does not fit.
    """
    with tempfile.TemporaryDirectory(prefix="loranchor-compact-") as scratch:
        sealed, error = _made(access, state, cover, rank, Path(scratch))
    with access.lock:
        document = Compaction(
            organisation=access.me,
            manifest=cover.prefix.manifest,
            base=cover.task.base.digest,
            round=cover.prefix.round,
            count=cover.prefix.count,
            entries_root=cover.prefix.root,
            rank=rank,
            error=error,
            content=sealed.content(access.store.add(sealed.payload)),
        )
        cid = access.store.add(document.to_bytes())
    registry = access.private.artefacts
    call = registry.propose(KIND, cover.prefix.manifest, document.digest, cid, leaf_salt())
    receipt = access.private_sender.send(call)
    mine = (item for item in look(access.private, block=receipt.block).state.artefacts.values())
    artefact = next(item for item in mine if (item.digest, item.organisation) == (document.digest, access.me))
    with access.lock:
        access.keystore.store_content(UpdateId(artefact.id), sealed.secret.content_key, sealed.secret.content_salt)
    return Proposed(artefact, document)


def _made(access: Access, state: LedgerState, cover: Cover, rank: int, scratch: Path) -> tuple[Sealed, int]:
    """The sealed object and its error. Nothing of it lies on the disk in plain."""
    updates = [entry.update_id for entry in cover.entries]
    strategy = strategy_named(cover.task.strategy.name, **cover.task.strategy.settings)
    with sources_of(access, state, updates, scratch) as sources:
        with Workers() as workers:
            prove(sources.values(), workers)
        exact = ExactSum(cover.task.base.digest, cover.entries, sources, strategy)
        delta: AdapterDelta = make(exact, cover.prefix.manifest, rank=rank)
        _check_size(delta)
        found = compare(exact, HeldSource(delta), cover.prefix.manifest, rank=rank)
    _check_sound(found.against(found.deviation), rank)
    return seal_pieces(pieces(delta), context(access, cover.prefix.round, access.me)), found.deviation


def _check_size(delta: AdapterDelta) -> None:
    size, most = FLOAT * delta.parameters, Limits().max_bytes
    if size >= most:
        raise ConfigurationError(
            f"the object would have {size >> 20} MiB, at most {most >> 20} are read", mend="give a smaller --rank"
        )


def _check_sound(found: Compared, rank: int) -> None:
    """Others find the same, so what they would dispute is not proposed."""
    if found.fault is Fault.ERROR_TOO_LARGE:
        raise ConfigurationError(
            f"cut to rank {rank} the object is off by {found.deviation / UNIT:.3g} of its norm, members stand behind"
            f" {LARGEST / UNIT:g} at most",
            mend="give a larger --rank, or none",
        )
    if found.fault is not None:
        raise ProtocolError(f"the object is not the sum of its contributions: {found.fault}")


def _check_free(state: LedgerState, cover: Cover) -> None:
    """What is about to be revoked or was folded before is not folded (again)."""
    updates = {entry.update_id for entry in cover.entries}
    for found in state.revocations.values():
        if found.approved and not found.shredded and updates & set(found.updates):
            raise ProtocolError(
                f"revocation {found.id} takes out a contribution of round {cover.prefix.round} or before",
                mend="compact when it has taken effect",
            )
    for artefact in compactions(state):
        if artefact.subject == cover.prefix.manifest and artefact.agreed is not None:
            raise ProtocolError(
                f"the members have agreed on an object for these {cover.prefix.count} contributions: {artefact.id}",
                mend="give a later round, or see `loranchor model compactions`",
            )
