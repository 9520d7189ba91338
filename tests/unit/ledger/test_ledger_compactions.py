"""Compactions in manifests: they stand for what they were made of, for as long as nothing of it changes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, task, word_of
from unit.ledger.compacted import agree, endorse, plain, propose, rounds, subject
from unit.ledger.history import History

from orchestrator.commitment.certificate import manifests_of
from orchestrator.ledger.canonical import canonical_bytes, digest
from orchestrator.ledger.compactions import COMPACTABLE, CompactionEntry, effective_at
from orchestrator.ledger.contributions import descendants, live_contributions
from orchestrator.ledger.covers import cover_of, cover_until, holding, stands
from orchestrator.ledger.lineage import parents
from orchestrator.ledger.manifest import Manifest, build_manifest, entries_root, prefixes
from orchestrator.ledger.methods import STRATEGIES
from orchestrator.ledger.view import manifest_of
from orchestrator.types import Digest, OrganisationId, UpdateId


def test_an_agreed_object_takes_the_place_of_the_first_rounds() -> None:
    history, _ = rounds(3)
    whole = plain(history)
    artefact = agree(history, 2)
    found = manifest_of(history.state, history.tasks)
    assert found.originals == whole.entries and found.updates == whole.updates
    assert found.covered == whole.entries[:6] and found.entries[1:] == whole.entries[6:]
    entry = found.compaction
    assert isinstance(entry, CompactionEntry) and entry is found.entries[0]
    assert (entry.round, entry.organisation, entry.weight, entry.update_id) == (2, "*", 2**32, artefact)
    assert found.document["count"] == 4 and found.digest != whole.digest


def test_the_entry_by_hand() -> None:
    history, _ = rounds(2)
    whole = plain(history)
    artefact = agree(history, 1)
    entry = manifest_of(history.state, history.tasks).entries[0]
    first = Manifest(whole.base, whole.settings, whole.strategy, whole.entries[:3])
    assert entry.document() == {
        "format": "loranchor/manifest-entry",
        "version": 1,
        "kind": "compaction",
        "round": 1,
        "artefact_id": artefact,
        "object": word_of("object"),
        "covered": {"manifest": first.digest, "count": 3, "entries_root": entries_root(whole.entries[:3])},
        "deviation": "7",
        "droppable": "all",
    }
    assert entry.digest == digest(entry.document()) and canonical_bytes(entry.document())


def test_prefixes_are_the_manifests_of_the_rounds_before() -> None:
    history, _ = rounds(3)
    ends = [found.ended for found in history.state.rounds.values()]
    then = [build_manifest(history.state, task(), history.tasks, at=end) for end in ends]
    assert [prefix.manifest for prefix in prefixes(plain(history))] == [manifest.digest for manifest in then]
    assert [prefix.round for prefix in prefixes(plain(history))] == [1, 2, 3]
    assert prefixes(plain(History())) == ()


def test_below_a_quorum_nothing_changes() -> None:
    history, _ = rounds(2)
    artefact = propose(history, subject(history, 2))
    assert manifest_of(history.state, history.tasks) == plain(history)
    told = {"artefact_id": artefact, "organisation": BOREALIS, "reason": "ERROR_TOO_LARGE"}
    history.tell("ArtefactDisputed", BOREALIS, **told)
    assert manifest_of(history.state, history.tasks) == plain(history)
    endorse(history, artefact, CUMULUS)
    assert manifest_of(history.state, history.tasks).compaction is not None


def test_an_object_of_another_kind_or_subject_stands_for_nothing() -> None:
    history, _ = rounds(2)
    report = propose(history, subject(history, 2), kind="report")
    foreign = propose(history, word_of("no manifest"))
    for artefact in (report, foreign):
        endorse(history, artefact, BOREALIS)
    assert manifest_of(history.state, history.tasks) == plain(history)


@pytest.mark.parametrize("covered", [True, False])
def test_a_revocation_of_something_covered_brings_the_originals_back(covered: bool) -> None:
    history, updates = rounds(3)
    artefact = agree(history, 2)
    request = history.request(CUMULUS, [updates[0 if covered else 2][CUMULUS]])
    found = manifest_of(history.state, history.tasks)
    assert (found.compaction is None) == covered
    assert found.originals == plain(history).entries
    before, after = manifests_of(history.state, request, history.tasks)
    assert before.compaction is not None, "what the model was is told as it was"
    assert (after.compaction is None) == covered
    known = history.state.artefacts[artefact]
    assert (stands(history.state, known, history.tasks) is None) == covered
    assert cover_of(history.state, known, history.tasks) is not None, "what it holds stays known"


def test_after_a_revocation_the_manifest_is_the_one_that_never_had_an_object() -> None:
    (compacted, updates), (other, same) = rounds(3), rounds(3)
    agree(compacted, 3)
    for history, made in ((compacted, updates), (other, same)):
        history.request(CUMULUS, [made[1][CUMULUS]])
    found, expected = (manifest_of(history.state, history.tasks) for history in (compacted, other))
    assert found.digest == expected.digest


def test_a_manifest_stays_what_a_round_was_opened_on() -> None:
    history, _ = rounds(2)
    artefact = propose(history, subject(history, 2))
    history.open_round()
    opened = history.state.rounds[3].opening.manifest_digest
    endorse(history, artefact, BOREALIS)
    known = history.state.artefacts[artefact]
    assert known.agreed is not None and effective_at(history.state, known) is None
    assert manifest_of(history.state, history.tasks).digest == opened
    history.release(history.submit(AURORA))
    for name in MEMBERS:
        history.judge(name, dict.fromkeys(history.state.rounds[3].submissions, 1))
    history.close()
    assert effective_at(history.state, known) == history.state.rounds[3].ended
    found = manifest_of(history.state, history.tasks)
    assert found.compaction is not None and found.covered == plain(history).entries[:6]
    assert build_manifest(history.state, task(), history.tasks, at=history.state.rounds[3].opened).digest == opened


def test_the_longest_wins_and_the_first_of_one_subject() -> None:
    history, _ = rounds(3)
    long, short = agree(history, 2, "long"), agree(history, 1, "short")
    again = agree(history, 2, "again", (BOREALIS, CUMULUS))
    found = manifest_of(history.state, history.tasks)
    assert found.compaction is not None and found.compaction.artefact_id == long
    assert long != again and short != again


def test_a_shorter_one_serves_where_the_longer_one_fell() -> None:
    history, updates = rounds(3)
    agree(history, 2, "long")
    short = agree(history, 1, "short")
    history.request(CUMULUS, [updates[1][CUMULUS]])
    found = manifest_of(history.state, history.tasks)
    assert found.compaction is not None and found.compaction.artefact_id == short


def test_later_endorsements_change_no_manifest() -> None:
    history, _ = rounds(1)
    artefact = agree(history, 1)
    before = manifest_of(history.state, history.tasks).digest
    endorse(history, artefact, CUMULUS, deviation=10**12)
    assert manifest_of(history.state, history.tasks).digest == before


def test_other_rules_or_weights_are_another_subject() -> None:
    history, _ = rounds(2)
    agree(history, 2)
    for other in (task(weights="samples"), task(strategy={"name": "flexlora", "settings": {"rank": 4}})):
        assert build_manifest(history.state, other, history.tasks).compaction is None


def test_strategies_and_lineages_that_read_single_contributions_are_left_alone() -> None:
    assert set(STRATEGIES) - COMPACTABLE == {"fedex", "rolora"}
    for changes in (
        {"lineage": "isolated"},
        {"strategy": {"name": "fedex", "settings": {}}, "adapter": {**task().document["adapter"], "ranks": [4]}},
    ):
        history, spec = History(), task(**changes)
        history.round(spec)
        whole = build_manifest(history.state, spec, history.tasks)
        artefact = propose(history, whole.digest)
        endorse(history, artefact, BOREALIS)
        assert cover_of(history.state, history.state.artefacts[artefact], history.tasks) is None
        assert build_manifest(history.state, spec, history.tasks) == whole


def test_lineage_does_not_see_objects() -> None:
    (compacted, updates), (other, _) = rounds(2), rounds(2)
    agree(compacted, 2)
    last = [history.round() for history in (compacted, other)]
    for history, made in zip((compacted, other), last, strict=True):
        assert parents(history.state, made[AURORA], history.tasks) == live_contributions(
            history.state, history.tasks, at=history.state.rounds[3].opened
        )
    first = updates[0][AURORA]
    found = [descendants(history.state, [first], history.tasks) for history in (compacted, other)]
    assert len(found[0]) == len(found[1]) == 6


def test_what_holds_a_contribution() -> None:
    history, updates = rounds(2)
    one, two = agree(history, 1, "one"), propose(history, subject(history, 2), name="two")
    unknown = propose(history, word_of("no manifest"), name="unknown")

    def held(update: UpdateId) -> list[str]:
        return [item.id for item in holding(history.state, [update], history.tasks)]

    assert held(updates[0][AURORA]) == [one, two, unknown]
    assert held(updates[1][AURORA]) == [two, unknown]


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("round"), st.sets(st.sampled_from(MEMBERS), min_size=1)),
        st.tuples(st.just("compact"), st.integers(1, 5)),
        st.tuples(st.just("propose"), st.integers(1, 5)),
        st.tuples(st.just("endorse"), st.integers(0, 5)),
        st.tuples(st.just("revoke"), st.integers(0, 20)),
    ),
    max_size=9,
)


def _play(history: History, actions: Sequence[tuple[str, object]]) -> None:
    for place, (what, which) in enumerate(actions):
        manifest = manifest_of(history.state, history.tasks)
        if what == "round":
            history.round(task(weights="scores"), participants=sorted(which), scores={AURORA: 5000, CUMULUS: 90_000})  # type: ignore[call-overload]
        elif what == "revoke" and manifest.updates:
            update = manifest.updates[int(str(which)) % len(manifest.updates)]
            history.replace(history.request(history.state.updates[update].organisation, [update]))
        elif what == "endorse":
            waiting = [item for item in history.state.artefacts.values() if BOREALIS not in item.endorsements]
            if waiting:
                endorse(history, waiting[int(str(which)) % len(waiting)].id, BOREALIS, place)
        elif what in ("compact", "propose"):
            cover = cover_until(manifest, task(weights="scores"), int(str(which)))
            if cover is not None:
                artefact = propose(history, cover.prefix.manifest, name=f"object {place}")
                if what == "compact":
                    endorse(history, artefact, BOREALIS, place)


@settings(max_examples=25, deadline=None)
@given(ACTIONS)
def test_any_life(actions: list[tuple[str, object]]) -> None:
    """Whatever happens: the same contributions and weights as without objects, and none of them is one that is out."""
    history, spec = History(), task(weights="scores")
    history.round(spec)
    told: list[tuple[int, Digest]] = []
    for action in actions:
        _play(history, [action])
        found, whole = manifest_of(history.state, history.tasks), plain(history, spec)
        assert found.originals == whole.entries
        assert found.originals[: len(found.covered)] == found.covered
        entry = found.compaction
        if entry is not None:
            first = Manifest(whole.base, whole.settings, whole.strategy, found.covered)
            artefact = history.state.artefacts[entry.artefact_id]
            assert artefact.subject == first.digest == entry.covered.manifest
            assert artefact.agreed is not None and artefact.digest == entry.object
            assert set(found.updates) <= set(live_contributions(history.state, history.tasks))
        told.append((len(history.records), found.digest))
    for count, known in told:
        at = history.records[count - 1].position
        assert build_manifest(history.state, spec, history.tasks, at=at).digest == known, "the past stays"


@given(st.permutations(MEMBERS), st.lists(st.integers(0, 10**12), min_size=2, max_size=2))
@settings(max_examples=12, deadline=None)
def test_who_was_first_does_not_matter(order: list[OrganisationId], deviations: list[int]) -> None:
    history, other = History(quorum=3), History(quorum=3)
    for each in (history, other):
        each.round()
    proposer = order[0]
    for each, rest in ((history, order[1:]), (other, order[:0:-1])):
        artefact = propose(each, subject(each, 1), proposer)
        said = dict(zip(order[1:], deviations, strict=True))
        for name in rest:
            endorse(each, artefact, name, said[name])
    assert manifest_of(history.state, history.tasks).digest == manifest_of(other.state, other.tasks).digest
