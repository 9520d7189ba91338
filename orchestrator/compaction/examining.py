"""What a member does with a proposed object before it says anything: make the sum of the originals, and compare."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from orchestrator.aggregation import DeltaSource, strategy_named
from orchestrator.aggregation.terms import prove
from orchestrator.aggregation.tiles import Workers
from orchestrator.compaction.comparing import Compared, Fault
from orchestrator.compaction.comparing import compare as measured
from orchestrator.compaction.document import Compaction
from orchestrator.compaction.exact import ExactSum
from orchestrator.compaction.opening import document_of, sealed_object
from orchestrator.compaction.sealed import MissingKey
from orchestrator.contribution import ContributionRefused
from orchestrator.daemon.access import Access
from orchestrator.errors import ContentKeyDestroyed, EnvelopeError, FormatError, KeystoreError, StorageError
from orchestrator.export.contents import sources_of
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.covers import Cover, cover_of, stands
from orchestrator.ledger.entities import Artefact, LedgerState


def examine(access: Access, state: LedgerState, artefact: Artefact, tasks: Tasks, scratch: Path) -> Compared:
    """The member's verdict; the object is pinned on its node where it stands behind it.

    Args:
        scratch: a folder for ciphertexts, the caller's to remove.

    Raises:
        StorageError: an object, or a key that catching up brings, is not here yet: try again.
        ContentKeyDestroyed: an original was shredded, so nothing can be compared.
    """
    cover = stands(state, artefact, tasks)
    if cover is None:
        known = cover_of(state, artefact, tasks)
        return Compared(fault=Fault.UNKNOWN_SUBJECT if known is None else Fault.OUTDATED)
    try:
        document = document_of(access.store, artefact)
    except FormatError:
        return Compared(fault=Fault.WRONG_DOCUMENT)
    if not document.names(artefact, cover):
        return Compared(fault=Fault.WRONG_DOCUMENT)
    try:
        found = _compared(access, state, artefact, cover, document, scratch).against(document.error)
    except (ContentKeyDestroyed, MissingKey) as error:
        if isinstance(error, ContentKeyDestroyed):
            raise
        raise _waiting(artefact, error) from error
    except KeystoreError as error:
        raise _waiting(artefact, error) from error
    if found.fault is None:
        for cid in (artefact.cid, document.content.cid):
            access.store.pin(cid)
    return found


def _compared(
    access: Access, state: LedgerState, artefact: Artefact, cover: Cover, document: Compaction, scratch: Path
) -> Compared:
    updates = [entry.update_id for entry in cover.entries]
    strategy = strategy_named(cover.task.strategy.name, **cover.task.strategy.settings)
    with ExitStack() as stack:
        originals = stack.enter_context(sources_of(access, state, updates, scratch / "originals"))
        with Workers() as workers:
            prove(originals.values(), workers)
        exact = ExactSum(document.base, cover.entries, originals, strategy)
        try:
            sealed = stack.enter_context(sealed_object(access, artefact, document, scratch / "object"))
            candidate = DeltaSource(sealed)
            candidate.verify()
            candidate.prove()
            return measured(exact, candidate, cover.prefix.manifest, rank=document.rank)
        except MissingKey:
            raise
        except EnvelopeError:
            return Compared(fault=Fault.DAMAGED_OBJECT)
        except ContributionRefused:
            return Compared(fault=Fault.WRONG_FORM)


def _waiting(artefact: Artefact, error: Exception) -> StorageError:
    return StorageError(
        f"compaction {artefact.id} cannot be compared yet: {error}", mend="this node asks the others for missing keys"
    )
