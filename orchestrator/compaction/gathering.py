"""What a comparison needs, gathered without tensors: ciphertexts in files, and the keys to give to whoever computes."""

from __future__ import annotations

import base64
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orchestrator.compaction.document import Compaction
from orchestrator.compaction.opening import context_of, key_name, sealed_object
from orchestrator.daemon.access import Access
from orchestrator.daemon.opening import OBJECT_LIMIT, PAYLOAD_LIMIT, commitments_of, stored_cids
from orchestrator.daemon.opening import context_of as context_of_update
from orchestrator.ledger.covers import Cover
from orchestrator.ledger.entities import Artefact, LedgerState
from orchestrator.ledger.manifest import Entry

Order = dict[str, Any]
"""Plain JSON, with keys in it: for a pipe, never for a disk."""


def gather(
    access: Access, state: LedgerState, artefact: Artefact, cover: Cover, document: Compaction, scratch: Path
) -> Order:
    """Fetch the originals and the object, and check of the object what shows without opening it.

    Args:
        scratch: a folder for ciphertexts, the caller's to remove.

    Raises:
        MissingKey: the object's key at hand is another one. EnvelopeError: the object is damaged.
        ContentKeyDestroyed, KeystoreError: a key was shredded, or never received. StorageError: an object is missing.
    """
    with sealed_object(access, artefact, document, scratch) as sealed:
        sealed.verify()
    with access.lock:
        key = access.keystore.content_key(key_name(artefact))
    return {
        "strategy": {"name": cover.task.strategy.name, "settings": dict(cover.task.strategy.settings)},
        "base": document.base,
        "subject": cover.prefix.manifest,
        "rank": document.rank,
        "originals": [_original(access, state, entry, scratch) for entry in cover.entries],
        "object": {
            "payload": str(scratch / artefact.id),
            "key": key.hex(),
            "context": asdict(context_of(access, artefact, document.round)),
            "content": document.content.document(),
        },
    }


def _original(access: Access, state: LedgerState, entry: Entry, scratch: Path) -> Order:
    update = state.updates[entry.update_id]
    header_cid, payload_cid = stored_cids(update)
    with access.lock:
        key = access.keystore.content_key(update.id)
    header = access.store.fetch(header_cid, limit=OBJECT_LIMIT)
    path = scratch / update.id
    path.write_bytes(access.store.fetch(payload_cid, limit=PAYLOAD_LIMIT))
    return {
        "update_id": entry.update_id,
        "round": entry.round,
        "organisation": entry.organisation,
        "weight": entry.weight,
        "header": base64.b64encode(header).decode(),
        "payload": str(path),
        "key": key.hex(),
        "context": asdict(context_of_update(access, update)),
        "commitments": asdict(commitments_of(update)),
    }
