"""Effects of judging: fetch and open, check and score, commit and reveal."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from orchestrator.chain.structs import Verdict
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.daemon.disk import disk_fault
from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.handlers.training import other_terms
from orchestrator.daemon.manifests import current_manifest
from orchestrator.daemon.opening import check_recipients, commitments_of, context_of, sealed_objects, stored_cids
from orchestrator.daemon.results import verdicts_key
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.envelope import open_payload, unwrap
from orchestrator.errors import KeystoreError, ProtocolError, StorageError
from orchestrator.ledger.contributions import released_updates
from orchestrator.ledger.entities import Update
from orchestrator.ledger.masked_rounds import is_masked
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import Digest, UpdateId

NOT_OPENED = "NOT_OPENED"
NOT_FOUND = "NOT_FOUND"
WRONG_PARENT = "WRONG_PARENT"
OTHER_TERMS = "OTHER_TERMS"

COLLECTED = "collected"
"""Results: why updates of a round were refused, by id; no entry for those that opened."""
VERDICTS = "verdicts"
"""Results: ``nonce`` and rows of the verdicts on a round's updates; a secret until they are revealed."""


def collect(services: Services, state: NodeState, effect: fx.CollectUpdates) -> Job:
    """Pin each released update on the own node, open it, and keep its content key."""

    def job() -> None:
        key = verdicts_key(state.ledger, effect.round)
        services.results.once(COLLECTED, key, lambda: _refused(services, state, effect.round))
        services.report_traffic()

    return job


def _refused(services: Services, state: NodeState, number: int) -> dict[UpdateId, str]:
    """Opens the updates of the others; gives the reasons of those that do not open."""
    refused: dict[UpdateId, str] = {}
    for update in released_updates(state.ledger, number):
        if update.organisation == services.me:
            continue
        try:
            _open_and_keep(services, state, update)
        except (ProtocolError, KeystoreError) as error:
            if fault := disk_fault(error):
                raise fault from error  # the own disk is nothing that an update could be blamed for
            refused[update.id] = NOT_OPENED
            services.journal.write("update-refused", update=update.id, code=error.code, error=str(error))
        except StorageError as error:
            services.store.identity()  # raises if it is the own node that is at fault: then it is tried again
            refused[update.id] = NOT_FOUND
            services.journal.write("update-refused", update=update.id, code=error.code, error=str(error))
    return refused


def _open_and_keep(services: Services, state: NodeState, update: Update) -> None:
    found = state.ledger.rounds[update.round]
    prekey = found.recipients.get(services.me)
    if prekey is None:
        raise KeystoreError(f"round {update.round} has no prekey of {services.me}")
    commitments, context = commitments_of(update), context_of(services, update)
    header, payload = sealed_objects(services, update)  # before pinning, which knows no limit of size
    check_recipients(found, header, context=context, commitments=commitments)
    for cid in stored_cids(update):
        services.store.pin(cid)
    with services.lock:
        private = services.keystore.prekey_private(prekey.digest)
    key = unwrap(header, services.me, private, context=context, commitments=commitments)
    opened = open_payload(header, payload, key, context=context, commitments=commitments)
    with services.lock:
        services.keystore.store_content(update.id, key, opened.content_salt)


def judge(services: Services, state: NodeState, effect: fx.JudgeUpdates) -> Job | None:
    """Judge once, and write the verdicts down with their nonce at once: what is committed to must never change."""
    found, key = state.ledger.rounds[effect.round], verdicts_key(state.ledger, effect.round)
    if services.results.find(VERDICTS, key) is not None:
        return None
    task = services.task_of(found)
    manifest = current_manifest(state.ledger, services, task)
    released, refused = released_updates(state.ledger, effect.round), services.results.find(COLLECTED, key)
    if refused is None:
        raise ProtocolError(f"the updates of round {effect.round} were not collected")
    refused |= {item.id: WRONG_PARENT for item in released if item.parent_manifest != found.opening.manifest_digest}
    if other_terms(found.opening, task):  # else accepting would make terms count that nobody agreed on
        refused |= {item.id: OTHER_TERMS for item in released}
    candidates = [update.id for update in released if update.id not in refused]

    def compute() -> dict[str, Any]:
        opener = services.opener(state.ledger)
        if is_masked(task):
            from orchestrator.masking.session import Session
            from orchestrator.masking.verdicts import masked_verdicts  # these load numpy

            session = Session(services, state.ledger, found, task, state.private_block + 1)
            judged = masked_verdicts(services, session, manifest, candidates, opener, refused)
        else:
            judged = services.bench.judge(task, manifest, candidates, opener, refused)
        verdicts = [
            {"update_id": update_id, "accept": item.accept, "weight_cap": item.weight_cap, "score": item.score,
             "reason": item.reason}
            for update_id, item in judged.items()
        ]  # fmt: skip
        return {"nonce": "0x" + secrets.token_hex(32), "verdicts": verdicts}

    def job() -> None:
        services.figures.status("judging", round=effect.round)
        services.results.once(VERDICTS, key, compute)
        services.figures.status("judged", round=effect.round)

    return job


def commit_verdicts(services: Services, state: NodeState, effect: fx.CommitVerdicts) -> None:
    """Bind this member to the verdicts that it has written down."""
    kept = services.results.find(VERDICTS, verdicts_key(state.ledger, effect.round))
    if kept is None or not kept["verdicts"]:
        raise ProtocolError(f"there is nothing to judge in round {effect.round}, so no verdicts are committed to")
    commitment = _commitment(services, effect.round, kept)
    services.send_private(services.private.rounds.commit_verdicts(effect.round, commitment, leaf_salt()))


def reveal_verdicts(services: Services, state: NodeState, effect: fx.RevealVerdicts) -> None:
    """Show the verdicts that the chain holds the commitment to; a reorganisation may have left several."""
    committed = state.ledger.rounds[effect.round].commitments[services.me]
    known = services.results.of_round(VERDICTS, effect.round)
    kept = next((item for item in known if _commitment(services, effect.round, item) == committed), None)
    if kept is None:
        raise ProtocolError(
            f"the journal in {services.home} has no verdicts of round {effect.round} that were committed to as"
            f" {committed}, so none are revealed"
        )
    rounds, nonce = services.private.rounds, Digest(kept["nonce"])
    services.send_private(rounds.reveal_verdicts(effect.round, _verdicts(kept), nonce, leaf_salt()))


def _commitment(services: Services, number: int, kept: Mapping[str, Any]) -> Digest:
    return verdict_commitment(number, services.me, _verdicts(kept), Digest(kept["nonce"]))


def _verdicts(kept: Mapping[str, Any]) -> list[Verdict]:
    return [Verdict(**row) for row in kept["verdicts"]]
