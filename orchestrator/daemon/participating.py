"""Asks this organisation's limits and policy about a round, before anything is trained for it."""

from __future__ import annotations

from orchestrator.daemon.manifests import known_tasks
from orchestrator.daemon.services import Services
from orchestrator.ledger.entities import LedgerState, Round
from orchestrator.ledger.task import TaskSpec
from orchestrator.participation import (
    Account,
    Decision,
    Limits,
    Note,
    Notes,
    Participation,
    ParticipationPolicy,
    data_digest,
    outcomes,
    refusals,
    situation_of,
)
from orchestrator.privacy import policy_named
from orchestrator.sensitivity import training_refusals

OWN_CHOICE = "its own settings accept and participation say so (docs/methods/participation.md)"


def reasons_to_pass(services: Services, ledger: LedgerState, found: Round, task: TaskSpec) -> list[str]:
    """Why this organisation passes a round: every limit that its task breaks, what its privacy policy cannot keep and
    why its own data are not for training, else what the participation policy says; none, and it takes part. What that
    decided is noted first, and asked again it is the same.

    Raises:
        ConfigurationError: limits or policy are set wrong. FormatError: the notes are damaged.
    """
    values = services.settings.values
    cannot = policy_named(task.privacy.policy).objections(task)
    if refused := [*refusals(task, Limits.from_settings(values)), *cannot, *training_refusals(values)]:
        return refused
    chosen = Participation.from_settings(values, services.me)
    if chosen.account is None:
        return []
    decision = _decided(services, ledger, found, task, chosen.policy, chosen.account)
    return [] if decision.take_part else [decision.why]


def _decided(
    services: Services,
    ledger: LedgerState,
    found: Round,
    task: TaskSpec,
    policy: ParticipationPolicy,
    account: Account,
) -> Decision:
    rounds = services.private.rounds
    notes = Notes(services.home, f"{rounds.chain.chain_id}/{rounds.address}")
    former = notes.read()
    for note in former:
        if note.situation.round == found.id:
            return note.decision
    me, tasks = services.me, known_tasks(ledger, services)
    data = data_digest(services.settings.values, me)
    known = {"notes": former, "ledger": ledger, "tasks": tasks, "me": me, "account": account}
    situation = situation_of(found, task, data, **known)  # type: ignore[arg-type]
    decision = policy.after(outcomes(**known)).decide(situation)  # type: ignore[arg-type]
    notes.add(Note(situation, data, decision))
    services.journal.write("participation", round=found.id, take_part=decision.take_part, why=decision.why)
    return decision
