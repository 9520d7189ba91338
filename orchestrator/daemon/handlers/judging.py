"""Effects of judging: fetch and open, check and score, commit and reveal."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from orchestrator.chain.structs import Verdict
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.handlers.rounds import other_terms
from orchestrator.daemon.manifests import current_manifest
from orchestrator.daemon.opening import check_recipients, commitments_of, context_of, sealed_objects, stored_cids
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.envelope import open_payload, unwrap
from orchestrator.errors import KeystoreError, ProtocolError, StorageError
from orchestrator.files import write_json
from orchestrator.ledger.contributions import released_updates
from orchestrator.ledger.entities import Update
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import Digest, UpdateId

NOT_OPENED = "NOT_OPENED"
NOT_FOUND = "NOT_FOUND"
WRONG_PARENT = "WRONG_PARENT"
OTHER_TERMS = "OTHER_TERMS"


def collect(services: Services, state: NodeState, effect: fx.CollectUpdates) -> None:
    """Pin each released update on the own node, open it, and keep its content key."""
    refused: dict[UpdateId, str] = {}
    for update in released_updates(state.ledger, effect.round):
        if update.organisation == services.me:
            continue
        try:
            _open_and_keep(services, state, update)
        except (ProtocolError, KeystoreError) as error:
            refused[update.id] = NOT_OPENED
            services.journal.write("update-refused", update=update.id, code=error.code, error=str(error))
        except StorageError as error:
            services.store.identity()  # raises if it is the own node that is at fault: then it is tried again
            refused[update.id] = NOT_FOUND
            services.journal.write("update-refused", update=update.id, code=error.code, error=str(error))
    services.desk.refused[effect.round] = refused
    services.report_traffic()


def _open_and_keep(services: Services, state: NodeState, update: Update) -> None:
    found = state.ledger.rounds[update.round]
    prekey = found.recipients.get(services.me)
    if prekey is None:
        raise KeystoreError(f"round {update.round} has no prekey of {services.me}")
    commitments, context = commitments_of(update), context_of(services, update)
    with services.lock:
        header, payload = sealed_objects(services, update)  # before pinning, which knows no limit of size
        check_recipients(found, header, context=context, commitments=commitments)
        for cid in stored_cids(update):
            services.store.pin(cid)
        private = services.keystore.prekey_private(prekey.digest)
        key = unwrap(header, services.me, private, context=context, commitments=commitments)
        opened = open_payload(header, payload, key, context=context, commitments=commitments)
        services.keystore.store_content(update.id, key, opened.content_salt)


def judge(services: Services, state: NodeState, effect: fx.JudgeUpdates) -> Job:
    found = state.ledger.rounds[effect.round]
    task = services.task_of(found)
    manifest = current_manifest(state.ledger, services, task)
    released, refused = released_updates(state.ledger, effect.round), dict(services.desk.refused.get(effect.round, {}))
    refused |= {item.id: WRONG_PARENT for item in released if item.parent_manifest != found.opening.manifest_digest}
    if other_terms(found.opening, task):  # else accepting would make terms count that nobody agreed on
        refused |= {item.id: OTHER_TERMS for item in released}
    candidates = [update.id for update in released if update.id not in refused]

    def job() -> None:
        services.figures.status("judging", round=effect.round)
        opener = services.opener(state.ledger)
        judgements = services.bench.judge(task, manifest, candidates, opener, refused)
        services.desk.judged[effect.round] = judgements
        services.figures.status("judged", round=effect.round)

    return job


def commit_verdicts(services: Services, state: NodeState, effect: fx.CommitVerdicts) -> None:
    """Write the verdicts down before the chain binds this member to them."""
    path = _verdicts_path(services, effect.round)
    if not path.exists():
        judged = services.desk.judged[effect.round]
        verdicts = [
            {"update_id": update_id, "accept": item.accept, "weight_cap": item.weight_cap, "score": item.score,
             "reason": item.reason}
            for update_id, item in judged.items()
        ]  # fmt: skip
        write_json(path, {"nonce": "0x" + secrets.token_hex(32), "verdicts": verdicts}, mode=0o600)
    rows, nonce = _read_verdicts(path)
    if not rows:
        raise ProtocolError(f"there is nothing to judge in round {effect.round}, so no verdicts are committed to")
    commitment = verdict_commitment(effect.round, services.me, [Verdict(**row) for row in rows], nonce)
    services.private_sender.send(services.private.rounds.commit_verdicts(effect.round, commitment, leaf_salt()))


def reveal_verdicts(services: Services, state: NodeState, effect: fx.RevealVerdicts) -> None:
    path = _verdicts_path(services, effect.round)
    if not path.exists():
        raise ProtocolError(f"{path} is missing, so the verdicts of round {effect.round} cannot be revealed")
    rows, nonce = _read_verdicts(path)
    verdicts = [Verdict(**row) for row in rows]
    services.private_sender.send(services.private.rounds.reveal_verdicts(effect.round, verdicts, nonce, leaf_salt()))


def _verdicts_path(services: Services, round_number: int) -> Path:
    return services.home / "verdicts" / f"{round_number}.json"


def _read_verdicts(path: Path) -> tuple[list[dict[str, Any]], Digest]:
    document = json.loads(path.read_text())
    return document["verdicts"], Digest(document["nonce"])
