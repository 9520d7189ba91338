"""Which training of its lineage a member's next one is: what its seed follows from."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, task, word_of
from unit.ledger.history import History

from orchestrator.ledger.lineage import training_ordinal
from orchestrator.ledger.replays import to_train_again
from orchestrator.ledger.view import manifest_of
from orchestrator.types import OrganisationId

ISOLATED = task(lineage="isolated")


def ordinals(history: History, spec: object = None) -> list[int]:
    chosen = task() if spec is None else ISOLATED
    return [training_ordinal(history.state, chosen, history.tasks, name) for name in MEMBERS]


def of(history: History, name: OrganisationId, number: int) -> int:
    at = history.state.rounds[number].opened
    return training_ordinal(history.state, task(), history.tasks, name, at=at)


def test_rounds_that_contributed_count_and_a_member_that_missed_one_draws_as_the_others() -> None:
    history = History()
    assert ordinals(history) == [1, 1, 1]
    history.round()
    history.round(participants=[AURORA])
    assert ordinals(history) == [3, 3, 3]


def test_a_round_that_failed_or_was_empty_counts_for_nothing() -> None:
    history = History()
    history.round()
    history.open_round()
    history.fail()
    history.open_round()
    refused = history.submit(AURORA)
    history.release(refused)
    for judge in MEMBERS:
        history.judge(judge, {refused: 0}, rejects=[refused])
    history.close()
    assert max(history.state.rounds) == 3 and ordinals(history) == [2, 2, 2]


def test_a_round_that_is_open_draws_by_what_it_was_opened_on() -> None:
    history = History()
    history.round()
    history.round()
    assert [of(history, AURORA, number) for number in (1, 2)] == [1, 2]


def test_replayed_rounds_draw_what_a_history_without_the_contribution_drew() -> None:
    """Cumulus's contribution to round 2 goes; rounds 3 and 4, trained on top of it, are trained again as 5 and 6."""
    history, never = History(), History()
    for _ in range(4):
        history.round()
    poisoned = next(
        item.id for item in history.state.updates.values() if (item.round, item.organisation) == (2, CUMULUS)
    )
    never.round()
    never.round(participants=[AURORA, BOREALIS])
    history.replace(history.request(CUMULUS, [poisoned], mode="replay"))
    for _ in range(2):
        assert ordinals(history) == ordinals(never)
        history.round()
        never.round()
    assert ordinals(history) == ordinals(never) == [5, 5, 5]


def test_dropped_contributions_leave_the_round_that_others_are_still_of() -> None:
    history = History()
    first = history.round()
    history.replace(history.request(CUMULUS, [first[CUMULUS]]))
    assert ordinals(history) == [2, 2, 2]
    alone = history.round(participants=[CUMULUS])
    history.replace(history.request(CUMULUS, [alone[CUMULUS]]))
    assert ordinals(history) == [2, 2, 2]


def test_isolated_members_count_their_own() -> None:
    history = History()
    history.round(ISOLATED)
    second = history.round(ISOLATED, participants=[AURORA, CUMULUS])
    assert ordinals(history, ISOLATED) == [3, 2, 3]
    history.replace(history.request(CUMULUS, [second[CUMULUS]]))
    assert ordinals(history, ISOLATED) == [3, 2, 2], "nobody else draws otherwise for it"


def test_another_base_model_begins_anew() -> None:
    history = History()
    history.round()
    other = task(base={"digest": word_of("other"), "architecture": "llama", "kind": "causal_lm"})
    assert training_ordinal(history.state, other, history.tasks, AURORA) == 1


def shape(history: History) -> list[list[tuple[OrganisationId, int]]]:
    """Owners and weights of the manifest, by round, whatever the rounds' numbers are."""
    rounds: dict[int, list[tuple[OrganisationId, int]]] = {}
    for entry in manifest_of(history.state, history.tasks).originals:
        rounds.setdefault(entry.round, []).append((entry.organisation, entry.weight))
    return list(rounds.values())


@settings(max_examples=25, deadline=None)
@given(st.data(), st.lists(st.sets(st.sampled_from(MEMBERS), min_size=1), min_size=1, max_size=4))
def test_any_replay_becomes_the_history_that_never_had_the_contribution(
    data: st.DataObject, rounds: list[set[OrganisationId]]
) -> None:
    """Round by round: the same seeds on manifests of the same owners and weights."""
    taking_part = [sorted(names) for names in rounds]
    place = data.draw(st.integers(0, len(rounds) - 1))
    owner = data.draw(st.sampled_from(taking_part[place]))
    life, never = History(), History()
    lost = [life.round(participants=names) for names in taking_part][place][owner]
    for number, names in enumerate(taking_part[: place + 1]):
        kept = [name for name in names if (number, name) != (place, owner)]
        if kept:
            never.round(participants=kept)
    request = life.request(owner, [lost], mode="replay")
    life.replace(request)
    again = to_train_again(life.state, life.state.revocations[request], life.tasks)
    assert [list(names) for names in again] == taking_part[place + 1 :]
    for names in again:
        assert ordinals(life) == ordinals(never)
        life.round(participants=names)
        never.round(participants=names)
    assert shape(life) == (shape(never) if never.state.rounds else [])
