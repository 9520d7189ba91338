"""Effects of the own update: trained, protected, sealed and stored at one go; then recorded, and released."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from orchestrator.chain.structs import Submission
from orchestrator.commitment.ids import update_id_of
from orchestrator.daemon.handlers.job import Job
from orchestrator.daemon.manifests import current_manifest, known_tasks
from orchestrator.daemon.opening import recipients_of
from orchestrator.daemon.participating import OWN_CHOICE, reasons_to_pass
from orchestrator.daemon.results import round_key
from orchestrator.daemon.services import Services, leaf_salt
from orchestrator.daemon.trainings import SEALED, check_protection, trainings_spent
from orchestrator.envelope import Context, seal
from orchestrator.errors import KeystoreError, ProtocolError, StorageError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import LedgerState, Opening, Round
from orchestrator.ledger.lineage import training_ordinal
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.masked_rounds import is_masked
from orchestrator.ledger.task import TaskSpec
from orchestrator.participation import Limits
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
from orchestrator.types import Cid, ProtectedDelta, StoredUpdate, UpdateId


class Sealed:
    """Own updates that are sealed and stored on the own node, with their keys in the keystore.

    One is made for a round as it was opened, and never a second: its id is bound to its keys.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def of(self, found: Round) -> dict[str, Any] | None:
        """``update_id``, ``data_statement_digest`` and the fields of a StoredUpdate; None if none was made."""
        kept: dict[str, Any] | None = self._services.results.find(SEALED, round_key(found))
        return kept

    def cids(self, update_id: UpdateId, number: int) -> tuple[Cid, Cid]:
        """Of payload and header.

        Raises:
            KeystoreError: no such update was sealed in this home.
        """
        for kept in self._services.results.of_round(SEALED, number):
            if kept["update_id"] == update_id:
                return Cid(kept["payload_cid"]), Cid(kept["header_cid"])
        raise KeystoreError(f"the journal in {self._services.home} does not know where update {update_id} lies")

    def make(self, ledger: LedgerState, found: Round, delta: ProtectedDelta) -> None:
        """Seal to the round's prekeys, pin on the own node, and keep the key; only then does it count as made."""
        self._services.results.once(SEALED, round_key(found), lambda: self._made(ledger, found, delta))

    def _made(self, ledger: LedgerState, found: Round, delta: ProtectedDelta) -> dict[str, Any]:
        services, rounds = self._services, self._services.private.rounds
        context = Context(rounds.chain.chain_id, rounds.address, found.id, services.me)
        sealed, secret = seal(delta, context, recipients_of(found))
        ordinal = 1 + sum(ledger.updates[known].organisation == services.me for known in found.submissions)
        update_id = update_id_of(rounds.chain.chain_id, rounds.address, found.id, services.me, ordinal)
        stored = StoredUpdate(
            payload_cid=services.store.add(sealed.payload),
            header_cid=services.store.add(sealed.header),
            ciphertext_digest=sealed.ciphertext_digest,
            header_digest=sealed.header_digest,
            content_commitment=sealed.content_commitment,
            samples=sealed.samples,
            epsilon=sealed.epsilon,
            parent_manifest=sealed.parent_manifest,
        )
        size = len(sealed.payload) + len(sealed.header)
        services.journal.write("update-sealed", round=found.id, update=update_id, bytes=size)
        statement = sha256(services.bench.statement())
        with services.lock:
            services.keystore.store_content(update_id, secret.content_key, secret.content_salt)
        return {
            **asdict(stored),
            "update_id": update_id,
            "data_statement_digest": statement,
            "task_digest": found.opening.task_digest,
        }


def train(services: Services, state: NodeState, effect: fx.TrainUpdate) -> Job | None:
    """Check that the round has its task's terms and builds on the manifest that this node computes, then train."""
    found = state.ledger.rounds[effect.round]
    sealed = Sealed(services)
    if sealed.of(found) is not None:
        return None
    task = services.task_of(found)
    if is_masked(task):  # its task came between the look at the chain and this effect
        raise StorageError(f"round {effect.round} has its updates masked: none is trained to leave as it is")
    manifest = check_round(services, state.ledger, found, task)

    def job() -> None:
        key = round_key(found)
        if key not in services.desk:
            delta = _trained(services, state.ledger, task, manifest, effect.round)
            services.desk[key] = check_protection(delta, task, Limits.from_settings(services.settings.values))
        sealed.make(state.ledger, found, services.desk[key])
        del services.desk[key]
        services.bench.settle(effect.round)
        services.figures.status("trained", round=effect.round)
        services.report_traffic()

    return job


def check_round(services: Services, ledger: LedgerState, found: Round, task: TaskSpec) -> Manifest:
    """The manifest that a round builds on, if this organisation trains for it.

    Raises:
        ProtocolError: the round has other terms than its task, or another manifest than this node computes; or the
            organisation's own limits say no.
    """
    if strange := other_terms(found.opening, task):
        raise ProtocolError(f"round {found.id} was opened with other terms than its task's: {', '.join(strange)}")
    manifest = current_manifest(ledger, services, task)
    if manifest.digest != found.opening.manifest_digest:
        raise ProtocolError(
            f"round {found.id} names manifest {found.opening.manifest_digest}, this node computes {manifest.digest}"
        )
    if reasons := reasons_to_pass(services, ledger, found, task):
        services.figures.status("passing", round=found.id, reasons=reasons)
        raise ProtocolError(f"{services.me} passes round {found.id}: {'; '.join(reasons)}", mend=OWN_CHOICE)
    return manifest


def _trained(
    services: Services, ledger: LedgerState, task: TaskSpec, manifest: Manifest, number: int
) -> ProtectedDelta:
    opener = services.opener(ledger)

    def progress(step: int, steps: int) -> None:
        services.figures.status("training", round=number, step=step, steps=steps)

    services.figures.status("training", round=number, step=0, steps=task.training.steps)
    if not manifest.entries:
        base = services.bench.evaluate(task, manifest, opener)
        services.figures.held_out("base", base.value, base.samples)
    at, tasks = ledger.rounds[number].opened, known_tasks(ledger, services)
    ordinal = training_ordinal(ledger, task, tasks, services.me, at=at)
    spent = trainings_spent(services.results, ledger, task, services.me)
    return services.bench.train(task, manifest, opener, number, progress, ordinal=ordinal, spent=spent)


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
    """Record the digests of what is sealed and stored: the same ones, however often this is tried.

    Raises:
        ProtocolError: nothing was sealed for the round as it is now.
        ContentKeyDestroyed: what was sealed cannot be opened any more.
    """
    kept = Sealed(services).of(state.ledger.rounds[effect.round])
    if kept is None:
        raise ProtocolError(f"no update was sealed for round {effect.round}")
    with services.lock:
        services.keystore.content_key(UpdateId(kept["update_id"]))
    submission = Submission(**{item.name: kept[item.name] for item in fields(Submission)})
    services.send_private(services.private.rounds.submit_update(effect.round, submission, leaf_salt()))
    services.figures.status("submitted", round=effect.round)


def release(services: Services, state: NodeState, effect: fx.ReleaseUpdate) -> None:
    number = state.ledger.updates[effect.update_id].round
    payload, header = Sealed(services).cids(effect.update_id, number)
    services.send_private(services.private.rounds.release_update(effect.update_id, payload, header, leaf_salt()))


def unrecorded(services: Services, found: Round) -> tuple[list[UpdateId], list[Cid]]:
    """What was sealed for a round, but is not on the chain: its id and objects, for nobody will ever need them."""
    kept = Sealed(services).of(found)
    if kept is None or kept["update_id"] in found.submissions:
        return [], []
    return [UpdateId(kept["update_id"])], [Cid(kept["payload_cid"]), Cid(kept["header_cid"])]
