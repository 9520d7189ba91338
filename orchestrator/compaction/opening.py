"""Opening a compacted object with what the keystore holds, and whatever a manifest's entry asks for."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.compaction.document import Compaction
from orchestrator.compaction.sealed import SealedCompaction
from orchestrator.daemon.access import Access
from orchestrator.daemon.opening import OBJECT_LIMIT, PAYLOAD_LIMIT, open_contribution
from orchestrator.envelope import ContentSecret, Context
from orchestrator.errors import ContentKeyDestroyed, DataError, EnvelopeError, FormatError, KeystoreError, StorageError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import Artefact, LedgerState
from orchestrator.storage.store import ObjectStore
from orchestrator.types import ArtefactId, OrganisationId, UpdateId


def opener_of(access: Access, ledger: LedgerState) -> Callable[[UpdateId], bytes]:
    """Gives the plaintext of a manifest's entries, contributions and compactions alike.

    Raises:
        ContentKeyDestroyed: it was shredded. KeystoreError: a contribution's key was never received.
        StorageError, EnvelopeError: an object is missing, or not the recorded one; or its key is on its way.
    """

    def opened(entry: UpdateId) -> bytes:
        artefact = ledger.artefacts.get(ArtefactId(entry))
        return open_contribution(access, ledger.updates[entry]) if artefact is None else open_object(access, artefact)

    return opened


def open_object(access: Access, artefact: Artefact) -> bytes:
    """Fetch a compacted object, decrypt it with the kept content key, and check it against the agreed document.

    Raises:
        StorageError: also where its key has not come yet, which catching up brings: try again.
    """
    with access.lock:
        key = _key(access, artefact)
    document = document_of(access.store, artefact)  # not while others wait for the keystore
    payload = access.store.fetch(document.content.cid, limit=PAYLOAD_LIMIT)
    sealed = SealedCompaction(document.content, payload, key, context=context_of(access, artefact, document.round))
    sealed.verify()
    return bytes(sealed.open())


def _key(access: Access, artefact: Artefact) -> bytes:
    try:
        return access.keystore.content_key(key_name(artefact))
    except ContentKeyDestroyed:
        raise
    except KeystoreError as error:
        raise StorageError(
            f"the key of compaction {artefact.id} has not reached this member yet",
            mend="its daemon asks the others for missing keys",
        ) from error


def key_name(artefact: Artefact) -> UpdateId:
    """By which the keystore knows the object's content key; the chain makes it, so it is no contribution's."""
    return UpdateId(artefact.id)


def document_of(store: ObjectStore, artefact: Artefact) -> Compaction:
    """The document that was proposed.

    Raises:
        FormatError: the object is not the one that was proposed, or no such document. StorageError: nobody has it.
    """
    data = store.fetch(artefact.cid, limit=OBJECT_LIMIT)
    if sha256(data) != artefact.digest:
        raise FormatError(f"object {artefact.cid} is not the one that artefact {artefact.id} names")
    return Compaction.from_bytes(data)


def context_of(access: Access, artefact: Artefact, round_number: int) -> Context:
    """Where an object belongs: it opens nowhere else."""
    return context(access, round_number, artefact.organisation)


def context(access: Access, round_number: int, maker: OrganisationId) -> Context:
    registry = access.private.artefacts
    return Context(registry.chain.chain_id, registry.address, round_number, maker)


@contextmanager
def sealed_object(access: Access, artefact: Artefact, document: Compaction, folder: Path) -> Iterator[SealedCompaction]:
    """An object's ciphertext in a file, decrypted where it is read.

    Args:
        folder: where it lies; not fetched again where it is there.

    Raises:
        MissingKey: the key at hand is another one. Others as :func:`open_object`.
    """
    path = folder / artefact.id
    with access.lock:
        key = access.keystore.content_key(key_name(artefact))
    if not path.is_file():
        payload = access.store.fetch(document.content.cid, limit=PAYLOAD_LIMIT)
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        draft.write_bytes(payload)
        draft.replace(path)
    where = context_of(access, artefact, document.round)
    sealed = SealedCompaction(document.content, mapped(path), key, context=where)
    try:
        yield sealed
    finally:
        sealed.close()


def keep_proven_object(access: Access, artefact: Artefact, secret: ContentSecret) -> None:
    """Keep the content key of a compaction that another member gave, once it has opened what was proposed.

    Raises:
        EnvelopeError: it does not, or the salt is another one. FormatError: what was proposed is no such document.
        StorageError: document or object are not to be had now. ContentKeyDestroyed: it was shredded here.
    """
    document = document_of(access.store, artefact)
    payload = access.store.fetch(document.content.cid, limit=PAYLOAD_LIMIT)
    where = context_of(access, artefact, document.round)
    sealed = SealedCompaction(document.content, payload, secret.content_key, context=where)
    sealed.verify()
    if sealed.salt() != secret.content_salt:
        raise EnvelopeError(f"the content salt of compaction {artefact.id} is another one")
    sealed.prove()
    with access.lock:
        access.keystore.store_content(key_name(artefact), secret.content_key, secret.content_salt)


def mapped(path: Path) -> memoryview:
    """A file's bytes, memory-mapped.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return _mapped(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error


def _mapped(path: Path) -> memoryview:
    with path.open("rb") as file:
        size = path.stat().st_size
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")
