"""What an operator does by hand: accept an agreement, open a round, ask for a revocation."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.chain.port import Receipt
from orchestrator.chain.structs import Mode as ContractMode
from orchestrator.chain.structs import Opening
from orchestrator.daemon.access import Access
from orchestrator.daemon.disk import disk_errors
from orchestrator.daemon.services import leaf_salt
from orchestrator.daemon.view import look, tasks_of
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.files import write_atomic
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.entities import LedgerState, Mode
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.masked_rounds import LEAST_SUBMIT, is_masked
from orchestrator.ledger.request import RevocationRequest
from orchestrator.ledger.scope import OWN, Scope, check_reason, chosen_updates
from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy import policy_named
from orchestrator.secagg.opening import check_opening
from orchestrator.types import Digest, OrganisationId, RequestId, UpdateId

REQUESTS = "requests"
"""In the home: requests that are about samples, by the digest that the chain has."""


def accept_agreement(access: Access, agreement: Agreement) -> Receipt | None:
    """Accept by the authority's key; None when it was accepted before.

    Raises:
        ConfigurationError: the agreement does not name this organisation, or is of another consortium.
    """
    if access.me not in agreement.parties:
        raise ConfigurationError(f"the agreement {agreement.title!r} does not name {access.me} as a party")
    if agreement.consortium_id != access.private.deployment.consortium_id:
        raise ConfigurationError(f"the agreement {agreement.title!r} is of consortium {agreement.consortium_id}")
    state = look(access.private).state
    own = {name: seat for name, seat in state.members.seats.items() if name == access.me}
    if own and not state.silent_on(agreement.digest, own):
        return None
    return access.authority_sender().send(access.private.rounds.accept_agreement(agreement.digest, leaf_salt()))


def open_round(access: Access, task: TaskSpec, agreement: Agreement, *, without_prekeys: bool = False) -> int:
    """Store task and agreement, and open the next round on the present manifest.

    Args:
        without_prekeys: go on where some members have no unused prekey: they open this round's contributions only when
            it has closed and another member has given them the keys.

    Returns:
        The round's number.

    Raises:
        ProtocolError: a round is open, a member has not accepted the agreement, a revocation waits for its manifest,
            or prekeys are missing.
        ConfigurationError: a phase of the task is longer than the deployment allows, or nobody could train under its
            privacy policy.
    """
    _check_policy(task)
    state = look(access.private).state
    if state.open_round is not None:
        raise ProtocolError(f"round {state.open_round} is still open", mend="wait until it is closed")
    if missing := state.silent_on(agreement.digest, state.members.seats):
        raise ProtocolError(
            f"agreement {agreement.digest} is not accepted by {', '.join(missing)}",
            mend="each of them runs `loranchor round agree`, with its present authority",
        )
    _check_phases(access, task)
    _check_masks(state, task, without_prekeys)
    _check_prekeys(state, access.me, task, without_prekeys)
    with access.lock:
        task_cid, agreement_cid = access.store.add(task.to_bytes()), access.store.add(agreement.to_bytes())
        tasks = tasks_of(state, access.store)
    _check_manifests(state)
    opening = Opening(
        manifest_digest=build_manifest(state, task, tasks | {task.digest: task}).digest,
        task_digest=task.digest,
        task_cid=task_cid,
        agreement_digest=agreement.digest,
        agreement_cid=agreement_cid,
        submit_blocks=task.deadlines.submit,
        release_blocks=task.deadlines.release,
        commit_blocks=task.deadlines.commit,
        reveal_blocks=task.deadlines.reveal,
        minimum_updates=task.minimum_updates,
        epsilon_cap=task.privacy.epsilon_cap,
    )
    receipt = access.private_sender.send(access.private.rounds.open_round(opening, leaf_salt()))
    rounds = look(access.private, block=receipt.block).state.rounds.values()
    return next(item.id for item in rounds if item.opened.block == receipt.block)


def _check_prekeys(state: LedgerState, me: OrganisationId, task: TaskSpec, without: bool) -> None:
    """Updates are sealed to the prekeys that a round finds when it opens, and to nothing later."""
    missing = state.without_prekeys
    if not missing:
        return
    told = f"no unused prekey of {', '.join(missing)} on the private chain: nothing of a round that opens now is sealed"
    wait = "their daemons publish prekeys when they start: wait until `loranchor round status` names nobody"
    least = max(task.minimum_updates, state.members.quorum)
    if me in missing or len(state.members.seats) - len(missing) < least:
        raise ProtocolError(f"{told} to them; the opener and {least} members need one", mend=wait)
    if not without:
        later = "to them: they do not judge it, and get the keys from the others when it has closed"
        raise ProtocolError(f"{told} {later}", mend=f"{wait}; or go on with --without-prekeys")


def _check_masks(state: LedgerState, task: TaskSpec, without: bool) -> None:
    """Under masks every member holds shares of every other's secrets, sealed to its prekey of the round."""
    if not is_masked(task):
        return
    check_opening(task, tuple(sorted(state.members.seats)), state.members.quorum)
    if task.deadlines.submit < LEAST_SUBMIT:
        raise ProtocolError(
            f"a masked round's submit phase has four parts, {task.deadlines.submit} blocks are too few for them",
            mend=f"a task with deadlines.submit of at least {LEAST_SUBMIT}",
        )
    if without or state.without_prekeys:
        names = ", ".join(state.without_prekeys) or "nobody"
        raise ProtocolError(
            f"a masked round needs a prekey of every member, {names} has none; --without-prekeys is not for it",
            mend="wait until `loranchor round status` names nobody without prekeys",
        )


def _check_policy(task: TaskSpec) -> None:
    """Every member would pass the round for the same reason."""
    if objections := list(policy_named(task.privacy.policy).objections(task)):
        raise ConfigurationError("; ".join(objections), mend="agree on another task")


def _check_phases(access: Access, task: TaskSpec) -> None:
    deadlines, limit = task.deadlines, access.private.rounds.max_phase_blocks()
    longest = max(deadlines.submit, deadlines.release, deadlines.commit, deadlines.reveal)
    if longest > limit:
        raise ConfigurationError(
            f"a phase of task {task.name} has {longest} blocks, this consortium's contracts allow {limit}",
            mend="shorten the task's deadlines",
        )


def _check_manifests(state: LedgerState) -> None:
    """No round opens before each approved revocation has its new manifest, which the daemons see to."""
    for request_id in state.awaiting_replacement:
        raise ProtocolError(
            f"revocation {request_id} waits for its new manifest, and no round opens before",
            mend="the members' daemons record it within some blocks; then open the round again",
        )


def request_revocation(
    access: Access,
    updates: Sequence[UpdateId],
    *,
    reason: str,
    statement: str = "",
    urgent: bool = False,
    mode: Mode = Mode.DROP,
    scope: Scope = OWN,
    samples: Sequence[Digest] = (),
) -> RequestId:
    """Ask for contributions to be taken out: those named, or those of ``scope``, which are the own ones by default.

    Args:
        samples: commitments of the samples for which they go; the request's object tells them, the chain its digest.

    Raises:
        ConfigurationError: an update is unknown or no live contribution; there is nothing to revoke.
    """
    state = look(access.private).state
    chosen = chosen_updates(state, tasks_of(state, access.store), access.me, tuple(dict.fromkeys(updates)), scope)
    check_reason(state, access.me, chosen, reason)
    request = RevocationRequest(access.me, chosen, reason, mode, urgent, statement, tuple(samples))
    call = access.private.revocations.request(
        chosen, reason, ContractMode[mode.name], urgent, request.digest, leaf_salt()
    )
    if samples:  # nobody could make it again from the chain
        with disk_errors():
            write_atomic(access.home / REQUESTS / f"{request.digest}.json", request.to_bytes(), mode=0o600)
    receipt = access.private_sender.send(call)
    recorded = look(access.private, block=receipt.block).state.revocations.values()
    return next(
        item.id
        for item in recorded
        if item.requested.block == receipt.block and (item.organisation, item.updates) == (access.me, chosen)
    )
