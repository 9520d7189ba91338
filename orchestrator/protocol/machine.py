"""The machine: ``transition(state, event) → (state, effects)``. Pure: no chain, no IPFS, no tensors, no clock.

Facts only change the state; decisions are made at :class:`BlockSeen`, when all facts up to the heads are known. What is
wanted follows from the facts alone, so a restarted node that is told the same facts wants the same effects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.ledger.state import EMPTY, apply
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.rules_catching_up import catching_up_rules
from orchestrator.protocol.rules_checkpoints import award_rules, checkpoint_rules
from orchestrator.protocol.rules_compaction import compaction_rules
from orchestrator.protocol.rules_revocations import revocation_rules
from orchestrator.protocol.rules_rounds import prekey_rules, round_rules
from orchestrator.protocol.state import ATTEMPTS, Anchored, Attested, Failure, NodeState

PATIENCE = 6
"""Blocks that a member has for a transaction that anyone may send, before the turn passes to the next."""

CONFIRMATION = 32
"""Private blocks after which a transaction that was mined, but is not among the facts, is asked for again: a
reorganisation may have dropped it before it counted. Whoever sends knows it by its action and sends no second one."""

Step = tuple[NodeState, tuple[fx.Effect, ...]]


def transition(state: NodeState, event: ev.Event) -> Step:
    """The next state, and the effects that are wanted now and not yet under way.

    Raises:
        ProtocolError: a record contradicts the ones before it.
    """
    match event:
        case ev.RecordSeen():
            return state.with_(ledger=apply(state.ledger, event.record)), ()
        case ev.AttestationSeen():
            attested = Attested(event.head, event.signature, state.ledger.members.epoch)
            of_sequence = {**state.attestations.get(event.sequence, {}), event.organisation: attested}
            return state.with_(attestations={**state.attestations, event.sequence: of_sequence}), ()
        case ev.CheckpointAnchoredSeen():
            anchored = Anchored(event.checkpoint, event.head)
            return state.with_(anchored={**state.anchored, event.checkpoint.sequence: anchored}), ()
        case ev.AwardsPublishedSeen():
            return state.with_(
                claimable={**state.claimable, event.sequence: event.claimable_from},
                own_awards={**state.own_awards, event.sequence: event.own_indices},
            ), ()
        case ev.AwardClaimedSeen():
            return state.with_(claimed=state.claimed | {(event.sequence, event.index)}), ()
        case ev.BlockSeen():
            return _decide(
                state.with_(
                    private_block=event.private_block,
                    public_block=event.public_block,
                    clock=event.clock,
                    verified=event.verified,
                    lapsed=event.lapsed,
                    affected_wrong=event.affected_wrong,
                    replacement_wrong=event.replacement_wrong,
                    foreign_prekeys=event.foreign_prekeys,
                    stale_endorsements=event.stale_endorsements,
                    unopened=event.unopened,
                    keyless=event.keyless,
                    foreign_requests=event.foreign_requests,
                    masked=event.masked,
                )
            )
        case ev.EffectCompleted():
            return _completed(state, event), ()
        case ev.EffectFailed():
            return _failed(state, event), ()
        case ev.EffectHeld():
            return state.with_(in_flight=state.in_flight - {event.effect_id}), ()


def refolded(state: NodeState, facts: Iterable[ev.Event], done: frozenset[str] = frozenset()) -> NodeState:
    """The state after a reorganisation: told ``facts`` anew, those of the private chain before those of the public one.

    What is under way goes on. What was done is forgotten, but for ``done``: what the chains hold they tell, and whoever
    carries out a local effect again finds what it made before, if it is still of use.
    """
    fresh = NodeState(me=state.me, ledger=EMPTY, in_flight=state.in_flight, done=done)
    for fact in facts:
        fresh, _ = transition(fresh, fact)
    return fresh


def wanted(state: NodeState) -> Iterator[fx.Effect]:
    """Everything this node would do now if nothing were under way."""
    yield from prekey_rules(state)
    yield from catching_up_rules(state)
    yield from checkpoint_rules(state)
    yield from award_rules(state)
    yield from revocation_rules(state)
    yield from round_rules(state)
    yield from compaction_rules(state)


def _decide(state: NodeState) -> Step:
    candidates = {effect.id: effect for effect in wanted(state)}
    since = {
        effect_id: state.turn_since.get(effect_id, state.private_block)
        for effect_id, effect in candidates.items()
        if effect.shared
    }
    state = state.with_(turn_since=since)
    chosen = tuple(effect for effect in candidates.values() if _may_start(state, effect))
    return state.with_(in_flight=state.in_flight | {effect.id for effect in chosen}), chosen


def _may_start(state: NodeState, effect: fx.Effect) -> bool:
    if effect.id in state.in_flight or (effect.id in state.done and not _unconfirmed(state, effect)):
        return False
    failure = state.failures.get(effect.id)
    if failure is not None and (failure.retry_at is None or failure.retry_at > state.private_block):
        return False
    if not effect.shared:
        return True
    waited = state.private_block - state.turn_since[effect.id]
    members = tuple(state.ledger.members.seats)
    return fx.organisation_of_turn(members, effect.id, waited, PATIENCE) == state.me


def _unconfirmed(state: NodeState, effect: fx.Effect) -> bool:
    """Whether it was sent so long ago that the chain should show it by now."""
    sent_at = state.sent_at.get(effect.id)
    return not effect.local and sent_at is not None and state.private_block >= sent_at + CONFIRMATION


def _completed(state: NodeState, event: ev.EffectCompleted) -> NodeState:
    failures = {key: value for key, value in state.failures.items() if key != event.effect_id}
    return state.with_(
        in_flight=state.in_flight - {event.effect_id},
        done=state.done | {event.effect_id},
        sent_at={**state.sent_at, event.effect_id: state.private_block},
        failures=failures,
    )


def _failed(state: NodeState, event: ev.EffectFailed) -> NodeState:
    if not event.counts:
        return state.with_(in_flight=state.in_flight - {event.effect_id})
    known = state.failures.get(event.effect_id)
    attempts = min(1 + (known.attempts if known else 0), ATTEMPTS)
    failure = Failure(attempts, state.private_block + 2**attempts if event.retryable else None)
    return state.with_(
        in_flight=state.in_flight - {event.effect_id}, failures={**state.failures, event.effect_id: failure}
    )
