"""The fold over the private chain's events, held against what the contracts themselves answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from stateful.chain_world import World
from stateful.fold_check import members_agree, read_checkpoints_due, read_ledger

from orchestrator.chain.structs import DueReason, Phase, Stage
from orchestrator.ledger.catch_ups import latest_catch_up
from orchestrator.ledger.contributions import accepted_updates
from orchestrator.ledger.entities import LedgerState, Reason, Revocation, Round, RoundStatus, Update
from orchestrator.ledger.view import Ledger
from orchestrator.types import Digest

LABELS = ("private", "keys", "rounds", "revocations")
STATUS = {Phase.CLOSED: RoundStatus.CLOSED, Phase.FAILED: RoundStatus.FAILED}


def fold_agrees(world: World) -> Ledger:
    """Phases, active updates, stages, members, keys and ε: the fold and the contracts say the same.

    Raises:
        AssertionError: they do not; names what.
        ProtocolError: the fold refuses an event that the contracts allowed.
    """
    ledger = read_ledger(world, LABELS)
    state = ledger.state
    members_agree(world, "private", ledger)
    _rounds_agree(world, state)
    _updates_agree(world, state)
    _revocations_agree(world, state)
    _keys_agree(world, state)
    _catch_ups_agree(world, state)
    _due_agrees(world, state)
    return ledger


def _due_agrees(world: World, state: LedgerState) -> None:
    """What the fold makes due is what the contract announced, in the same blocks."""
    reasons = {DueReason.ROUND_CLOSED: Reason.ROUND_CLOSED, DueReason.REVOCATION_CERTIFIED: Reason.REVOCATION_CERTIFIED}
    told = [(one.sequence, one.block, one.subject, reasons[one.reason]) for one in read_checkpoints_due(world)]
    assert told == [(one.sequence, one.block, one.subject, one.reason) for one in state.due], "checkpoints that are due"
    assert world.view("schedule", "latestSequence") == len(state.due), "number of the latest checkpoint"


def _rounds_agree(world: World, state: LedgerState) -> None:
    assert world.view("rounds", "roundCount") == len(state.rounds), "number of rounds"
    assert world.view("rounds", "openRoundId") == (state.open_round or 0), "the open round"
    shown = world.views([("rounds", "round", number) for number in state.rounds])
    for seen, round_ in zip(shown, state.rounds.values(), strict=True):
        _round_agrees(state, round_, seen)
    for round_ in state.rounds.values():
        names = [*round_.members]
        parts = world.views([("rounds", "participation", round_.id, name) for name in names])
        for name, (member, passed, update, commitment, revealed) in zip(names, parts, strict=True):
            what = f"{name} in round {round_.id}"
            own = [item for item in round_.submissions if state.updates[item].organisation == name]
            assert member and passed == (name in round_.passed), what
            assert int(update, 16) == (int(own[-1], 16) if own else 0), what
            assert int(commitment, 16) == int(round_.commitments.get(name, Digest("0x0")), 16), what
            assert revealed == (name in round_.revealed), what


def _round_agrees(state: LedgerState, round_: Round, seen: dict[str, Any]) -> None:
    updates = [state.updates[item] for item in round_.submissions]
    told = {
        "status": STATUS.get(seen["phase"], RoundStatus.OPEN),
        "opened": seen["opened_block"],
        **{name: seen[name] for name in ("epoch", "quorum", "members", "submitted", "passed", "released")},
        **{name: seen[name] for name in ("committed", "revealed", "task_digest", "manifest_digest")},
        "accepted": seen["accepted"],
    }
    folded = {
        "status": round_.status,
        "opened": round_.opened_block,
        "epoch": round_.epoch,
        "quorum": round_.quorum,
        "members": len(round_.members),
        "submitted": len({update.organisation for update in updates}),
        "passed": len(round_.passed),
        "released": sum(update.released for update in updates),
        "committed": len(round_.commitments),
        "revealed": len(round_.revealed),
        "task_digest": round_.opening.task_digest,
        "manifest_digest": round_.opening.manifest_digest,
        "accepted": len(accepted_updates(state, round_.id)),
    }
    assert folded == told, f"round {round_.id}"


def _updates_agree(world: World, state: LedgerState) -> None:
    shown = world.views([("rounds", "update", item) for item in state.updates])
    accepted = world.views([("rounds", "accepted", item) for item in state.updates])
    for update, seen, counts in zip(state.updates.values(), shown, accepted, strict=True):
        assert seen == {
            "round_id": update.round,
            "organisation": update.organisation,
            "replaced": update.replaced_by is not None,
            "released": update.released,
            "acceptances": update.acceptances,
        }, f"update {update.id}"
        closed = state.rounds[update.round].status is RoundStatus.CLOSED
        assert counts == (closed and update.id in accepted_updates(state, update.round)), f"update {update.id}"
    _epsilon_agrees(world, state, [*state.updates.values()])


def _epsilon_agrees(world: World, state: LedgerState, updates: Sequence[Update]) -> None:
    """ε counts on recording: what a member recorded last for a task is what it has spent."""
    spent = {(item.organisation, state.rounds[item.round].opening.task_digest): item.epsilon for item in updates}
    shown = world.views([("rounds", "epsilonSpent", *entry) for entry in spent])
    assert shown == [*spent.values()], "ε"


def _revocations_agree(world: World, state: LedgerState) -> None:
    assert world.view("revocations", "requestCount") == len(state.revocations), "number of requests"
    shown = world.views([("revocations", "revocation", item) for item in state.revocations])
    held: dict[str, str] = {}
    for item, seen in zip(state.revocations.values(), shown, strict=True):
        what = f"request {item.id}"
        assert tuple(seen["updates"]) == item.updates and seen["organisation"] == item.organisation, what
        assert (seen["reason"], seen["urgent"]) == (item.reason, item.urgent), what
        assert int(seen["certificate_digest"], 16) == int(item.certificate or "0x0", 16), what
        assert int(seen["manifest_digest"], 16) == int(item.replacement or "0x0", 16), what
        _stage_agrees(item, seen["stage"])
        held |= dict.fromkeys(item.updates, item.id) if item.approved else {}
    holders = world.views([("revocations", "requestOf", item) for item in state.updates])
    assert [int(holder, 16) for holder in holders] == [int(held.get(item, "0x0"), 16) for item in state.updates]
    waiting = sum(item.approved is not None and item.replacement is None for item in state.revocations.values())
    assert world.view("revocations", "awaitingReplacement") == waiting, "how many wait for a replacement"


def _stage_agrees(item: Revocation, stage: int) -> None:
    steps = (item.shredded, item.certificate, item.verified, item.replacement, item.affected is not None, item.approved)
    stages = (Stage.SHREDDED, Stage.CERTIFIED, Stage.VERIFIED, Stage.REPLACED, Stage.AFFECTED, Stage.APPROVED)
    folded = next((name for done, name in zip(steps, stages, strict=True) if done), Stage.REQUESTED)
    if folded == Stage.REPLACED and stage == Stage.VERIFIED:
        # the fold has no such stage before an endorsement: it counts who was a member then, which the model does, too
        assert item.verifications, f"request {item.id}: verified by nobody"
        return
    assert stage == folded, f"request {item.id}: the contract shows {stage}, the fold {folded}"


def _keys_agree(world: World, state: LedgerState) -> None:
    names = [*state.prekeys]
    unused = world.views([("keys", "unusedPrekeys", name) for name in names])
    for name, left in zip(names, unused, strict=True):
        folded = sum(prekey.round is None and not prekey.discarded for prekey in state.prekeys[name].values())
        assert left == folded, f"{name} has {left} prekeys left, the fold says {folded}"
    kept = world.views([("keys", "keyOf", name) for name in state.members.seats])
    published = [state.keys.get(name) is not None for name in state.members.seats]
    assert [int(key, 16) != 0 for key in kept] == published, "long-term keys"
    for round_ in state.rounds.values():
        given = world.views([("keys", "prekeyOf", round_.id, name) for name in round_.recipients])
        assert given == [prekey.digest for prekey in round_.recipients.values()], f"prekeys of round {round_.id}"
    counted = Counter((name, prekey.round) for name in names for prekey in state.prekeys[name].values() if prekey.round)
    assert not counted or max(counted.values()) == 1, "a member has two prekeys of one round"


def _catch_ups_agree(world: World, state: LedgerState) -> None:
    """Requests, which of them is a member's latest, and who has answered."""
    assert world.view("keys", "catchUpCount") == len(state.catch_ups), "number of requests for keys"
    shown = world.views([("keys", "catchUp", number) for number in state.catch_ups])
    folded = [[asked.organisation, asked.delegate, asked.key_digest] for asked in state.catch_ups.values()]
    assert [list(one) for one in shown] == folded, "who asked for keys"
    names = [*state.members.seats]
    latest = [latest_catch_up(state, name) for name in names]
    told = world.views([("keys", "catchUpOf", name) for name in names])
    assert told == [asked.number if asked else 0 for asked in latest], "latest requests for keys"
    pairs = [(number, name) for number in state.catch_ups for name in names]
    answered = world.views([("keys", "answeredCatchUp", *pair) for pair in pairs])
    assert answered == [name in state.catch_ups[number].answers for number, name in pairs], "answers"
