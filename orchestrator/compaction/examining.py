"""What a member does with a proposed object before it says anything: make the sum of the originals, and compare."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from orchestrator.compaction.document import Compaction
from orchestrator.compaction.gathering import Order, gather
from orchestrator.compaction.opening import document_of
from orchestrator.compaction.sealed import MissingKey
from orchestrator.compaction.verdict import Compared, Fault
from orchestrator.daemon.access import Access
from orchestrator.errors import (
    ContentKeyDestroyed,
    EnvelopeError,
    FormatError,
    KeystoreError,
    StorageError,
    WorkerError,
)
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.covers import Cover, cover_of, stands
from orchestrator.ledger.entities import Artefact, LedgerState


def examine(access: Access, state: LedgerState, artefact: Artefact, tasks: Tasks, scratch: Path) -> Compared:
    """The member's verdict; the object is pinned on its node where it stands behind it.

    Args:
        scratch: an empty folder for ciphertexts, the caller's to remove.

    Raises:
        StorageError: an object, or a key that catching up brings, is not here yet: try again.
        ContentKeyDestroyed: an original was shredded, so nothing can be compared.
        WorkerError: the process that computes has ended, or found an original that does not fit.
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
    found = _compared(access, state, artefact, cover, document, scratch).against(document.error)
    if found.fault is None:
        for cid in (artefact.cid, document.content.cid):
            access.store.pin(cid)
    return found


def _compared(
    access: Access, state: LedgerState, artefact: Artefact, cover: Cover, document: Compaction, scratch: Path
) -> Compared:
    try:
        order = gather(access, state, artefact, cover, document, scratch)
    except ContentKeyDestroyed:
        raise
    except (MissingKey, KeystoreError) as error:
        raise StorageError(
            f"compaction {artefact.id} cannot be compared yet: {error.message}",
            mend="this node asks the others for missing keys",
        ) from error
    except EnvelopeError:
        return Compared(fault=Fault.DAMAGED_OBJECT)
    return in_a_process(order)


def in_a_process(order: Order) -> Compared:
    """Have a process of its own measure it, which takes torch and gives its memory back.

    Raises:
        WorkerError: it has ended without an answer.
    """
    command = [sys.executable, "-m", "orchestrator.compaction.measure"]
    done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines()[-1:] or [f"exit {done.returncode}"]
        raise WorkerError(f"the comparison of a compaction has ended: {told[0]}")
    found = json.loads(done.stdout)
    fault = None if found["fault"] is None else Fault(found["fault"])
    return Compared(found["deviation"], found["least"], fault)
