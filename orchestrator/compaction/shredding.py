"""Shredding what compactions hold of contributions that are shredded: keys first, then the objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from orchestrator.compaction.opening import document_of, key_name
from orchestrator.daemon.access import Access
from orchestrator.daemon.opening import PAYLOAD_LIMIT
from orchestrator.envelope.sealing import MAGIC
from orchestrator.errors import FormatError, StorageError
from orchestrator.ledger.covers import compactions
from orchestrator.ledger.entities import Artefact, LedgerState
from orchestrator.types import Cid


def shred_objects(access: Access, ledger: LedgerState, artefacts: Iterable[Artefact]) -> None:
    """Destroy the content keys of these compactions, and let the node forget their objects at its next collection.

    Doing it again changes nothing.
    """
    held = tuple(artefacts)
    if not held:
        return
    with access.lock:
        access.keystore.shred([key_name(artefact) for artefact in held])
    for cid in _removable(access, ledger, held):
        access.store.unpin(cid)


def _removable(access: Access, ledger: LedgerState, held: tuple[Artefact, ...]) -> Iterator[Cid]:
    """Objects that the documents name, and nothing else that is kept: who proposes writes any CID into a document."""
    others = [artefact for artefact in compactions(ledger) if artefact not in held]
    kept = {cid for update in ledger.updates.values() for cid in (update.payload_cid, update.header_cid)}
    kept |= {cid for artefact in others for cid in _named(access, artefact)}
    for cid in sorted({cid for artefact in held for cid in _named(access, artefact)} - kept):
        if access.store.has(cid) and access.store.fetch(cid, limit=PAYLOAD_LIMIT).startswith(MAGIC):
            yield cid


def _named(access: Access, artefact: Artefact) -> Iterator[Cid]:
    """The object of a proposal, where its document is at hand and one."""
    with suppress(StorageError, FormatError):
        if access.store.has(artefact.cid):
            yield document_of(access.store, artefact).content.cid
