"""Was each round opened on the manifest that the records make, with a genuine task, under an accepted agreement?"""

from __future__ import annotations

from orchestrator.audit.checks.masked import check_masked
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally
from orchestrator.errors import ProtocolError
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.entities import Round, RoundStatus
from orchestrator.ledger.task import TaskSpec


def check_rounds(own: Recomputed, tally: Tally) -> None:
    for round_ in own.state.rounds.values():
        if round_.status is not RoundStatus.OPEN and not _contributed(own, round_):
            _note_idle(own, round_, tally)
            continue
        _check_agreement(own, round_, tally)
        _check_manifest(own, round_, tally)
        task_object = own.tasks[round_.opening.task_digest]
        tally.demand(not task_object.problem, f"task {round_.opening.task_digest}", task_object.problem)
        if task_object.spec is not None:
            _check_terms(round_, task_object.spec, tally)
    check_masked(own, tally)
    tally.note(f"rounds: {len(own.state.rounds)}, tasks: {len(own.tasks)}")


def _contributed(own: Recomputed, round_: Round) -> bool:
    return round_.status is RoundStatus.CLOSED and bool(active_updates(own.state, round_.id))


def _note_idle(own: Recomputed, round_: Round, tally: Tally) -> None:
    """One member alone can open a round on anything; where the others refuse, it adds nothing, and that is no fault."""
    where, problem = f"round {round_.id}, which added nothing", own.tasks[round_.opening.task_digest].problem
    tally.demand(True, where, "")
    if round_.status is RoundStatus.FAILED:
        tally.note(f"round {round_.id} failed: {round_.failure or 'no reason given'}")
    if problem:
        tally.note(f"{where}: {problem}")
        return
    try:
        manifest = own.opening_manifest(round_)
    except ProtocolError as error:
        tally.note(f"{where}: {error.message}")
        return
    if manifest.digest != round_.opening.manifest_digest:
        tally.note(f"{where}: it was opened on another manifest than the records make")


def _check_agreement(own: Recomputed, round_: Round, tally: Tally) -> None:
    digest, cid = round_.opening.agreement_digest, round_.opening.agreement_cid
    where = f"agreement {digest} of round {round_.id}"
    data = tally.attempt(where, lambda: own.evidence.objects.read(cid))
    if data is not None and tally.same(where, "the digest of the object", sha256(data), digest):
        agreement = tally.attempt(where, lambda: Agreement.from_bytes(data))
        facts = own.evidence.private.consortium
        if agreement is not None and facts is not None:
            tally.same(where, "its consortium", agreement.consortium_id, facts.consortium_id)
            absent = sorted(round_.members.keys() - set(agreement.parties))
            tally.demand(not absent, where, f"{', '.join(absent)} took part and are no party to it")
    silent = own.state.silent_on(digest, round_.members)
    tally.demand(not silent, where, f"{', '.join(silent)} never accepted it")


def _check_manifest(own: Recomputed, round_: Round, tally: Tally) -> None:
    where = f"round {round_.id}"
    manifest = tally.attempt(where, lambda: own.opening_manifest(round_))
    if manifest is None:
        return
    tally.same(where, "the manifest it was opened with", round_.opening.manifest_digest, manifest.digest)
    for item in round_.submissions:
        update = own.state.updates[item]
        subject = f"update {item} of {update.organisation} in round {round_.id}"
        if update.parent_manifest != manifest.digest:
            tally.note(f"{subject} names the parent manifest {update.parent_manifest}, not the round's")


def _check_terms(round_: Round, task: TaskSpec, tally: Tally) -> None:
    where, opening = f"round {round_.id}", round_.opening
    found = (opening.submit_blocks, opening.release_blocks, opening.commit_blocks, opening.reveal_blocks)
    asked = (task.deadlines.submit, task.deadlines.release, task.deadlines.commit, task.deadlines.reveal)
    tally.same(where, "the lengths of its phases", found, asked)
    tally.same(where, "its least number of updates", opening.minimum_updates, task.minimum_updates)
    tally.same(where, "its cap on ε", opening.epsilon_cap, task.privacy.epsilon_cap)
