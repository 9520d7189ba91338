"""What each mode would do, told beforehand, and which one a policy chooses."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task
from unit.ledger.history import History

from orchestrator.commitment.certificate import outcome_of
from orchestrator.daemon.spent import measured, spent_of
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.ledger.entities import Mode
from orchestrator.ledger.replays import to_train_again
from orchestrator.types import OrganisationId, UpdateId
from orchestrator.unlearning.plan import Plan, Spent, plan_of
from orchestrator.unlearning.policy import Policy, policy_of

ALL = (AURORA, BOREALIS, CUMULUS)
NOISE = {"hardening": {"method": "weight-distortion", "sigma_nano": 2_000_000}}
SPENT = Spent(round_seconds=30.0, evaluation_seconds=2.0, update_bytes=1000)


def lived(rounds: int = 3, spec: Any = None) -> tuple[History, list[dict[OrganisationId, UpdateId]]]:
    history = History()
    return history, [history.round(spec) for _ in range(rounds)]


def planned(history: History, *updates: UpdateId, by: OrganisationId = CUMULUS, **how: Any) -> Plan:
    return plan_of(history.state, history.tasks, by, updates, "WITHDRAWN", **how)


@pytest.mark.parametrize("lineage", ["chained", "isolated"])
@pytest.mark.parametrize("mode", list(Mode))
def test_what_is_planned_is_what_then_happens(mode: Mode, lineage: str) -> None:
    history, (first, *_) = lived(spec=task(lineage=lineage, revocation=NOISE))
    plan = planned(history, first[CUMULUS]).modes[mode]
    request = history.request(CUMULUS, [first[CUMULUS]], mode=mode.value)
    found = history.state.revocations[request]
    outcome = outcome_of(history.state, request, history.tasks)
    assert to_train_again(history.state, found, history.tasks) == plan.again
    if mode is not Mode.HEAL:  # the noise's seed is the request's own id
        assert outcome.after == plan.manifest
    followers = set(outcome.descendants)
    assert set(plan.stays) | (set(plan.leaves) - {first[CUMULUS]}) == followers


def test_modes_of_a_chained_history() -> None:
    history, (first, second, third) = lived(spec=task(revocation=NOISE))
    plan = planned(history, first[CUMULUS], spent=SPENT)
    drop, heal, replay = (plan.modes[mode] for mode in Mode)
    later = (*second.values(), *third.values())
    assert drop.leaves == heal.leaves == (first[CUMULUS],) and set(drop.stays) == set(heal.stays) == set(later)
    assert replay.leaves == (first[CUMULUS], *later) and replay.stays == ()
    assert (drop.hardening, heal.hardening, replay.hardening) == (False, True, False)
    assert (drop.again, replay.again) == ((), (ALL, ALL))
    assert (drop.seconds, replay.seconds) == (4.0, 64.0)
    assert (drop.sent, drop.received) == (0, 0) and (replay.sent, replay.received) == (2000, 4000)
    assert (plan.supports, plan.open_round, plan.chosen) == (0, None, Mode.DROP)


def test_transactions_by_hand() -> None:
    """Three members, quorum two. Own contribution: request, affected, replacement, 3 figures, 2 or 3 endorsements,
    3 receipts, and a checkpoint of 2 or 3 attestations and a relay. A round: 14 and its checkpoint."""
    history, (first, second) = lived(2)
    plan = planned(history, first[CUMULUS])
    assert plan.modes[Mode.DROP].private == (13, 15) and plan.modes[Mode.DROP].public == (1, 1)
    assert plan.modes[Mode.REPLAY].private == (13 + 16, 15 + 17) and plan.modes[Mode.REPLAY].public == (2, 6)
    others = planned(history, second[CUMULUS], by=AURORA)
    assert others.supports == 1 and others.modes[Mode.DROP].private == (14, 16)


def test_isolated_members_lose_their_own_only() -> None:
    history, (first, second, third) = lived(spec=task(lineage="isolated"))
    plan = planned(history, third[CUMULUS])
    assert plan.modes[Mode.DROP].returns == (second[CUMULUS],) and plan.modes[Mode.REPLAY].again == ()
    assert planned(history, first[CUMULUS]).modes[Mode.REPLAY].again == ((CUMULUS,), (CUMULUS,))


def test_what_was_not_measured_is_unknown() -> None:
    history, (first, *_) = lived()
    for spent in (Spent(), Spent(evaluation_seconds=2.0)):
        found = planned(history, first[CUMULUS], spent=spent).modes[Mode.REPLAY]
        assert (found.seconds, found.sent, found.received) == (None, None, None)


def test_an_open_round_is_told() -> None:
    history, (first, *_) = lived(1)
    number = history.open_round()
    assert planned(history, first[CUMULUS]).open_round == number


def test_nothing_is_planned_before_a_round() -> None:
    with pytest.raises(ProtocolError, match="nothing to plan before the first round"):
        planned(History())


@pytest.mark.parametrize(
    ("policy", "found", "mode"),
    [
        (Policy(), {}, Mode.DROP),
        (Policy(Mode.HEAL), {}, Mode.HEAL),
        (Policy(None, 2), {}, Mode.REPLAY),
        (Policy(None, 2), {"descendants": 0}, Mode.DROP),
        (Policy(None, 1), {}, Mode.HEAL),
        (Policy(None, 1), {"hardening": False}, Mode.DROP),
        (Policy(None, 2, 60), {}, Mode.HEAL),
        (Policy(None, 2, 64), {}, Mode.REPLAY),
        (Policy(None, 2, 60), {"seconds": None}, Mode.REPLAY),
    ],
)
def test_a_policy_chooses(policy: Policy, found: dict[str, Any], mode: Mode) -> None:
    facts: dict[str, Any] = {"descendants": 6, "rounds": 2, "seconds": 64.0, "hardening": True, **found}
    assert policy.choose(**facts) is mode


def test_a_plan_takes_its_policys_mode() -> None:
    history, (first, *_, last) = lived()
    assert planned(history, first[CUMULUS], policy=Policy(None, 2)).chosen is Mode.REPLAY
    assert planned(history, first[CUMULUS], policy=Policy(None, 1)).chosen is Mode.DROP, "the task has no hardening"
    assert planned(history, last[CUMULUS], policy=Policy(None, 2)).chosen is Mode.DROP, "nothing was trained on top"


def test_settings_say_the_policy_and_a_name_comes_first() -> None:
    auto = {"revocation": {"mode": "auto", "most_rounds": 3, "most_seconds": 600}}
    assert policy_of(auto) == Policy(None, 3, 600)
    assert policy_of(auto, "drop").mode is Mode.DROP
    assert policy_of({"revocation": None}) == policy_of({}) == Policy(Mode.DROP)
    assert policy_of({}, "auto") == Policy(None, 0)


@pytest.mark.parametrize(
    ("values", "named", "message"),
    [
        ({}, "forget", "'forget' is no mode; choose one of drop, heal, replay, auto"),
        ({"revocation": {"mode": "prayer"}}, None, "'prayer' is no mode"),
        ({"revocation": {"most_rounds": -1}}, None, "revocation.most_rounds is -1"),
        ({"revocation": {"most_seconds": "soon"}}, None, "revocation.most_seconds is 'soon'"),
    ],
)
def test_a_policy_that_is_none_is_refused(values: dict[str, Any], named: str | None, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        policy_of(values, named)


def event(name: str, effect: str, time: float) -> dict[str, Any]:
    return {"event": name, "effect": effect, "time": time}


def test_a_journal_tells_what_a_round_took() -> None:
    started, completed = "effect-started", "effect-completed"
    events = [
        event(started, "train/1", 0), event(completed, "train/1", 10),
        event(started, "train/2", 20), event("effect-failed", "train/2", 21),
        event(started, "train/2", 30), event(completed, "train/2", 50),
        {"event": "update-sealed", "time": 50, "round": 2, "update": "0x", "bytes": 700},
        event(started, "judge/1", 50), event(completed, "judge/1", 53),
        event(started, "evaluate/1", 60), event(completed, "evaluate/1", 61),
        event(completed, "collect/9", 70),
    ]  # fmt: skip
    assert measured(events) == Spent(15 + 3 + 1, 1, 700)
    assert measured(events[7:]) == Spent(None, 1, None)


def test_a_home_without_a_daemon_has_measured_nothing(tmp_path: Any) -> None:
    assert spent_of(tmp_path) == Spent()


def test_planning_needs_no_torch() -> None:
    """It belongs to the base install, whatever else is in its package."""
    code = "import sys, orchestrator.disputes.planning; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
