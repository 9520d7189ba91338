"""Manifests: what is in them after rounds, revocations and changes of task."""

from __future__ import annotations

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, task, task_document, word_of
from unit.ledger.history import History, life

from orchestrator.errors import ProtocolError
from orchestrator.ledger.canonical import canonical_bytes, digest
from orchestrator.ledger.contributions import active_updates, live_contributions, void_updates
from orchestrator.ledger.lineage import descendants, parents
from orchestrator.ledger.manifest import build_manifest, entries_root, governing_task
from orchestrator.ledger.merkle import MerkleTree
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.view import anchored_manifest, checkpoint_content_at, manifest_at, manifest_of
from orchestrator.types import ZERO_DIGEST

LIFE = life()


def test_the_document_by_hand() -> None:
    manifest = manifest_of(LIFE.state, LIFE.tasks)
    root = MerkleTree(canonical_bytes(entry.document()) for entry in manifest.entries).root()
    chosen = task_document()
    settings = {name: chosen[name] for name in ("adapter", "lineage", "strategy", "weights")}
    assert manifest.document == {
        "format": "loranchor/manifest",
        "version": 1,
        "base": word_of("base"),
        "settings": digest(settings),
        "strategy": "stack",
        "count": 4,
        "entries_root": "0x" + root.hex(),
    }
    assert manifest.digest == digest(manifest.document)
    order = [(entry.round, entry.organisation) for entry in manifest.entries]
    assert order == [(1, AURORA), (1, BOREALIS), (2, AURORA), (2, BOREALIS)]


def test_an_empty_manifest() -> None:
    history = History()
    manifest = build_manifest(history.state, task(), {})
    assert manifest.entries == ()
    assert manifest.document["entries_root"] == entries_root([]) == "0x" + MerkleTree().root().hex()
    assert governing_task(history.state, {}) is None
    with pytest.raises(ProtocolError, match="no manifest before the first round"):
        manifest_of(history.state, {})


def test_a_round_opens_on_the_manifest_of_the_records_before_it() -> None:
    second = LIFE.state.rounds[2]
    before = manifest_at(LIFE.records, second.opened_block - 1, LIFE.tasks)
    assert second.opening.manifest_digest == before.digest
    assert build_manifest(LIFE.state, task(), LIFE.tasks, at=second.opened).digest == before.digest


def test_dropping_gives_the_manifest_that_never_had_it() -> None:
    with_cumulus, without = History(), History()
    for _ in range(2):
        updates = with_cumulus.round()
        without.round(participants=[AURORA, BOREALIS])
        with_cumulus.replace(with_cumulus.request(CUMULUS, [updates[CUMULUS]]))
    found = manifest_of(with_cumulus.state, with_cumulus.tasks)
    expected = manifest_of(without.state, without.tasks)
    assert found.updates == expected.updates
    assert [entry.weight for entry in found.entries] == [entry.weight for entry in expected.entries]


def test_a_manifest_of_the_past_can_be_asked_for() -> None:
    for block in range(LIFE.state.rounds[1].opened_block, LIFE.block + 1):
        state = manifest_at(LIFE.records, block, LIFE.tasks)
        positions = [record.position for record in LIFE.records if record.block <= block]
        assert build_manifest(LIFE.state, task(), LIFE.tasks, at=positions[-1]) == state


def test_a_revocation_during_a_round_waits_for_its_end_and_voids_the_owners_update() -> None:
    history = History()
    first = history.round()
    history.open_round()
    mine, other = history.submit(CUMULUS), history.submit(AURORA)
    history.request(CUMULUS, [first[CUMULUS]])
    assert first[CUMULUS] in live_contributions(history.state, history.tasks)
    for update in (mine, other):
        history.release(update)
    for judge in MEMBERS:
        history.judge(judge, {mine: 5, other: 5})
    assert void_updates(history.state, 2) == {mine}
    history.close()
    assert active_updates(history.state, 2) == (other,)
    (revocation,) = history.state.revocations.values()
    assert revocation.effective == history.state.rounds[2].ended
    assert live_contributions(history.state, history.tasks) == (first[AURORA], first[BOREALIS], other)
    assert descendants(history.state, [first[CUMULUS]], history.tasks) == (other,)


def test_a_failed_round_also_ends_the_wait() -> None:
    history = History()
    first = history.round()
    history.open_round()
    request = history.request(CUMULUS, [first[CUMULUS]])
    history.fail("revocation")
    assert history.state.revocations[request].effective == history.state.rounds[2].ended
    assert first[CUMULUS] not in live_contributions(history.state, history.tasks)


def test_a_revocation_for_cause_waits_for_support() -> None:
    history = History()
    first = history.round()
    request = history.request(AURORA, [first[CUMULUS]], reason="poison")
    assert history.state.revocations[request].effective is None
    assert len(live_contributions(history.state, history.tasks)) == 3
    history.support(request, BOREALIS, approves=True)
    assert history.state.revocations[request].supporters == {BOREALIS}
    assert len(live_contributions(history.state, history.tasks)) == 2


def test_lineage_goes_through_rounds() -> None:
    history = History()
    first = history.round(participants=[AURORA])
    second = history.round(participants=[BOREALIS])
    third = history.round(participants=[CUMULUS])
    state, tasks = history.state, history.tasks
    assert descendants(state, [first[AURORA]], tasks) == (second[BOREALIS], third[CUMULUS])
    assert descendants(state, [second[BOREALIS]], tasks) == (third[CUMULUS],)
    assert descendants(state, [third[CUMULUS]], tasks) == ()
    assert descendants(state, [first[AURORA], second[BOREALIS]], tasks) == (third[CUMULUS],)
    assert descendants(state, [first[AURORA]], tasks, until=state.rounds[2].ended) == (second[BOREALIS],)
    assert parents(state, third[CUMULUS], tasks) == (first[AURORA], second[BOREALIS])


def test_lineage_counts_the_updates_of_an_open_round() -> None:
    history = History()
    first = history.round()
    history.open_round()
    replaced, update = history.submit(AURORA), history.submit(AURORA)
    found = descendants(history.state, [first[BOREALIS]], history.tasks)
    assert found == (update,)
    assert replaced not in found


def test_who_trained_after_a_revocation_is_no_descendant() -> None:
    history = History()
    first = history.round()
    history.replace(history.request(CUMULUS, [first[CUMULUS]]))
    history.round()
    assert descendants(history.state, [first[CUMULUS]], history.tasks) == ()


def test_isolated_lineage_stays_with_the_member() -> None:
    history, spec = History(), task(lineage="isolated")
    first, second = history.round(spec), history.round(spec)
    state, tasks = history.state, history.tasks
    assert descendants(state, [first[AURORA]], tasks) == (second[AURORA],)
    assert parents(state, second[AURORA], tasks) == (first[AURORA],)
    assert parents(state, first[AURORA], tasks) == ()


def test_replay_takes_descendants_out_and_keeps_what_comes_after() -> None:
    history = History()
    first, second = history.round(), history.round()
    history.replace(history.request(CUMULUS, [first[CUMULUS]], mode="replay"))
    kept = live_contributions(history.state, history.tasks)
    assert kept == (first[AURORA], first[BOREALIS])
    third = history.round(participants=[AURORA])
    assert live_contributions(history.state, history.tasks) == (*kept, third[AURORA])
    assert descendants(history.state, [second[AURORA]], history.tasks) == ()


def test_another_base_model_starts_afresh() -> None:
    history = History()
    history.round()
    other = task(base={"digest": word_of("other"), "architecture": "llama", "kind": "causal_lm"})
    assert build_manifest(history.state, other, history.tasks).entries == ()
    history.round(other)
    manifest = manifest_of(history.state, history.tasks)
    assert manifest.base == word_of("other")
    assert {entry.round for entry in manifest.entries} == {2}
    first = active_updates(history.state, 1)
    assert descendants(history.state, first, history.tasks) == ()


def test_a_task_that_opens_no_closed_round_does_not_govern() -> None:
    history = History()
    history.round(task(name="first"))
    history.open_round(task(name="second"))
    found = governing_task(history.state, history.tasks)
    assert found is not None
    assert found.name == "first"


def closed_without_contribution(history: History) -> TaskSpec:
    """One member opens a round under a task that nobody else can read, submits, and closes it."""
    unreadable = task(name="unreadable")
    history.open_round(unreadable, by=CUMULUS)
    history.release(history.submit(CUMULUS))
    history.close(by=CUMULUS)
    return unreadable


def test_a_round_without_contribution_does_not_govern_and_needs_no_task() -> None:
    history = History()
    history.round(task(name="first"))
    unreadable = closed_without_contribution(history)
    known = {digest: spec for digest, spec in history.tasks.items() if digest != unreadable.digest}
    found = governing_task(history.state, known)
    assert found is not None and found.name == "first"
    due = history.state.due[-1]
    content = checkpoint_content_at(history.records, due, word_of("block"), known)
    assert content.sequence == 2 and content.awards_root == ZERO_DIGEST
    assert content.manifest_digest == manifest_of(history.state, known).digest


def test_checkpoints_before_any_contribution_name_no_manifest() -> None:
    history = History()
    closed_without_contribution(history)
    content = checkpoint_content_at(history.records, history.state.due[0], word_of("block"), {})
    assert content.manifest_digest == ZERO_DIGEST
    assert anchored_manifest(history.state, {}) is None


def test_a_missing_task_is_named() -> None:
    with pytest.raises(ProtocolError, match="the task of round 1 is not at hand; fetch Qm"):
        build_manifest(LIFE.state, task(), {})
