"""Opening a released update with what the keystore holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from orchestrator.daemon.access import Access
from orchestrator.envelope import Commitments, Context, open_payload, prekey_digest, read_header, usable_recipients
from orchestrator.errors import ContentKeyDestroyed, EnvelopeError, KeystoreError, ProtocolError, StorageError
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.entities import LedgerState, Round, RoundStatus, Update
from orchestrator.storage.cid import check_cid
from orchestrator.types import Cid, OrganisationId, UpdateId

OBJECT_LIMIT = 1 << 20
"""Most bytes of a task, agreement, header or certificate."""
PAYLOAD_LIMIT = (1 << 30) + (1 << 21)
"""Most bytes of a sealed update: what ``contribution.Limits`` reads, and the seal around it."""


def context_of(access: Access, update: Update) -> Context:
    """Where a sealed update belongs."""
    rounds = access.private.rounds
    return Context(rounds.chain.chain_id, rounds.address, update.round, update.organisation)


def commitments_of(update: Update) -> Commitments:
    """What the chain recorded of an update before it was released."""
    return Commitments(update.ciphertext_digest, update.header_digest, update.content_commitment)


def stored_cids(update: Update) -> tuple[Cid, ...]:
    """Header and payload of a released update.

    Raises:
        ProtocolError: it was not released.
    """
    if not update.header_cid or not update.payload_cid:
        raise ProtocolError(f"update {update.id} was not released")
    return (update.header_cid, update.payload_cid)


def removable_cids(ledger: LedgerState, updates: Iterable[UpdateId]) -> tuple[Cid, ...]:
    """Objects of updates that need not be kept any more, sorted.

    The chain takes any text for a CID. What is none was never pinned; and whoever names the object of another's
    contribution must not have it unpinned with its own.
    """
    gone = frozenset(updates)
    closed = (number for number, found in ledger.rounds.items() if found.status is RoundStatus.CLOSED)
    active = (update_id for number in closed for update_id in active_updates(ledger, number))
    kept = {cid for update_id in active if update_id not in gone for cid in _named(ledger.updates[update_id])}
    named = {cid for update_id in gone for cid in _named(ledger.updates[update_id])}
    return tuple(sorted(cid for cid in named - kept if _is_cid(cid)))


def _named(update: Update) -> tuple[Cid, ...]:
    return tuple(cid for cid in (update.header_cid, update.payload_cid) if cid)


def _is_cid(cid: Cid) -> bool:
    try:
        check_cid(cid)
    except StorageError:
        return False
    return True


def recipients_of(found: Round) -> dict[OrganisationId, bytes]:
    """Whom the updates of a round must be sealed to: the members with a prekey that is one."""
    return usable_recipients({name: prekey.key for name, prekey in found.recipients.items()})


def check_recipients(found: Round, header: bytes, *, context: Context, commitments: Commitments) -> None:
    """Refuse an update that leaves a member out: it could be accepted, and that member could never fold it.

    Raises:
        EnvelopeError: it is sealed to others than the round's recipients.
    """
    given = {
        item.organisation: item.prekey
        for item in read_header(header, context=context, commitments=commitments).recipients
    }
    expected = {name: prekey_digest(key) for name, key in recipients_of(found).items()}
    if given != expected:
        raise EnvelopeError(
            f"the update is sealed to {sorted(given)[:9]}, the round's recipients are {sorted(expected)}"
        )


def sealed_objects(access: Access, update: Update) -> tuple[bytes, bytes]:
    """Header and payload of a released update, from the own node or its peers."""
    header_cid, payload_cid = stored_cids(update)
    header = access.store.fetch(header_cid, limit=OBJECT_LIMIT)
    return header, access.store.fetch(payload_cid, limit=PAYLOAD_LIMIT)


def open_contribution(access: Access, update: Update) -> bytes:
    """Fetch a contribution, decrypt it with the kept content key, and check it against the records.

    Raises:
        ContentKeyDestroyed: it was shredded. KeystoreError: its key was never received.
        StorageError, EnvelopeError: the object is missing or not the recorded one.
    """
    with access.lock:
        key = access.keystore.content_key(update.id)
    header, payload = sealed_objects(access, update)  # not while others wait for the keystore
    context, commitments = context_of(access, update), commitments_of(update)
    return open_payload(header, payload, key, context=context, commitments=commitments).delta


def waiting_for_keys(opener: Callable[[UpdateId], bytes]) -> Callable[[UpdateId], bytes]:
    """An opener whose missing keys count as what may come yet, since members give each other theirs (decision 0036)."""

    def opened(item: UpdateId) -> bytes:
        try:
            return opener(item)
        except ContentKeyDestroyed:
            raise
        except KeystoreError as error:
            raise StorageError(
                f"{item} cannot be opened yet: {error.message}",
                mend="the daemon asks the other members; see `loranchor contribution missing`",
            ) from error

    return opened
