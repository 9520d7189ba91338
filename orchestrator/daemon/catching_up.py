"""What this member cannot open of what counts, and the answers of others, which are tried before they are believed."""

from __future__ import annotations

import hmac
from dataclasses import replace

from orchestrator.compaction.opening import keep_proven_object
from orchestrator.daemon.access import Access
from orchestrator.daemon.opening import commitments_of, context_of, sealed_objects, stored_cids
from orchestrator.daemon.services import Services
from orchestrator.envelope import CatchUpContext, ContentSecret, open_payload
from orchestrator.errors import EnvelopeError, ProtocolError
from orchestrator.ledger.asked import CatchUp
from orchestrator.ledger.catch_ups import latest_catch_up, needed, shareable, shareable_updates, stands
from orchestrator.ledger.entities import LedgerState, Update
from orchestrator.ledger.records import Position
from orchestrator.protocol.events import BlockSeen
from orchestrator.types import ArtefactId, OrganisationId, UpdateId


class Missing:
    """Finds contributions whose content keys are not in the keystore, and requests whose one-time key is not."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._counted: tuple[tuple[Position | None, int], frozenset[UpdateId]] = ((None, -1), frozenset())
        self._kept: frozenset[UpdateId] = frozenset()

    def compared(self, heads: BlockSeen, ledger: LedgerState) -> BlockSeen:
        """The heads with what is missing. Keys that were once there are there as long as they count."""
        counted = (ledger.position, heads.private_block)
        if self._counted[0] != counted:
            self._counted = (counted, frozenset(needed(ledger, self._services.me, heads.private_block)))
        wanted = self._counted[1]
        if not wanted <= self._kept:
            self._kept = frozenset(self._services.keystore.contents())
        unopened = wanted - self._kept
        return replace(heads, unopened=unopened, keyless=self._keyless(ledger) if unopened else frozenset())

    def _keyless(self, ledger: LedgerState) -> frozenset[int]:
        """The own last request, if its private key was destroyed or lost: answers to it are of no use."""
        asked = latest_catch_up(ledger, self._services.me)
        if asked is None or asked.key_digest in self._services.keystore.prekeys():
            return frozenset()
        return frozenset({asked.number})


def unopened_updates(ledger: LedgerState, access: Access) -> tuple[UpdateId, ...]:
    """Contributions that count and that this member's keystore cannot open, in their order."""
    kept = frozenset(access.keystore.contents())
    return tuple(update_id for update_id in shareable_updates(ledger) if update_id not in kept)


def standing_of(ledger: LedgerState, me: OrganisationId) -> CatchUp | None:
    """The member's own request, while the others may answer it."""
    asked = latest_catch_up(ledger, me)
    return asked if asked is not None and stands(ledger, asked) else None


def context_of_answer(access: Access, asked: CatchUp, answerer: OrganisationId) -> CatchUpContext:
    """Which request an object is for, and whose answer it is."""
    directory = access.private.keys
    return CatchUpContext(directory.chain.chain_id, directory.address, asked.number, asked.organisation, answerer)


def secrets_to_give(access: Access, ledger: LedgerState) -> dict[UpdateId, ContentSecret]:
    """Of what members may give each other, what this keystore has."""
    kept = frozenset(access.keystore.contents())
    return {
        item: ContentSecret(access.keystore.content_key(item), access.keystore.content_salt(item))
        for item in shareable(ledger)
        if item in kept
    }


def keep_proven(access: Access, ledger: LedgerState, item: UpdateId, secret: ContentSecret) -> None:
    """Keep a content key that another member gave, once it has opened what the chain committed to.

    Args:
        item: a contribution, or the artefact that a compaction was proposed as.

    Raises:
        EnvelopeError: it does not, or the salt is another one. ProtocolError: it is nothing that can be opened.
        StorageError: the objects are not to be had now. ContentKeyDestroyed: it was shredded here.
    """
    update, artefact = ledger.updates.get(item), ledger.artefacts.get(ArtefactId(item))
    if update is not None:
        _keep_proven_update(access, update, secret)
    elif artefact is not None:
        keep_proven_object(access, artefact, secret)
    else:
        raise ProtocolError(f"{item} is neither a contribution nor a compaction")


def _keep_proven_update(access: Access, update: Update, secret: ContentSecret) -> None:
    header, payload = sealed_objects(access, update)
    context, commitments = context_of(access, update), commitments_of(update)
    opened = open_payload(header, payload, secret.content_key, context=context, commitments=commitments)
    if not hmac.compare_digest(opened.content_salt, secret.content_salt):
        raise EnvelopeError(f"the content salt of {update.id} is another one")
    for cid in stored_cids(update):
        access.store.pin(cid)
    with access.lock:
        access.keystore.store_content(update.id, secret.content_key, secret.content_salt)
