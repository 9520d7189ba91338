"""What a member wants to do in a masked round's ``Submit`` phase; the other phases are those of every round."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.ledger.entities import Round
from orchestrator.ledger.masked_rounds import Act, Step, steps
from orchestrator.protocol import effects as fx
from orchestrator.protocol.rules_catching_up import keys_are_coming
from orchestrator.protocol.state import NodeState


def masked_rules(state: NodeState, found: Round) -> Iterator[fx.Effect]:
    """Get ready, then whatever the records say is next; what is sent now is in the next block at the earliest.

    Who cannot get ready passes. Who fails later drops out, and the others take its masks away.
    """
    ready = fx.PrepareMasks(found.id)
    if state.gave_up(ready.id):
        if state.me not in found.passed:
            yield fx.PassRound(found.id)
    elif ready.id not in state.done:
        if not keys_are_coming(state):
            yield ready
    else:
        for step in steps(state.ledger, found, state.me, state.private_block + 1):
            yield from _wanted(state, found, step)


def _wanted(state: NodeState, found: Round, step: Step) -> Iterator[fx.Effect]:
    match step.act:
        case Act.ANNOUNCE:
            yield fx.AnnounceMask(found.id)
        case Act.DEAL:
            yield fx.DealShares(found.id)
        case Act.CHECK:
            assert step.artefact is not None  # that is what a check is of
            yield fx.CheckMasked(step.artefact)
        case Act.SEND:
            yield fx.SendMasked(found.id)
        case Act.REVEAL:
            yield fx.RevealShares(found.id)
        case Act.SUBMIT:
            yield from _submit(state, found)
        case Act.PASS:
            yield fx.PassRound(found.id)


def _submit(state: NodeState, found: Round) -> Iterator[fx.Effect]:
    total, submit = fx.SumMasked(found.id), fx.SubmitUpdate(found.id)
    if state.gave_up(total.id) or state.gave_up(submit.id):
        yield fx.PassRound(found.id)
    else:
        yield submit if total.id in state.done else total
