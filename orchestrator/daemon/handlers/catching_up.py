"""Effects of catching up: ask and open, answer others, and destroy what has served."""

from __future__ import annotations

import logging

from orchestrator.daemon.catching_up import context_of_answer, keep_proven, secrets_to_give
from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.envelope import open_catch_up, seal_catch_up
from orchestrator.envelope.catch_up import OBJECT_LIMIT
from orchestrator.envelope.sealing import ContentSecret
from orchestrator.errors import ContentKeyDestroyed, EnvelopeError, ProtocolError, StorageError
from orchestrator.ledger.asked import CatchUp
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.storage.cid import check_cid
from orchestrator.types import OrganisationId, UpdateId

_log = logging.getLogger(__name__)


def ask(services: Services, state: NodeState, effect: fx.AskCatchUp) -> None:
    """With a key of its own, which is in the keystore before the chain knows it."""
    with services.lock:
        (key,) = services.keystore.make_prekeys(1)
    services.send_private(services.private.keys.ask_catch_up(key, leaf_salt()))


def answer(services: Services, state: NodeState, effect: fx.AnswerCatchUp) -> Job:
    """Seal what this member has of what may be given, store it on the own node, and say where."""
    asked = _request(state.ledger, effect)

    def job() -> None:
        with services.lock:
            given = secrets_to_give(services, state.ledger)
        sealed = seal_catch_up(given, context_of_answer(services, asked, services.me), asked.key)
        cid = services.store.add(sealed)
        call = services.private.keys.answer_catch_up(asked.number, sha256(sealed), cid, leaf_salt())
        services.send_private(call)
        services.journal.write("catch-up-answered", catch_up=asked.number, asker=asked.organisation, keys=len(given))
        _log.info("gave %s %d content keys, for its request %d", asked.organisation, len(given), asked.number)
        services.report_traffic()

    return job


def open_answer(services: Services, state: NodeState, effect: fx.OpenCatchUp) -> Job:
    """Keep each key of an answer that opens what it is for. What is wrong in it is passed over and told."""
    asked = state.ledger.catch_ups[effect.number]

    def job() -> None:
        given = _opened(services, asked, effect.organisation)
        wanted = [item for item in given if item in state.unopened]
        kept, late = 0, []
        for update_id in wanted:
            try:
                kept += _kept(services, state.ledger, update_id, given[update_id], effect)
            except StorageError:
                services.store.identity()  # raises if it is the own node that is at fault
                late.append(update_id)
        services.journal.write("caught-up", catch_up=asked.number, answerer=effect.organisation, keys=kept)
        services.report_traffic()
        if late:
            raise StorageError(
                f"{len(late)} contributions of the answer of {effect.organisation} are not to be had yet"
            )

    return job


def settle(services: Services, state: NodeState, effect: fx.SettleCatchUp) -> None:
    """Destroy the request's private key: what others sealed to it opens nowhere any more."""
    with services.lock:
        services.keystore.destroy_prekey(state.ledger.catch_ups[effect.number].key_digest)


def forget(services: Services, state: NodeState, effect: fx.ForgetAnswer) -> None:
    """Let the own node remove an object whose request has been served."""
    services.store.unpin(state.ledger.catch_ups[effect.number].answers[services.me].cid)


def _request(ledger: LedgerState, effect: fx.AnswerCatchUp) -> CatchUp:
    wanted = (effect.organisation, effect.ordinal)
    return next(asked for asked in ledger.catch_ups.values() if (asked.organisation, asked.ordinal) == wanted)


def _opened(services: Services, asked: CatchUp, answerer: OrganisationId) -> dict[UpdateId, ContentSecret]:
    """What an answer holds.

    Raises:
        EnvelopeError: it is not the object that was recorded, or not for this request. StorageError: nobody has it.
        KeystoreError: the request's private key was destroyed.
    """
    found = asked.answers[answerer]
    try:
        check_cid(found.cid)
    except StorageError as error:  # no later than now: nobody will ever have it
        raise EnvelopeError(f"the answer of {answerer} to request {asked.number} names no object: {error}") from None
    with services.lock:
        private = services.keystore.prekey_private(asked.key_digest)
    sealed = services.store.fetch(found.cid, limit=OBJECT_LIMIT)
    if sha256(sealed) != found.object_digest:
        raise EnvelopeError(f"object {found.cid} is not the answer of {answerer}: its digest is not the recorded one")
    return open_catch_up(sealed, context_of_answer(services, asked, answerer), private)


def _kept(
    services: Services, ledger: LedgerState, update_id: UpdateId, secret: ContentSecret, effect: fx.OpenCatchUp
) -> bool:
    try:
        keep_proven(services, ledger, update_id, secret)
    except (EnvelopeError, ProtocolError, ContentKeyDestroyed) as error:
        told = {"update": update_id, "answerer": effect.organisation, "code": error.code, "error": str(error)}
        services.journal.write("catch-up-refused", catch_up=effect.number, **told)
        return False
    return True
