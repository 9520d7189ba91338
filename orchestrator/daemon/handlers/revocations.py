"""Effects of a revocation: from its consequences to the receipt."""

from __future__ import annotations

import logging
from typing import Any

from orchestrator.chain.structs import Verification
from orchestrator.commitment.certificate import (
    build_certificate,
    certificate_bytes,
    certificate_digest,
    digest_of,
    manifests_of,
    outcome_of,
)
from orchestrator.commitment.figures import UNAVAILABLE
from orchestrator.commitment.receipt import Receipt
from orchestrator.compaction.shredding import shred_objects
from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.manifests import known_tasks
from orchestrator.daemon.opening import removable_cids
from orchestrator.daemon.results import measure_key
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.errors import ContentKeyDestroyed, ProtocolError
from orchestrator.ledger.covers import holding
from orchestrator.ledger.entities import Revocation
from orchestrator.ledger.manifest import governing_task
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import MILLION, Cid, Digest, RequestId, UpdateId
from orchestrator.withdrawn import Withdrawn
from orchestrator.worker.kept import book_of
from orchestrator.worker.slice_book import SliceBook, forget_withdrawn

_log = logging.getLogger(__name__)

MEASURED = "measured"
"""Results: the row of a verification."""


def settle(services: Services, state: NodeState, effect: fx.SettleRevocation) -> None:
    """Have the contract count over the present members: what they have done is enough since some have left."""
    call = services.private.revocations.settle(effect.request_id, effect.certificate, leaf_salt())
    services.send_private(call)


def record_affected(services: Services, state: NodeState, effect: fx.RecordAffected) -> None:
    """Write down which contributions were trained on top of the revoked ones."""
    outcome = outcome_of(state.ledger, effect.request_id, known_tasks(state.ledger, services))
    followers = [UpdateId(update_id) for update_id in outcome.descendants]
    services.send_private(services.private.revocations.record_affected(effect.request_id, followers, leaf_salt()))


def record_replacement(services: Services, state: NodeState, effect: fx.RecordReplacement) -> None:
    outcome = outcome_of(state.ledger, effect.request_id, known_tasks(state.ledger, services))
    services.send_private(
        services.private.revocations.record_replacement(effect.request_id, outcome.after, leaf_salt())
    )


def measure(services: Services, state: NodeState, effect: fx.MeasureRevocation) -> Job | None:
    """Held-out figures with and without the revoked contributions, while they can still be opened."""
    revocation = state.ledger.revocations[effect.request_id]
    key = measure_key(revocation)
    if services.results.find(MEASURED, key) is not None:
        return None
    tasks = known_tasks(state.ledger, services)
    before, after = manifests_of(state.ledger, effect.request_id, tasks)
    task = governing_task(state.ledger, tasks, at=revocation.effective)
    assert task is not None  # the manifests are its
    opener = services.opener(state.ledger)

    def compute() -> dict[str, Any]:
        try:
            then, now = (services.bench.evaluate(task, manifest, opener) for manifest in (before, after))
        except ContentKeyDestroyed as error:  # by another request, which did not wait for this one
            _log.warning("revocation %s cannot be measured any more: %s", effect.request_id, error)
            return {"metric": UNAVAILABLE, "value_before": 0, "value_after": 0, "samples": 0}
        services.figures.held_out(f"revocation/{effect.request_id}/before", then.value, then.samples)
        services.figures.held_out(f"revocation/{effect.request_id}/after", now.value, now.samples)
        return {
            "metric": now.metric,
            "value_before": round(then.value * MILLION),
            "value_after": round(now.value * MILLION),
            "samples": now.samples,
        }

    def job() -> None:
        services.figures.status("measuring", request=effect.request_id)
        services.results.once(MEASURED, key, compute)
        services.figures.status("measured", request=effect.request_id)

    return job


def record_verification(services: Services, state: NodeState, effect: fx.RecordVerification) -> None:
    row = services.results.find(MEASURED, measure_key(state.ledger.revocations[effect.request_id]))
    if row is None:
        raise ProtocolError(f"revocation {effect.request_id} was not measured")
    call = services.private.revocations.record_verification(effect.request_id, Verification(**row), leaf_salt())
    services.send_private(call)


def endorse(services: Services, state: NodeState, effect: fx.EndorseCertificate | fx.RenewEndorsement) -> None:
    """Build the certificate from the records alone, sign it, and store it."""
    services.check_signing()
    ledger = services.private.revocations
    certificate = build_certificate(
        state.ledger,
        effect.request_id,
        known_tasks(state.ledger, services),
        consortium_id=services.private.deployment.consortium_id,
    )
    found = digest_of(certificate)
    _warn_of_claim(state.ledger.revocations[effect.request_id], certificate["manifest"]["after"])
    to_sign = certificate_digest(effect.request_id, found, ledger.chain.chain_id, ledger.address)
    cid = services.store.add(certificate_bytes(certificate))
    with services.lock:
        signature = services.keystore.sign_digest("delegate", to_sign)
    services.send_private(ledger.endorse(effect.request_id, found, cid, signature, leaf_salt()))


def _warn_of_claim(revocation: Revocation, computed: Digest) -> None:
    if revocation.replacement != computed:
        _log.warning(
            "revocation %s: the manifest recorded last is %s, which is wrong; the certificate names the one that"
            " follows from the records, %s",
            revocation.id,
            revocation.replacement,
            computed,
        )


def shred(services: Services, state: NodeState, effect: fx.ShredUpdates) -> Job:
    """Destroy keys and salts, forget what is in memory, unpin and collect; then say so on the chain.

    What the workbench computes meanwhile is stopped for it, and begun again afterwards: a promise goes first.
    """
    revocation = state.ledger.revocations[effect.request_id]
    certificate = revocation.certificate
    if certificate is None:
        raise ProtocolError(f"revocation {effect.request_id} has no certificate yet; nothing is shredded")
    cids = removable_cids(state.ledger, revocation.updates)
    compacted = holding(state.ledger, revocation.updates, known_tasks(state.ledger, services))
    updates = (state.ledger.updates[item] for item in revocation.updates)
    own_rounds = [update.round for update in updates if update.organisation == services.me]

    def job() -> None:
        services.figures.status("shredding", request=effect.request_id)
        services.check_signing()
        with services.lock:
            destroyed = services.keystore.shred(revocation.updates)
        shred_objects(services, state.ledger, compacted)
        book = SliceBook(book_of(services.home))
        book.drop(own_rounds)
        forget_withdrawn(book, Withdrawn.read(services.home))  # trained on since they were withdrawn, or withdrawn half
        services.forget()  # after the keys went: what is opened from now on opens without them
        removed = _removed(services, effect.request_id, cids)
        receipt = Receipt(
            certificate=certificate,
            request_id=effect.request_id,
            organisation=services.me,
            updates=tuple(sorted(revocation.updates)),
            content_keys=destroyed,
            content_salts=destroyed,
            unpinned=removed,
        )
        receipt_cid = services.store.add(receipt.to_bytes())
        call = services.private.revocations.record_shredding(
            effect.request_id, certificate, receipt.digest, receipt_cid, leaf_salt()
        )
        services.send_private(call)
        services.report_traffic()
        services.figures.status("shredded", request=effect.request_id)

    return job


def _removed(services: Services, request_id: RequestId, cids: tuple[Cid, ...]) -> tuple[Cid, ...]:
    """The objects that this node keeps no more, which is looked at: somebody may have pinned more than the daemon."""
    for cid in cids:
        services.store.unpin(cid)
    services.store.collect()
    kept = tuple(cid for cid in cids if services.store.has(cid))
    if kept:
        _log.warning(
            "revocation %s: the IPFS node still keeps %s, whose keys are destroyed: remove the pins that hold them",
            request_id,
            ", ".join(kept),
        )
        services.journal.write("objects-kept", request=request_id, objects=list(kept))
    return tuple(cid for cid in cids if cid not in kept)
