"""What the API answers, against a simulated life; and what its verbs change."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from unit.control.api_world import World
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, word_of
from unit.protocol.simulation import Simulation

from orchestrator.daemon.api.pages import ago, description_page, short, status_page
from orchestrator.daemon.api.tokens import Scope
from orchestrator.daemon.gate import REACH, Approvals, Gate, Mode
from orchestrator.daemon.journal import Alarm
from orchestrator.daemon.sentences import SENTENCES
from orchestrator.errors import DiskError


def post(world: World, path: str, **body: str) -> tuple[int, Any]:
    answer = world.client(Scope.ACT).post(path, json=body)
    return answer.status_code, answer.json()


def test_status_says_where_everything_stands(world: World) -> None:
    found = world.get("/v1/status")
    state = world.node.state
    assert found["organisation"] == AURORA and found["members"] == list(MEMBERS)
    assert found["mode"] == "oversight" and found["ready"] and not found["paused"] and not found["dry_run"]
    assert found["round"]["round"] == 2 and found["round"]["phase"] == "submit"
    assert found["round"]["blocks_left"] == found["round"]["deadline"] - state.private_block
    assert found["private"]["followed"] == state.private_block == found["private"]["head"] - 2
    assert found["public"]["head_age"] >= 12
    assert found["checkpoint"] == {"last_anchored": 2, "due": 2, "waiting_blocks": 0, "signed": [], "missing": 0}
    assert found["waiting"] == 3 and found["in_flight"] == ["judge/1"]


def test_a_checkpoint_that_waits_names_who_has_signed(world: World) -> None:
    """As before the second checkpoint was anchored."""
    state = world.node.state
    world.node.state = replace(state, anchored={1: state.anchored[1]})
    posted = {**state.attestations[2]}
    del posted[CUMULUS]
    posted[BOREALIS] = replace(posted[BOREALIS], epoch=99)
    world.node.state = replace(world.node.state, attestations={2: posted})
    found = world.get("/v1/status")["checkpoint"]
    assert (found["last_anchored"], found["due"], found["signed"], found["missing"]) == (1, 2, [AURORA], 1)
    assert found["waiting_blocks"] == state.private_block - state.ledger.due[1].block > 0


def test_what_cannot_be_opened_yet_is_counted_and_marked(world: World) -> None:
    first = world.get("/v1/contributions")[0]["update"]
    assert world.get("/v1/status")["unopened"] == 0 and "not opened yet" not in status_page(world.control)
    world.node.state = replace(world.node.state, unopened=frozenset({first}))
    assert world.get("/v1/status")["unopened"] == 1
    assert [row["update"] for row in world.get("/v1/contributions") if row["unopened"]] == [first]
    page = status_page(world.control)
    assert page.count("not opened yet") == 1 and "1 cannot be opened here yet" in page


def test_rounds_come_newest_first_and_in_pages(world: World) -> None:
    found = world.get("/v1/rounds")
    assert [(row["round"], row["status"], row["active"]) for row in found] == [(2, "open", None), (1, "closed", 3)]
    assert found[1]["released"] == found[1]["revealed"] == list(MEMBERS)
    assert world.get("/v1/rounds", limit=1) == found[:1]
    assert world.get("/v1/rounds", offset=1) == found[1:]
    assert world.get("/v1/rounds/1") == found[1]
    assert world.client(Scope.READ).get("/v1/rounds/7").json()["error"]["code"] == "NotFound"


def test_contributions_say_what_became_of_them(world: World) -> None:
    found = {(row["round"], row["organisation"]): row["state"] for row in world.get("/v1/contributions")}
    assert found == {
        (2, AURORA): "submitted",
        (2, BOREALIS): "revoked",
        (2, CUMULUS): "submitted",
        (1, AURORA): "active",
        (1, BOREALIS): "revoked",
        (1, CUMULUS): "shredded",
    }


def test_revocations_say_what_they_wait_for(world: World) -> None:
    found = world.get("/v1/revocations")
    assert [(row["organisation"], row["step"], row["waits_for"]) for row in found] == [
        (BOREALIS, "approved", "the end of round 2"),
        (CUMULUS, "shredded", ""),
    ]
    assert found[1]["receipts"] == list(MEMBERS) and found[1]["certificate"].startswith("0x")


def test_effects_and_events_come_from_the_journal(world: World) -> None:
    world.journal.effect_started("collect/1", local=True)
    world.journal.effect_failed("collect/1", "StorageError", "no node")
    world.journal.effect_started("train/2", local=True)
    found = world.get("/v1/effects")
    assert [(row["effect"], row["state"], row["code"]) for row in found] == [
        ("train/2", "started", ""),
        ("collect/1", "failed", "StorageError"),
    ]
    events = world.get("/v1/events", limit=2)
    assert [row["event"] for row in events] == ["effect-started", "effect-failed"]
    assert events[1]["facts"] == {"effect": "collect/1", "code": "StorageError", "error": "no node"}
    assert [row["event"] for row in world.get("/v1/events", after=events[1]["number"])] == ["effect-started"]


# -- the operator's word


def test_what_waits_is_approved_once_and_for_all_attempts(world: World) -> None:
    rows = {row["effect"]: row for row in world.get("/v1/pending")}
    assert rows["submit/2"] == {
        "effect": "submit/2",
        "says": "Record this organisation's sealed update of round 2.",
        "reach": "commits",
        "why": "mode",
    }
    for _ in range(2):
        assert post(world, "/v1/pending/approve", effect="submit/2") == (200, {"done": True})
    assert world.control.book.approvals == Approvals(approved=frozenset({"submit/2"}))
    assert [row["event"] for row in world.get("/v1/events")][-1] == "effect-approved"


def test_what_is_denied_still_waits_and_can_be_approved(world: World) -> None:
    assert post(world, "/v1/pending/deny", effect="attest/3/0") == (200, {"done": True})
    assert {row["why"] for row in world.get("/v1/pending") if row["effect"] == "attest/3/0"} == {"denied"}
    assert post(world, "/v1/pending/approve", effect="attest/3/0")[0] == 200
    assert not world.control.book.approvals.denied


@pytest.mark.parametrize("verb", ["approve", "deny"])
@pytest.mark.parametrize("effect", ["submit/3", "submit", "nope", "judge/1", "submit/2 "])
def test_nothing_is_approved_before_it_waits(world: World, verb: str, effect: str) -> None:
    status, found = post(world, f"/v1/pending/{verb}", effect=effect)
    assert (status, found["error"]["code"]) == (404, "NotFound")
    assert world.control.book.approvals == Approvals()


def test_pause_and_resume(world: World) -> None:
    for _ in range(2):
        assert post(world, "/v1/pause")[0] == 200
    assert world.get("/v1/status")["paused"]
    assert {row["why"] for row in world.get("/v1/pending")} == {"paused"}
    for _ in range(2):
        assert post(world, "/v1/resume")[0] == 200
    assert not world.get("/v1/status")["paused"]
    told = [row["event"] for row in world.get("/v1/events", limit=200)]
    assert (told.count("paused"), told.count("resumed")) == (1, 1), "again changes nothing"


def test_a_dry_run_takes_no_approval(tmp_path: Path, life: Simulation) -> None:
    world = World(tmp_path, life=life, gate=Gate(Mode.AUTO, dry_run=True))
    assert {row["why"] for row in world.get("/v1/pending")} == {"dry-run"}
    status, found = post(world, "/v1/pending/approve", effect="submit/2")
    assert (status, found["error"]["code"]) == (409, "ConfigurationError")


def test_alarms_stay_until_they_are_cleared(world: World) -> None:
    world.journal.raise_alarm("PRIVATE_CHAIN_REWRITTEN", "block 7 is another one now")
    assert [row["name"] for row in world.get("/v1/alarms")] == ["PRIVATE_CHAIN_REWRITTEN"]
    assert post(world, "/v1/alarms/clear", alarm="OTHER")[0] == 404
    assert post(world, "/v1/alarms/clear", alarm="PRIVATE_CHAIN_REWRITTEN")[0] == 200
    assert world.get("/v1/alarms") == []


def test_an_alarm_that_passes_by_itself_cannot_be_cleared(world: World) -> None:
    world.node.passing = (Alarm("CHAIN_SILENT", "no answer for 93 s", 1.0),)
    assert [row["name"] for row in world.get("/v1/alarms")] == ["CHAIN_SILENT"]
    status, found = post(world, "/v1/alarms/clear", alarm="CHAIN_SILENT")
    assert (status, found["error"]["message"]) == (409, "CHAIN_SILENT passes by itself")


def test_a_full_disk_is_told_and_changes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise DiskError("the disk cannot be written: No space left on device", mend="make room on it")

    monkeypatch.setattr(world.journal, "put", full)
    status, found = post(world, "/v1/pending/approve", effect="submit/2")
    assert (status, found["error"]["code"], found["error"]["mend"]) == (503, "DiskError", "make room on it")
    assert world.control.book.approvals == Approvals()


def test_what_nobody_foresaw_says_nothing_of_the_inside(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(world.node, "health", broken)
    answer = world.client(Scope.READ).get("/v1/status")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "Unforeseen")
    assert "secret" not in answer.text and "secret inside" in caplog.text


@pytest.mark.parametrize(
    ("path", "words"),
    [("/v1/rounds?limit=0", "query.limit"), ("/v1/rounds?limit=x", "query.limit"), ("/v1/rounds/x", "path.number")],
)
def test_what_is_misspelt_is_named_and_not_repeated(world: World, path: str, words: str) -> None:
    answer = world.client(Scope.READ).get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "Invalid")
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize(("method", "status", "code"), [("GET", 404, "NotFound"), ("DELETE", 405, "WrongMethod")])
def test_other_pages_and_methods(world: World, method: str, status: int, code: str) -> None:
    path = "/nowhere" if status == 404 else "/v1/status"
    answer = world.client(Scope.ACT).request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


# -- the pages


def test_the_page_asks_nobody_and_runs_nothing(world: World) -> None:
    for page in (status_page(world.control), description_page(world.app.openapi())):
        assert not re.search(r"<script|\bon[a-z]+=|javascript:|<form|<iframe|<img|@import|url\(", page)
        assert not re.search(r"(?:src|href)=\"(?!/|#)", page)
        assert '<meta name="viewport"' in page and "prefers-color-scheme: dark" in page


def test_the_page_says_what_a_person_needs(world: World) -> None:
    world.journal.raise_alarm("PRIVATE_CHAIN_REWRITTEN", "block 7 is another one now")
    world.node.ready, world.node.reasons = False, ("the private chain has not answered for 93 s",)
    page = unescape(status_page(world.control))
    for words in (
        "not ready",
        "has not answered for 93 s",
        "PRIVATE_CHAIN_REWRITTEN",
        "loranchor node approve submit/2",
        "2: submit",
        "2 of 2",
        "Round 1",
        "shredded",
        "the end of round 2",
    ):
        assert words in page


def test_a_member_that_is_nearly_late_is_told(world: World) -> None:
    """As it would be without its own update, three blocks before the end."""
    ledger = world.node.state.ledger
    bare = replace(ledger.rounds[2], submissions=())
    assert world.node.state.clock is not None
    world.node.state = world.node.state.with_(
        ledger=ledger.with_(rounds={**ledger.rounds, 2: bare}), private_block=world.node.state.clock.deadline - 3
    )
    found = world.get("/v1/status")["round"]
    assert found["pressing"] and found["blocks_left"] == 3
    assert "round 2: submit ends in 3 blocks, and this organisation has submitted no update" in status_page(
        world.control
    )
    assert found["own_act"] in status_page(world.control)


def test_what_others_wrote_stays_text(world: World) -> None:
    hostile = "<script>alert(1)</script>"
    world.journal.raise_alarm(hostile, hostile)
    world.node.reasons = (hostile,)
    state = world.node.state
    ledger = state.ledger
    revocations = {key: replace(item, reason=hostile) for key, item in ledger.revocations.items()}
    world.node.state = replace(state, ledger=replace(ledger, revocations=revocations))
    page = status_page(world.control)
    assert "<script" not in page and page.count("&lt;script&gt;") >= 4


def test_every_effect_is_told_in_words() -> None:
    assert set(SENTENCES) == set(REACH)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "not known"), (0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (2e5, "2 d")],
)
def test_spans_in_words(seconds: float | None, words: str) -> None:
    assert ago(seconds) == words


def test_ids_are_shortened_in_their_middle() -> None:
    update = word_of("update", 1)
    assert short(f"release/{update}") == f"release/{update[:10]}…{update[-4:]}"
    assert short("attest/3/0") == "attest/3/0"
