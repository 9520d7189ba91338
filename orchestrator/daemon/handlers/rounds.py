"""Effects of a round, from prekeys to closing."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.chain.structs import Submission
from orchestrator.commitment.ids import update_id_of
from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.manifests import current_manifest, known_tasks
from orchestrator.daemon.opening import recipients_of, removable_cids
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.envelope import Context, seal
from orchestrator.errors import KeystoreError, ProtocolError
from orchestrator.files import write_json
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.entities import Opening
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import Cid


def publish_prekeys(services: Services, state: NodeState, effect: fx.PublishPrekeys) -> None:
    with services.lock:
        keys = services.keystore.make_prekeys(effect.count)
    services.private_sender.send(services.private.keys.publish_prekeys(keys, leaf_salt()))


def discard_prekeys(services: Services, state: NodeState, effect: fx.DiscardPrekeys) -> None:
    """Private parts stay here: a round that opens meanwhile may be sealed to one of them."""
    services.private_sender.send(services.private.keys.discard_prekeys(leaf_salt()))


def pass_round(services: Services, state: NodeState, effect: fx.PassRound) -> None:
    services.private_sender.send(services.private.rounds.pass_round(effect.round, leaf_salt()))


def train(services: Services, state: NodeState, effect: fx.TrainUpdate) -> Job:
    """Check that the round has its task's terms and builds on the manifest that this node computes, then train."""
    found = state.ledger.rounds[effect.round]
    task = services.task_of(found)
    if strange := other_terms(found.opening, task):
        raise ProtocolError(f"round {effect.round} was opened with other terms than its task's: {', '.join(strange)}")
    manifest = current_manifest(state.ledger, services, task)
    if manifest.digest != found.opening.manifest_digest:
        raise ProtocolError(
            f"round {effect.round} names manifest {found.opening.manifest_digest}, this node computes {manifest.digest}"
        )

    opener = services.opener(state.ledger)

    def job() -> None:
        def progress(step: int, steps: int) -> None:
            services.figures.status("training", round=effect.round, step=step, steps=steps)

        services.figures.status("training", round=effect.round, step=0, steps=task.training.steps)
        if not manifest.entries:
            base = services.bench.evaluate(task, manifest, opener)
            services.figures.held_out("base", base.value, base.samples)
        delta = services.bench.train(task, manifest, opener, effect.round, progress)
        services.desk.trained[effect.round] = delta
        services.figures.status("trained", round=effect.round)

    return job


def other_terms(opening: Opening, task: TaskSpec) -> list[str]:
    """Terms of a round that its opener chose otherwise than the task says, which is the same for all."""
    terms = {
        "submit_blocks": task.deadlines.submit,
        "release_blocks": task.deadlines.release,
        "commit_blocks": task.deadlines.commit,
        "reveal_blocks": task.deadlines.reveal,
        "minimum_updates": task.minimum_updates,
        "epsilon_cap": task.privacy.epsilon_cap,
    }
    return [name for name, value in terms.items() if getattr(opening, name) != value]


def submit(services: Services, state: NodeState, effect: fx.SubmitUpdate) -> None:
    """Seal to the round's prekeys, pin on the own node, keep the key, and only then record."""
    found = state.ledger.rounds[effect.round]
    delta = services.desk.trained[effect.round]
    rounds = services.private.rounds
    context = Context(rounds.chain.chain_id, rounds.address, effect.round, services.me)
    sealed, secret = seal(delta, context, recipients_of(found))
    ordinal = 1 + sum(state.ledger.updates[known].organisation == services.me for known in found.submissions)
    update_id = update_id_of(rounds.chain.chain_id, rounds.address, effect.round, services.me, ordinal)
    with services.lock:
        cids = {"payload": services.store.add(sealed.payload), "header": services.store.add(sealed.header)}
        services.keystore.store_content(update_id, secret.content_key, secret.content_salt)
    write_json(_stored_path(services, update_id), cids)
    submission = Submission(
        ciphertext_digest=sealed.ciphertext_digest,
        header_digest=sealed.header_digest,
        content_commitment=sealed.content_commitment,
        data_statement_digest=sha256(services.bench.statement()),
        parent_manifest=sealed.parent_manifest,
        samples=sealed.samples,
        epsilon=sealed.epsilon,
    )
    services.private_sender.send(rounds.submit_update(effect.round, submission, leaf_salt()))
    del services.desk.trained[effect.round]
    services.figures.status("submitted", round=effect.round)


def release(services: Services, state: NodeState, effect: fx.ReleaseUpdate) -> None:
    path = _stored_path(services, effect.update_id)
    if not path.exists():
        raise KeystoreError(f"{path} is missing, so update {effect.update_id} cannot be released")
    cids = json.loads(path.read_text())
    call = services.private.rounds.release_update(
        effect.update_id, Cid(cids["payload"]), Cid(cids["header"]), leaf_salt()
    )
    services.private_sender.send(call)


def close(services: Services, state: NodeState, effect: fx.CloseRound) -> None:
    services.private_sender.send(services.private.rounds.close_round(effect.round, leaf_salt()))


def settle_keys(services: Services, state: NodeState, effect: fx.SettleKeys) -> None:
    """The prekey goes, and with it whatever could be opened of updates that did not become contributions."""
    services.desk.clear(effect.round)
    found = state.ledger.rounds[effect.round]
    active = set(active_updates(state.ledger, effect.round)) if found.closed_block is not None else set()
    lost = [update_id for update_id in found.submissions if update_id not in active]
    with services.lock:
        prekey = found.recipients.get(services.me)
        if prekey is not None:
            services.keystore.destroy_prekey(prekey.digest)
        if lost:
            services.keystore.shred(lost)
        for cid in removable_cids(state.ledger, lost):
            services.store.unpin(cid)
    services.report_traffic()


def evaluate(services: Services, state: NodeState, effect: fx.EvaluateManifest) -> Job | None:
    """Held-out figure of the model as it was when a round closed; measured once, also if the daemon is restarted."""
    label = f"round/{effect.round}"
    if services.figures.has(label):
        return None
    found = state.ledger.rounds[effect.round]
    task = services.task_of(found)
    manifest = build_manifest(state.ledger, task, known_tasks(state.ledger, services), at=found.ended)
    services.figures.manifest(effect.round, manifest.digest)
    opener = services.opener(state.ledger)

    def job() -> None:
        figure = services.bench.evaluate(task, manifest, opener)
        services.figures.held_out(label, figure.value, figure.samples)
        services.figures.status("evaluated", round=effect.round)

    return job


def _stored_path(services: Services, update_id: str) -> Path:
    return services.home / "updates" / f"{update_id}.json"
