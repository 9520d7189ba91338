"""Policies: pure, deterministic, and each with a sentence for what it decides."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.participation import Account, Outcome, Participation, ParticipationPolicy, Situation
from orchestrator.participation.always import Always
from orchestrator.participation.q_learning import Choice, Level, QLearning, level_of, reward
from orchestrator.participation.threshold import Threshold
from orchestrator.settings import choices, compose
from orchestrator.types import MILLION

PLAIN = Situation(round=1, cost=10 * MILLION, left=None, repeats=0, expected=20 * MILLION)
POLICIES: list[ParticipationPolicy] = [Always(), Threshold(), Threshold(most_repeats=2), QLearning(seed="7/aurora")]

money = st.integers(0, 10**12)
situations = st.builds(
    Situation, round=st.integers(1, 500), cost=money, left=st.none() | money, repeats=st.integers(0, 9), expected=money
)
past = st.lists(st.builds(Outcome, situation=situations, took_part=st.booleans(), award=money), max_size=12)


@pytest.mark.parametrize("policy", POLICIES)
@given(outcomes=past, situation=situations)
def test_the_same_past_gives_the_same_decision(
    policy: ParticipationPolicy, outcomes: list[Outcome], situation: Situation
) -> None:
    first, second = (policy.after(outcomes).decide(situation) for _ in range(2))
    assert first == second and first.why
    assert policy.after(outcomes) == policy.after(outcomes)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_never_changes(policy: Any) -> None:
    before = repr(policy)
    policy.after([Outcome(PLAIN, True, 5)])
    assert repr(policy) == before


def test_the_learning_one_is_frozen() -> None:
    learner: Any = QLearning()
    with pytest.raises(FrozenInstanceError):
        learner.seed = "other"


def test_always_takes_part() -> None:
    hopeless = Situation(1, 10**12, 0, 99, 0)
    assert Always().after([]).decide(hopeless).take_part


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"left": 9 * MILLION}, "the round would cost 10.00, the budget has 9.00 left"),
        ({"repeats": 3}, "3 rounds had the data of today, at most 3 are wanted"),
        ({"expected": 9 * MILLION}, "the expected award of 9.00 is below the cost of 10.00"),
    ],
)
def test_threshold_names_the_limit(change: dict[str, Any], why: str) -> None:
    policy = Threshold(most_repeats=3)
    met = replace(PLAIN, left=10 * MILLION, repeats=2, expected=10 * MILLION)
    assert policy.decide(met).take_part
    assert policy.decide(replace(met, **change)) == replace(policy.decide(met), take_part=False, why=why)


def test_threshold_tells_all_limits_at_once() -> None:
    bad = replace(PLAIN, left=0, repeats=8, expected=0)
    assert Threshold(most_repeats=3, margin=2 * MILLION).decide(bad).why.count(";") == 2
    assert "below 2 times the cost" in Threshold(margin=2 * MILLION).decide(bad).why
    assert Threshold().decide(replace(PLAIN, repeats=10**6)).take_part


def test_states_are_levels() -> None:
    assert level_of(PLAIN) == Level(budget=1, repeats=0, margin=3)
    worst = Situation(1, 10 * MILLION, 29 * MILLION, 3, 4 * MILLION)
    assert level_of(worst) == Level(budget=0, repeats=2, margin=0)
    assert level_of(replace(worst, left=30 * MILLION, repeats=1, expected=5 * MILLION)) == Level(1, 1, 1)
    assert level_of(replace(PLAIN, cost=0, expected=0)).margin == 0


def test_reward_is_net_of_cost_and_zero_for_passing() -> None:
    assert reward(Outcome(PLAIN, True, 25 * MILLION)) == 1_500_000
    assert reward(Outcome(PLAIN, True, 0)) == -MILLION
    assert reward(Outcome(PLAIN, False, 0)) == 0


def test_one_step_of_learning_by_hand() -> None:
    """First visit: the whole reward, and 0.8 of the best that the next state is worth."""
    policy = QLearning(epsilon=0).after([Outcome(PLAIN, True, 25 * MILLION)])
    taking = Choice(level_of(PLAIN), True)
    assert policy.values == {taking: 1_500_000} and policy.visits == {taking: 1}
    again = policy.after([Outcome(PLAIN, True, 0), Outcome(PLAIN, True, 0)])
    # step 1/2 with a next state that is worth 1.5, then step 1/3 with nothing after it
    second = 1_500_000 + (-1_000_000 + 1_200_000 - 1_500_000) // 2
    assert again.values[taking] == second + 333_333 * (-1_000_000 - second) // MILLION


def test_it_learns_to_leave_rounds_that_do_not_pay_and_to_stay_in_those_that_do() -> None:
    poor, rich = replace(PLAIN, expected=4 * MILLION), PLAIN
    policy = QLearning(epsilon=0)
    assert policy.decide(poor).take_part, "nothing is known yet"
    taught = policy.after([Outcome(poor, True, 4 * MILLION), Outcome(rich, True, 20 * MILLION)] * 4)
    assert not taught.decide(poor).take_part and taught.decide(rich).take_part
    assert taught.decide(poor).why.startswith("learned: ")


def test_it_tries_out_less_and_less() -> None:
    policy = QLearning(seed="7/aurora", epsilon=MILLION)
    rounds = [replace(PLAIN, round=number) for number in range(1, 201)]
    assert not any(policy.decide(item).take_part for item in rounds), "epsilon 1: always the other choice"
    seen = policy.after([Outcome(PLAIN, True, 20 * MILLION)] * 90)
    tried = sum(not seen.decide(item).take_part for item in rounds)
    assert 5 <= tried <= 45, "10 of 100 visits"
    assert seen.decide(next(item for item in rounds if not seen.decide(item).take_part)).why.startswith("tried out")
    other = replace(seen, seed="7/borealis")
    assert [seen.decide(item) for item in rounds] != [other.decide(item) for item in rounds]


def test_what_cannot_be_paid_is_no_choice() -> None:
    broke = replace(PLAIN, left=PLAIN.cost - 1)
    policy = QLearning(seed="x", epsilon=MILLION)
    assert policy.decide(broke).why == "the round would cost 10.00, the budget has 10.00 left"
    assert policy.after([Outcome(broke, False, 0)]) == policy, "nothing is learned where there was nothing to choose"


@pytest.mark.parametrize("name", choices("participation"))
def test_packaged_policies(name: str) -> None:
    found = Participation.from_settings(compose([f"participation={name}"]).values, "aurora")
    assert (found.account is None) == (name == "always")
    assert found.policy.decide(PLAIN).take_part or name == "q_learning"


def test_settings_become_money() -> None:
    values = compose(["participation=threshold", "participation.budget.amount=12.5", "participation.margin=1.5"]).values
    found = Participation.from_settings(values, "aurora")
    assert found.account == Account(MILLION, 10 * MILLION, 100_000, 12_500_000, 30, 10)
    assert found.policy == Threshold(1_500_000, 5)
    assert Participation.from_settings({}, "aurora") == Participation(Always())
    learned = Participation.from_settings(compose(["participation=q_learning"]).values, "aurora").policy
    assert isinstance(learned, QLearning) and learned.seed == "7/aurora"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("participation.token=-1", "participation.token is -1; give a number from 0"),
        ("participation.window=0", "participation.window is 0; give a whole number from 1"),
        ("participation.budget.amount=much", "participation.budget.amount is 'much'"),
        ("participation.most_repeats=0", "participation.most_repeats is 0"),
        ("participation.margin=5000", "participation.margin is 5000; give a number from 0 to 1000"),
        ("participation.policy=never", "there is no participation policy 'never'; choose always, threshold"),
    ],
)
def test_a_value_that_cannot_be_one_is_named(override: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Participation.from_settings(compose(["participation=threshold", override]).values, "aurora")


def test_situations_are_natural_numbers() -> None:
    assert Situation.of(PLAIN.document()) == PLAIN
    for wrong in ({"cost": -1}, {"repeats": True}, {"expected": None}, {"round": 1.5}):
        with pytest.raises(FormatError, match=f"situation.{next(iter(wrong))}"):
            Situation.of({**PLAIN.document(), **wrong})
    with pytest.raises(FormatError, match="other members"):
        Situation.of({"round": 1})
