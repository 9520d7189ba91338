"""Rounds that are trained again: how many a replay asks for, and how far that has come."""

from __future__ import annotations

from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task, word_of
from unit.ledger.history import History

from orchestrator.ledger.replays import Again, Retrained, rounds_since, to_train_again, trained_again
from orchestrator.types import OrganisationId, RequestId, UpdateId

ISOLATED = task(lineage="isolated")
ALL = (AURORA, BOREALIS, CUMULUS)


def contribution(history: History, number: int, name: OrganisationId) -> UpdateId:
    return next(item.id for item in history.state.updates.values() if (item.round, item.organisation) == (number, name))


def replayed(history: History, *updates: UpdateId, mode: str = "replay") -> RequestId:
    request = history.request(history.state.updates[updates[0]].organisation, updates, mode=mode)
    history.replace(request)
    return request


def needed(history: History, request: RequestId) -> tuple[tuple[OrganisationId, ...], ...]:
    return to_train_again(history.state, history.state.revocations[request], history.tasks)


def again(history: History, request: RequestId) -> Again:
    return trained_again(history.state, history.tasks)[request]


def test_rounds_after_the_revoked_contribution_are_trained_again() -> None:
    history = History()
    for _ in range(3):
        history.round()
    request = replayed(history, contribution(history, 1, CUMULUS))
    assert needed(history, request) == (ALL, ALL)
    assert again(history, request) == Again((ALL, ALL)) and again(history, request).left == 2


def test_a_round_that_only_revoked_contributions_were_in_is_not_trained_again() -> None:
    history = History()
    history.round(participants=[CUMULUS])
    history.round(participants=[CUMULUS])
    history.round(participants=[AURORA, CUMULUS])
    request = replayed(history, contribution(history, 1, CUMULUS), contribution(history, 2, CUMULUS))
    assert needed(history, request) == ((AURORA, CUMULUS),)


def test_only_a_replay_trains_again() -> None:
    history = History()
    history.round()
    history.round()
    for mode, number in (("drop", 1), ("heal", 2)):
        request = replayed(history, contribution(history, number, CUMULUS), mode=mode)
        assert needed(history, request) == () and again(history, request) == Again(())


def test_a_request_that_is_not_in_effect_asks_for_nothing_yet() -> None:
    history = History()
    history.round()
    history.round()
    history.open_round()
    request = history.request(CUMULUS, [contribution(history, 1, CUMULUS)], mode="replay")
    assert needed(history, request) == () and request not in trained_again(history.state, history.tasks)
    history.fail("revocation")
    assert needed(history, request) == (ALL,)


def test_closed_rounds_take_the_place_and_missing_members_are_named() -> None:
    history = History()
    for _ in range(3):
        history.round()
    request = replayed(history, contribution(history, 1, CUMULUS))
    history.open_round()
    history.fail()
    history.round(participants=[AURORA, BOREALIS])
    assert again(history, request).done == (Retrained(5, (CUMULUS,)),)
    history.round()
    history.round()
    found = again(history, request)
    assert (found.left, found.done[1:]) == (0, (Retrained(6, ()),)), "the third is an ordinary round"


def test_a_second_replay_is_served_after_the_first() -> None:
    """What it takes out of rounds that were trained again is what it asks for itself."""
    history = History()
    for _ in range(3):
        history.round()
    first = replayed(history, contribution(history, 2, CUMULUS))
    history.round()
    second = replayed(history, contribution(history, 1, BOREALIS))
    assert needed(history, first) == (ALL,)
    assert needed(history, second) == ((AURORA, BOREALIS), ALL), "round 2 without what was revoked before, and round 4"
    assert (again(history, first).left, again(history, second).left) == (0, 2)
    history.round()
    history.round()
    assert [item.round for item in again(history, second).done] == [5, 6]


def test_rounds_on_another_base_model_train_nothing_again() -> None:
    history = History()
    history.round()
    history.round()
    request = replayed(history, contribution(history, 1, CUMULUS))
    history.round(task(base={"digest": word_of("other"), "architecture": "llama", "kind": "causal_lm"}))
    assert again(history, request).left == 1
    assert rounds_since(history.state, history.state.revocations[request], history.tasks) == ()


def test_isolated_members_train_their_own_again() -> None:
    history = History()
    for _ in range(3):
        history.round(ISOLATED)
    request = replayed(history, contribution(history, 1, CUMULUS))
    assert needed(history, request) == ((CUMULUS,), (CUMULUS,)), "the others keep what they have"
    history.round(ISOLATED, participants=[AURORA])
    assert again(history, request).done == (Retrained(4, (CUMULUS,)),)


def test_recovery_is_every_round_since() -> None:
    history = History()
    first = history.round()
    request = replayed(history, first[CUMULUS], mode="heal")
    for _ in range(2):
        history.round()
    assert rounds_since(history.state, history.state.revocations[request], history.tasks) == (2, 3)
