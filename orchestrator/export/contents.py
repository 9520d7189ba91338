"""A manifest's contributions as the engine reads them: sealed, in files, decrypted where they are read.

Nothing of a contribution is written in plain: what lies on the disk meanwhile is what IPFS has.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from orchestrator.aggregation import DeltaSource, Source
from orchestrator.compaction.opening import document_of, sealed_object
from orchestrator.daemon.access import Access
from orchestrator.daemon.opening import (
    OBJECT_LIMIT,
    PAYLOAD_LIMIT,
    commitments_of,
    context_of,
    stored_cids,
)
from orchestrator.envelope.access import SealedPayload
from orchestrator.ledger.entities import LedgerState, Update
from orchestrator.types import ArtefactId, UpdateId


@contextmanager
def sources_of(
    access: Access, state: LedgerState, entries: Iterable[UpdateId], folder: Path
) -> Iterator[Mapping[UpdateId, Source]]:
    """Fetch a manifest's entries to ``folder`` and open them with the kept content keys; closed when the block ends.

    Args:
        entries: contributions, and compactions that stand for others.
        folder: where ciphertexts lie; those that are there already are not fetched again.

    Raises:
        ContentKeyDestroyed: one was shredded. KeystoreError: the key of one was never received.
        StorageError, EnvelopeError: an object is missing, or not the recorded one.
    """
    wanted = tuple(entries)
    compacted = {item: state.artefacts[ArtefactId(item)] for item in wanted if ArtefactId(item) in state.artefacts}
    with access.lock:
        keys = {item: access.keystore.content_key(item) for item in wanted}  # all, before any is fetched
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        found: dict[UpdateId, Source] = {}
        for item in wanted:
            if (artefact := compacted.get(item)) is not None:
                document = document_of(access.store, artefact)
                found[item] = DeltaSource(stack.enter_context(sealed_object(access, artefact, document, folder)))
            else:
                found[item] = _source(access, state.updates[item], keys[item], folder)
                stack.callback(found[item].close)
        yield found


def _source(access: Access, update: Update, key: bytes, folder: Path) -> Source:
    header_cid, payload_cid = stored_cids(update)
    path = folder / update.id
    with access.lock:
        header = access.store.fetch(header_cid, limit=OBJECT_LIMIT)
        if not path.is_file():
            payload = access.store.fetch(payload_cid, limit=PAYLOAD_LIMIT)
            draft = path.with_suffix(".part")
            draft.write_bytes(payload)
            draft.replace(path)
    context, commitments = context_of(access, update), commitments_of(update)
    return DeltaSource(SealedPayload(header, _mapped(path), key, context=context, commitments=commitments))


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        size = path.stat().st_size
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")
