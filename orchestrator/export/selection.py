"""Which manifest is meant, and whether its model may still leave the consortium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.ledger.contributions import Tasks, effective_revocations, taken_out, task_of
from orchestrator.ledger.entities import LedgerState, RoundStatus
from orchestrator.ledger.manifest import Manifest, build_manifest, governing_task
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest


@dataclass(frozen=True, slots=True)
class Chosen:
    """A manifest and the task by whose rules it was made."""

    manifest: Manifest
    task: TaskSpec


def choose(
    state: LedgerState, tasks: Tasks, *, manifest: Digest | None = None, round_number: int | None = None
) -> Chosen:
    """The manifest of that digest, the one after that round, or the present one.

    Raises:
        ConfigurationError: there is no such manifest or round, or both are given.
        ProtocolError: it has nothing in it, or something that was revoked.
    """
    if manifest is not None and round_number is not None:
        raise ConfigurationError("a manifest and a round are given", mend="give --manifest or --round, not both")
    if round_number is not None:
        found = _after(state, tasks, round_number)
    elif manifest is not None:
        found = _named(state, tasks, manifest)
    else:
        found = _present(state, tasks)
    _check(state, tasks, found.manifest)
    return found


def known(state: LedgerState, tasks: Tasks) -> Iterator[Chosen]:
    """Every manifest that the records give: now, after each round and revocation, and where a round opened."""
    rounds = sorted(state.rounds.values(), key=lambda item: -item.id)
    if governing_task(state, tasks) is not None:
        yield _present(state, tasks)
    for found in rounds:
        if found.status is RoundStatus.CLOSED and found.opening.task_digest in tasks:
            task = task_of(found, tasks)
            yield Chosen(build_manifest(state, task, tasks, at=found.ended), task)
    for revocation in effective_revocations(state):
        governing = governing_task(state, tasks, at=revocation.effective)
        if governing is not None:
            yield Chosen(build_manifest(state, governing, tasks, at=revocation.effective), governing)
    for found in rounds:
        if found.opening.task_digest in tasks:
            task = task_of(found, tasks)
            yield Chosen(build_manifest(state, task, tasks, at=found.opened), task)


def _present(state: LedgerState, tasks: Tasks) -> Chosen:
    task = governing_task(state, tasks)
    if task is None:
        raise ConfigurationError(
            "no round was ever opened, so there is no model yet", mend="see `loranchor round open`"
        )
    return Chosen(build_manifest(state, task, tasks), task)


def _named(state: LedgerState, tasks: Tasks, wanted: Digest) -> Chosen:
    for found in known(state, tasks):
        if found.manifest.digest == wanted:
            return found
    raise ConfigurationError(
        f"the records give no manifest {wanted}",
        mend="leave --manifest out for the present one, or see `loranchor round status`",
    )


def _after(state: LedgerState, tasks: Tasks, number: int) -> Chosen:
    found = state.rounds.get(number)
    if found is None:
        raise ConfigurationError(f"there is no round {number}", mend="see `loranchor round status`")
    if found.status is not RoundStatus.CLOSED:
        raise ConfigurationError(f"round {number} is {found.status.value}: no model came of it")
    task = task_of(found, tasks)
    return Chosen(build_manifest(state, task, tasks, at=found.ended), task)


def _check(state: LedgerState, tasks: Tasks, manifest: Manifest) -> None:
    """What is published cannot be called back, so nothing goes out that is on its way out of the model."""
    if not manifest.entries:
        raise ProtocolError(f"manifest {manifest.digest} has no contribution: its model is the base itself")
    gone = {item: found for found in effective_revocations(state) for item in taken_out(state, found, tasks)}
    waiting = {item: found for found in state.revocations.values() if found.approved for item in found.updates}
    for update_id in manifest.updates:
        found = gone.get(update_id) or waiting.get(update_id)
        if found is not None:
            raise ProtocolError(
                f"contribution {update_id} of manifest {manifest.digest} was revoked by request {found.id}",
                mend="export the present manifest"
                if update_id in gone
                else "wait until the open round has ended; then the model goes on without it",
            )
