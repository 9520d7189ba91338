"""What is asked once, again, or never: in flight, done, failed, given up; and attestations that count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, word_of
from unit.ledger.history import History, life

from orchestrator.errors import ProtocolError
from orchestrator.ledger.checkpoint import GENESIS
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.machine import CONFIRMATION, refolded, transition, wanted
from orchestrator.protocol.rules_checkpoints import agreed_head
from orchestrator.protocol.rules_rounds import PREKEYS_KEPT
from orchestrator.protocol.state import ATTEMPTS, NodeState
from orchestrator.types import OrganisationId


def node(history: History, me: OrganisationId = AURORA, **changes: Any) -> NodeState:
    state = NodeState(me=me, ledger=LedgerState(), **changes)
    for record in history.records:
        state, effects = transition(state, ev.RecordSeen(record))
        assert effects == (), "facts only change the state"
    return state


def seen(block: int, clock: ev.RoundClock | None = None, public: int = 0) -> ev.BlockSeen:
    return ev.BlockSeen(block, public, clock)


def submitting() -> tuple[NodeState, ev.RoundClock]:
    history = History()
    number = history.open_round()
    return node(history), ev.RoundClock(number, "submit", history.block + 20)


def test_nothing_is_asked_twice_while_it_is_under_way_or_done() -> None:
    state, clock = submitting()
    state, first = transition(state, seen(50, clock))
    assert fx.TrainUpdate(1) in first
    state, again = transition(state, seen(51, clock))
    assert again == ()
    for effect in first:
        state, _ = transition(state, ev.EffectCompleted(effect.id))
    assert state.in_flight == frozenset()
    state, after = transition(state, seen(52, clock))
    assert not {effect.id for effect in after} & {effect.id for effect in first}
    assert fx.SubmitUpdate(1) in after


def failing(
    state: NodeState, clock: ev.RoundClock | None, effect: fx.Effect, times: int
) -> tuple[NodeState, list[int]]:
    """The effect fails again and again; gives how many blocks it then waits for."""
    block, waits = state.private_block, []
    for attempt in range(1, times + 1):
        state, effects = transition(state, seen(block, clock))
        assert effect in effects, attempt
        state, _ = transition(state, ev.EffectFailed(effect.id, retryable=True))
        retry_at = state.failures[effect.id].retry_at
        assert retry_at is not None
        assert effect not in transition(state, seen(retry_at - 1, clock))[1]
        waits.append(retry_at - block)
        block = retry_at
    return state, waits


def test_a_failed_effect_is_tried_again_later_and_later_and_never_given_up() -> None:
    """A chain or an IPFS node may be down for hours; nobody should have to restart the daemons then."""
    history = life()
    state = node(history)
    state, _ = transition(state, seen(500))
    state, waits = failing(state.with_(in_flight=frozenset()), None, fx.AttestCheckpoint(1, 1), ATTEMPTS + 3)
    assert waits == [2, 4, 8, 16, 32, 64, 64, 64, 64]


@pytest.mark.parametrize("step", [fx.TrainUpdate(1), fx.SubmitUpdate(1)])
def test_a_round_is_passed_when_training_or_submitting_fails_too_often(step: fx.Effect) -> None:
    """The others need not wait for the deadline."""
    state, clock = submitting()
    state = state.with_(private_block=50)
    if isinstance(step, fx.SubmitUpdate):
        state = state.with_(done=frozenset({fx.TrainUpdate(1).id}))
    state, waits = failing(state, clock, step, ATTEMPTS - 1)
    assert not state.gave_up(step.id) and waits == [2, 4, 8, 16, 32]
    state, effects = transition(state, seen(500, clock))
    assert step in effects
    state, _ = transition(state, ev.EffectFailed(step.id, retryable=True))
    state, effects = transition(state, seen(501, clock))
    assert state.gave_up(step.id) and fx.PassRound(1) in effects
    assert step not in transition(state, seen(5_000, clock))[1]


def test_what_cannot_be_mended_is_not_tried_again() -> None:
    state, clock = submitting()
    state, _ = transition(state, seen(50, clock))
    state, _ = transition(state, ev.EffectFailed(fx.TrainUpdate(1).id, retryable=False))
    assert state.failures[fx.TrainUpdate(1).id].attempts == 1
    assert state.gave_up(fx.TrainUpdate(1).id)
    assert not state.gave_up(fx.SubmitUpdate(1).id)


def test_what_the_surroundings_are_to_blame_for_is_no_attempt() -> None:
    """A full disk for an hour must not have a round passed."""
    state, clock = submitting()
    train = fx.TrainUpdate(1)
    for block in range(50, 50 + 3 * ATTEMPTS):
        state, effects = transition(state, seen(block, clock))
        assert train in effects
        state, _ = transition(state, ev.EffectFailed(train.id, retryable=True, counts=False))
    assert not state.failures and train.id not in state.in_flight


def test_what_was_held_is_asked_for_as_long_as_it_is_wanted() -> None:
    state, clock = submitting()
    state, effects = transition(state, seen(50, clock))
    train = fx.TrainUpdate(1)
    assert train in effects and train.id in state.in_flight
    state, _ = transition(state, ev.EffectHeld(train.id))
    assert train.id not in state.in_flight
    state, effects = transition(state, seen(50, clock))
    assert train in effects
    state, _ = transition(state, ev.EffectHeld(train.id))
    _, effects = transition(state, seen(51, ev.RoundClock(1, "release", 90)))
    assert train not in effects


@pytest.mark.parametrize(("waited", "again"), [(CONFIRMATION - 1, False), (CONFIRMATION, True)])
def test_what_the_chain_does_not_show_after_a_long_while_is_sent_again(waited: int, again: bool) -> None:
    """It was mined, and dropped by a reorganisation before it counted."""
    state, clock = submitting()
    train, submit = fx.TrainUpdate(1), fx.SubmitUpdate(1)
    state = state.with_(done=frozenset({train.id}))
    state, effects = transition(state, seen(50, clock))
    assert submit in effects
    state, _ = transition(state, ev.EffectCompleted(submit.id))
    state, effects = transition(state, seen(50 + waited, clock))
    assert (submit in effects) == again
    assert train not in effects, "what is local leaves no trace to wait for"


def test_a_reorganisation_has_everything_told_anew() -> None:
    history = life()
    state = node(history).with_(
        private_block=500, in_flight=frozenset({"train/9"}), done=frozenset({"settle-keys/1"}), failures={"x": None}
    )
    anchored = ev.CheckpointAnchoredSeen(_paying(), word_of("head"))
    some = [ev.RecordSeen(record) for record in history.records[:5]]
    found = refolded(state, [*some, anchored])
    expected = node(history, in_flight=frozenset({"train/9"}))
    assert found.ledger.count == 5 and set(found.anchored) == {1}
    assert (found.in_flight, found.done, found.failures) == (frozenset({"train/9"}), frozenset(), {})
    assert refolded(found, [ev.RecordSeen(record) for record in history.records]) == expected


def test_success_forgives_earlier_failures() -> None:
    state, clock = submitting()
    state, _ = transition(state, seen(50, clock))
    state, _ = transition(state, ev.EffectFailed(fx.TrainUpdate(1).id, retryable=True))
    state, _ = transition(state, ev.EffectCompleted(fx.TrainUpdate(1).id))
    assert not state.failures and fx.TrainUpdate(1).id in state.done


@pytest.mark.parametrize("phase", ["release", "commit_verdicts", "reveal_verdicts", "awaiting_close"])
def test_nothing_of_a_phase_that_is_over_is_asked(phase: str) -> None:
    """A round in which nothing has happened: what is possible follows from the clock alone."""
    state, clock = submitting()
    _, effects = transition(state, seen(5_000, ev.RoundClock(clock.round, phase, 0)))
    possible: dict[str, set[fx.Effect]] = {
        "release": set(),
        "commit_verdicts": set(),
        "reveal_verdicts": set(),
        "awaiting_close": {fx.CloseRound(1)},
    }
    assert {effect for effect in effects if not isinstance(effect, fx.PublishPrekeys)} <= possible[phase]


def test_a_node_that_is_no_member_wants_nothing_of_a_round() -> None:
    history = History((AURORA, BOREALIS))
    number = history.open_round()
    state = node(history, CUMULUS)
    for phase in ("submit", "release", "commit_verdicts", "reveal_verdicts", "awaiting_close"):
        assert transition(state, seen(90, ev.RoundClock(number, phase, 99)))[1] == ()


def test_a_node_that_has_read_nothing_wants_nothing() -> None:
    """The public chain may be ahead of what the private one has shown so far."""
    state = NodeState(me=AURORA, ledger=LedgerState())
    paying = ev.CheckpointAnchoredSeen(_paying(), word_of("head"))
    state, _ = transition(state, paying)
    assert transition(state, seen(0, public=9))[1] == ()


def _paying() -> Any:
    return replace(GENESIS, sequence=1, awards_root=word_of("awards"))


@pytest.mark.parametrize("unused", range(PREKEYS_KEPT + 2))
def test_prekeys_are_published_before_they_run_out(unused: int) -> None:
    found = [effect for effect in wanted(node(History(prekeys=unused))) if isinstance(effect, fx.PublishPrekeys)]
    assert found == ([fx.PublishPrekeys(unused, PREKEYS_KEPT - unused)] if unused < PREKEYS_KEPT else [])


@pytest.mark.parametrize("unused", [1, PREKEYS_KEPT, PREKEYS_KEPT + 2])
def test_prekeys_that_are_not_the_nodes_own_are_taken_back_before_new_ones_are_published(unused: int) -> None:
    history = History(prekeys=unused)
    state = node(history)
    mine = history.state.prekeys[AURORA]
    told = replace(seen(state.private_block), foreign_prekeys=frozenset({mine[0].digest}))
    state, effects = transition(state, told)
    assert prekey_effects(effects) == [fx.DiscardPrekeys(0, unused)]
    assert not prekey_effects(transition(state, told)[1]), "it is under way"
    state, _ = transition(state, ev.EffectCompleted(fx.DiscardPrekeys(0, unused).id))
    assert not prekey_effects(transition(state, told)[1]), "the record is on its way"

    history.discard_prekeys(AURORA)
    state, _ = transition(state, ev.RecordSeen(history.records[-1]))
    state, effects = transition(state, seen(state.private_block))
    assert prekey_effects(effects) == [fx.PublishPrekeys(unused, PREKEYS_KEPT)]


def test_a_thief_who_comes_again_is_answered_again() -> None:
    """The id of a discarding says which prekeys it was for, so that one that is done does not stand for another."""
    history = History(prekeys=PREKEYS_KEPT)
    history.discard_prekeys(AURORA)
    history.publish_prekeys(AURORA, 2)
    foreign = frozenset(prekey.digest for prekey in history.state.prekeys[AURORA].values())
    first, again = fx.DiscardPrekeys(0, PREKEYS_KEPT), fx.DiscardPrekeys(PREKEYS_KEPT, 2)
    state = node(history).with_(done=frozenset({first.id}))
    _, effects = transition(state, replace(seen(history.block + 1), foreign_prekeys=foreign))
    assert prekey_effects(effects) == [again]


def test_a_former_member_takes_nothing_back() -> None:
    history = History(prekeys=PREKEYS_KEPT)
    history.change_members([BOREALIS, CUMULUS])
    foreign = frozenset(prekey.digest for prekey in history.state.prekeys[AURORA].values())
    state = node(history)
    assert not prekey_effects(transition(state, replace(seen(state.private_block), foreign_prekeys=foreign))[1])


def prekey_effects(effects: Iterable[fx.Effect]) -> list[fx.Effect]:
    return [effect for effect in effects if isinstance(effect, fx.PublishPrekeys | fx.DiscardPrekeys)]


def test_a_contradicting_record_stops_the_machine() -> None:
    history = life()
    state = node(history)
    with pytest.raises(ProtocolError, match="RoundClosed"):
        transition(state, ev.RecordSeen(next(item for item in history.records if item.kind == "RoundClosed")))


def attested(state: NodeState, *heads: str) -> NodeState:
    for name, head in zip(MEMBERS, heads, strict=False):
        event = ev.AttestationSeen(1, name, word_of(head), b"signature")
        state, effects = transition(state, event)
        assert effects == ()
    return state


@pytest.mark.parametrize(
    ("heads", "agreed"),
    [
        ((), None),
        (("a",), None),
        (("a", "b"), None),
        (("a", "a"), "a"),
        (("b", "a", "a"), "a"),
        (("a", "b", "c"), None),
    ],
)
def test_a_quorum_must_have_signed_the_same_head(heads: tuple[str, ...], agreed: str | None) -> None:
    state = attested(node(life()), *heads)
    assert agreed_head(state, 1) == (None if agreed is None else word_of(agreed))
    assert (fx.RelayCheckpoint(1) in set(wanted(state))) == (agreed is not None)


def test_the_last_signature_of_a_member_counts() -> None:
    state = attested(node(life()), "a", "b")
    state, _ = transition(state, ev.AttestationSeen(1, AURORA, word_of("b"), b"again"))
    assert agreed_head(state, 1) == word_of("b")
    assert fx.AttestCheckpoint(1, 1) not in set(wanted(state))


def test_signatures_of_outsiders_do_not_count() -> None:
    state = attested(node(life()), "a")
    for name in ("dune", "ember"):
        state, _ = transition(state, ev.AttestationSeen(1, OrganisationId(name), word_of("a"), b"signature"))
    assert agreed_head(state, 1) is None


def test_signatures_of_an_earlier_epoch_are_made_again() -> None:
    from dataclasses import replace

    state = attested(node(life()), "a", "a")
    members = replace(state.ledger.members, epoch=2)
    state = state.with_(ledger=state.ledger.with_(members=members))
    assert agreed_head(state, 1) is None
    assert fx.AttestCheckpoint(1, 2) in set(wanted(state))


def test_checkpoints_are_signed_one_after_the_other() -> None:
    state = node(life())
    assert len(state.ledger.due) == 3
    assert [effect for effect in wanted(state) if isinstance(effect, fx.AttestCheckpoint)] == [
        fx.AttestCheckpoint(1, 1)
    ]


def test_only_own_and_unclaimed_awards_are_claimed_and_not_before_the_window_ends() -> None:
    state = node(life())
    state, _ = transition(state, ev.CheckpointAnchoredSeen(_paying(), word_of("head")))
    assert fx.PublishAwards(1) in set(wanted(state))
    state, _ = transition(state, ev.AwardsPublishedSeen(1, 40, (0, 2)))
    state, early = transition(state, seen(500, public=39))
    assert not [effect for effect in early if isinstance(effect, (fx.ClaimAward, fx.PublishAwards))]
    state, _ = transition(state, ev.AwardClaimedSeen(1, 0))
    _, effects = transition(state, seen(501, public=40))
    assert [effect for effect in effects if isinstance(effect, fx.ClaimAward)] == [fx.ClaimAward(1, 2)]


def test_an_objection_moves_the_window() -> None:
    state = node(life())
    state, _ = transition(state, ev.CheckpointAnchoredSeen(_paying(), word_of("head")))
    state, _ = transition(state, ev.AwardsPublishedSeen(1, 40, (2,)))
    state, _ = transition(state, ev.AwardsPublishedSeen(1, 60, (2,)))
    _, effects = transition(state, seen(501, public=59))
    assert not [effect for effect in effects if isinstance(effect, fx.ClaimAward)]
