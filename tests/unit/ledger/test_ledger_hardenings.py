"""Hardenings in manifests: where they are, when there is one, and what they leave alone."""

from __future__ import annotations

from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task, task_document, word_of
from unit.ledger.compacted import agree
from unit.ledger.history import History

from orchestrator.commitment.certificate import manifests_of
from orchestrator.errors import FormatError
from orchestrator.hardening import METHOD, MOST_SIGMA_NANO
from orchestrator.ledger import hardenings
from orchestrator.ledger.canonical import digest
from orchestrator.ledger.manifest import Manifest, build_manifest, prefixes
from orchestrator.ledger.view import manifest_of
from orchestrator.types import RequestId, UpdateId

SIGMA = 2_000_000
NOISE = {"hardening": {"method": "weight-distortion", "sigma_nano": SIGMA}}
HARD = task(revocation=NOISE)


def now(history: History) -> Manifest:
    return manifest_of(history.state, history.tasks)


def healed(history: History, update: UpdateId, mode: str = "heal") -> RequestId:
    request = history.request(history.state.updates[update].organisation, [update], mode=mode)
    if history.state.open_round is None:
        history.replace(request)
    return request


def test_the_bounds_are_those_of_what_draws_the_noise() -> None:
    assert {METHOD} == hardenings.METHODS and hardenings.MOST_SIGMA_NANO == MOST_SIGMA_NANO


def test_the_entry_by_hand() -> None:
    history = History()
    first = history.round(HARD)
    history.round(HARD)
    request = healed(history, first[CUMULUS])
    history.round(HARD)
    manifest = now(history)
    (entry,) = manifest.hardenings
    assert entry.document() == {
        "format": "loranchor/manifest-entry",
        "version": 1,
        "kind": "hardening",
        "round": 2,
        "request_id": request,
        "method": "weight-distortion",
        "sigma_nano": SIGMA,
        "modules": ["q_proj", "v_proj"],
    }
    assert entry.digest == digest(entry.document())
    commitment = history.state.updates[first[CUMULUS]].content_commitment
    assert entry.seed == digest({"request_id": request, "content_commitments": [commitment]})
    order = [(item.round, item.kind) for item in manifest.entries]
    assert order == [(1, "low-rank")] * 2 + [(2, "low-rank")] * 3 + [(2, "hardening")] + [(3, "low-rank")] * 3
    assert manifest.document["count"] == 9 and len(manifest.opened) == len(manifest.updates) == 8


def test_the_round_after_it_is_opened_on_it() -> None:
    history = History()
    healed(history, history.round(HARD)[CUMULUS])
    expected = now(history).digest
    history.open_round(HARD)
    assert history.state.rounds[2].opening.manifest_digest == expected


@pytest.mark.parametrize(("mode", "spec"), [("drop", HARD), ("replay", HARD), ("heal", task())])
def test_without_heal_or_without_a_hardening_in_the_task_there_is_none(mode: str, spec: Any) -> None:
    history = History()
    healed(history, history.round(spec)[CUMULUS], mode)
    assert now(history).hardenings == ()


def test_a_request_that_takes_nothing_out_puts_nothing_in() -> None:
    history = History()
    history.open_round(HARD)
    refused, kept = history.submit(CUMULUS), history.submit(AURORA)
    for update in (refused, kept):
        history.release(update)
    for judge in history.state.members.seats:
        history.judge(judge, {refused: 0, kept: 5}, rejects=[refused])
    history.close()
    healed(history, refused)
    assert now(history).hardenings == ()


def test_many_requests_between_two_rounds_make_one_noise() -> None:
    history = History()
    first, second = history.round(HARD), history.round(HARD)
    requests = [healed(history, item[CUMULUS]) for item in (first, second)]
    assert [entry.request_id for entry in now(history).hardenings] == requests[:1]
    history.round(HARD)
    third = healed(history, first[BOREALIS])
    assert [entry.request_id for entry in now(history).hardenings] == [requests[0], third]


def test_it_joins_at_the_end_of_the_round_that_was_open() -> None:
    history = History()
    first = history.round(HARD)
    number = history.open_round(HARD)
    healed(history, first[CUMULUS])
    assert now(history).hardenings == ()
    mine = history.submit(AURORA)
    history.release(mine)
    for judge in history.state.members.seats:
        history.judge(judge, {mine: 5})
    history.close()
    assert [entry.round for entry in now(history).hardenings] == [number]
    assert now(history).entries[-1].kind == "hardening"


def test_before_and_after_differ_by_it() -> None:
    history = History()
    first = history.round(HARD)
    request = healed(history, first[CUMULUS])
    before, after = manifests_of(history.state, request, history.tasks)
    assert before.hardenings == () and [entry.request_id for entry in after.hardenings] == [request]


def test_what_governed_where_it_took_effect_decides_for_good() -> None:
    history = History()
    healed(history, history.round(HARD)[CUMULUS])
    history.round(task())
    assert [entry.sigma_nano for entry in now(history).hardenings] == [SIGMA]
    other = task(base={"digest": word_of("other"), "architecture": "llama", "kind": "causal_lm"}, revocation=NOISE)
    assert build_manifest(history.state, other, history.tasks).hardenings == (), "another model has another history"


def test_isolated_manifests_have_it_in_its_place() -> None:
    history, spec = History(), task(lineage="isolated", revocation=NOISE)
    first = history.round(spec)
    healed(history, first[CUMULUS])
    history.round(spec, participants=[AURORA])
    order = [(entry.round, str(entry.organisation)) for entry in now(history).entries]
    assert order == [(1, BOREALIS), (1, "~"), (2, AURORA)]


def test_compactions_stand_for_rounds_before_the_first_one() -> None:
    history = History()
    first = history.round(HARD)
    history.round(HARD)
    healed(history, first[CUMULUS])
    history.round(HARD)
    assert [prefix.round for prefix in prefixes(now(history))] == [1, 2]
    agree(history, 2)
    manifest = now(history)
    assert [entry.kind for entry in manifest.entries] == ["compaction", "hardening"] + ["low-rank"] * 3
    assert len(manifest.covered) == 5 and len(manifest.opened) == 4


def test_tasks_without_it_keep_their_digests_and_settings() -> None:
    assert HARD.settings == task().settings and HARD.digest != task().digest
    assert task().hardening is None and HARD.hardening == hardenings.Hardening("weight-distortion", SIGMA)
    assert "revocation" not in task().document


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ({}, "task.revocation lacks hardening"),
        (None, "task.revocation is not an object"),
        ({**NOISE, "more": 1}, "task.revocation has the unknown member more"),
        ({"hardening": {"method": "prayer", "sigma_nano": 1}}, "task.revocation.hardening.method is 'prayer'"),
        ({"hardening": {"method": METHOD, "sigma_nano": 0}}, "task.revocation.hardening.sigma_nano is 0"),
        ({"hardening": {"method": METHOD, "sigma_nano": 0.5}}, "float has no canonical form"),
        ({"hardening": {"method": METHOD, "sigma_nano": 1, "seed": 1}}, "hardening has the unknown member seed"),
    ],
)
def test_a_malformed_hardening_is_named(member: Any, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        type(HARD).from_document({**task_document(), "revocation": member})


def test_rounds_that_nobody_contributed_to_make_no_more_noise() -> None:
    """One member alone opens such a round, and it fails: else each would let it add noise once more."""
    history = History()
    contributed = [history.round(HARD) for _ in range(3)]
    for item in contributed:
        healed(history, item[CUMULUS])
        history.open_round(HARD)
        history.fail()
    assert [entry.round for entry in now(history).hardenings] == [3]
