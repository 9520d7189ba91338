"""What a person sees while a demo runs and at its end, and where the demo keeps things."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from unit.audit.life import Life
from unit.ledger.actors import AURORA, MEMBERS

from orchestrator.chain.contracts import private_of, public_of
from orchestrator.demo import chains
from orchestrator.demo.chains import DemoStuck, Watcher
from orchestrator.demo.ending import show_results
from orchestrator.demo.progress import Board, describe
from orchestrator.demo.run import _ended, consortium_document
from orchestrator.demo.stopwatch import Stopwatch
from orchestrator.demo.world import World
from orchestrator.deployment.consortium import parse_description
from orchestrator.files import write_json


@pytest.mark.parametrize(
    ("status", "text", "full"),
    [
        ({}, "starting", 0),
        ({"stage": "listening"}, "listening", 0),
        ({"stage": "judging", "round": 2}, "judging round 2", 0),
        ({"stage": "training", "round": 1, "step": 0, "steps": 12}, "training round 1, step 0 of 12", 0),
        ({"stage": "training", "round": 1, "step": 6, "steps": 12}, "training round 1, step 6 of 12", 12),
        ({"stage": "training", "round": 1, "step": 12, "steps": 12}, "training round 1, step 12 of 12", 24),
        ({"stage": "training", "round": 1, "steps": 0}, "training round 1", 0),
        ({"stage": "training", "steps": "many"}, "training", 0),
    ],
)
def test_a_status_in_words_and_as_a_bar(status: dict[str, object], text: str, full: int) -> None:
    words, bar = describe(status)
    assert words == text
    assert bar.count("█") == full and len(bar) in (0, 24)


def board(tmp_path: Path, *, terminal: bool) -> tuple[Board, dict[str, Path], io.StringIO]:
    out = io.StringIO()
    homes = {name: tmp_path / name for name in ("aurora", "borealis")}
    return Board(Console(file=out, force_terminal=terminal, width=100), homes), homes, out


def test_without_a_terminal_each_stage_is_one_line(tmp_path: Path) -> None:
    shown, homes, out = board(tmp_path, terminal=False)
    with shown:
        shown.refresh("round 1")
        for step in range(4):
            write_json(homes["aurora"] / "status.json", {"stage": "training", "round": 1, "step": step, "steps": 4})
            shown.refresh("round 1")
        write_json(homes["aurora"] / "status.json", {"stage": "trained", "round": 1})
        shown.refresh("round 1")
        shown.refresh("round 1")
    assert [line.strip() for line in out.getvalue().splitlines()] == [
        "aurora: starting",
        "borealis: starting",
        "aurora: training round 1, step 0 of 4",
        "aurora: trained round 1",
    ]


def test_on_a_terminal_the_board_is_taken_away_afterwards(tmp_path: Path) -> None:
    shown, homes, out = board(tmp_path, terminal=True)
    write_json(homes["aurora"] / "status.json", {"stage": "training", "round": 1, "step": 2, "steps": 4})
    with pytest.raises(KeyboardInterrupt), shown:
        shown.refresh("round 1")
        assert shown._live is not None
        raise KeyboardInterrupt
    assert shown._live is None
    assert "\x1b[?25h" in out.getvalue(), "the cursor is shown again"


def results(**changes: Any) -> dict[str, Any]:
    held_out = {"base": 3.8, "rounds": [3.6, None], "before_revocation": 3.6, "after_revocation": 3.65}
    revocation = {
        "organisation": "cumulus", "update_ids": ["0x1", "0x2"], "descendants": ["0x3"],
        "certificate_digest": "0xce", "shred_receipts": [{}, {}, {}],
    }  # fmt: skip
    return {
        "experiment": "tiny",
        "metric": "loss",
        "held_out": {"aurora": held_out, "cumulus": held_out},
        "tokens": {"symbol": "LORA", "awarded": {"aurora": str(1234 * 10**18), "cumulus": "0"}},
        "bytes_sent": {"aurora": 2_500_000, "cumulus": 0},
        "revocation": revocation,
        "audit": {"ok": True},
        "seconds": {"network": 2.0, "audit": 3.4},
        **changes,
    }


def told(summary: dict[str, Any]) -> str:
    out = io.StringIO()
    show_results(Console(file=out, width=160), summary, Path("runs/demo"))
    return out.getvalue()


def test_the_end_says_what_came_of_it_and_what_to_try() -> None:
    text = told(results())
    for words in ("held-out loss", "3.600", "3.650", "–", "1,234.0 LORA", "2.5 MB", "audit: passed; in all 5 s"):
        assert words in text
    assert "cumulus took back 2 contributions (1 were trained on top of them)" in text
    assert "3 shred receipts" in text
    for command in ("runs/demo/report.html", "loranchor audit verify --run-dir runs/demo", "EXPERIMENT=vader_minilm"):
        assert command in text
    assert "model export --home runs/demo/organisations/aurora" in text and "demo-adapter experiment=tiny" in text


def test_an_audit_that_failed_is_not_hidden() -> None:
    text = told(results(audit={"ok": False}, revocation=None))
    assert "audit: FAILED" in text and "took back" not in text


# -- waiting for the chains


class Chains:
    """Where a Settings is asked for connections."""

    deployments = Path("nowhere")

    def connection(self, side: str) -> str:
        return side


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> tuple[Life, Watcher, list[str]]:
    life, ticks = Life(), list[str]()
    monkeypatch.setattr(chains, "private_contracts", lambda *_: private_of(life.private, life.deployments["private"]))
    monkeypatch.setattr(chains, "public_contracts", lambda *_: public_of(life.public, life.deployments["public"]))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return life, Watcher(Chains(), ticks.append), ticks  # type: ignore[arg-type]


def test_the_watcher_sees_what_happens_while_it_waits(watched: tuple[Life, Watcher, list[str]]) -> None:
    life, watcher, ticks = watched

    def tick(headline: str) -> None:
        ticks.append(headline)
        life.round()

    watcher._tick = tick
    watcher.wait("anchoring", lambda seen: len(seen.anchored) == 2, seconds=60)
    assert ticks == ["anchoring", "anchoring"]
    assert watcher.seen.state == life.ledger.state and watcher.seen.records == tuple(life.ledger.records)
    assert len(watcher.seen.published) == 2 and len(watcher.seen.claims) == 4


def test_waiting_in_vain_says_for_what(watched: tuple[Life, Watcher, list[str]]) -> None:
    _, watcher, ticks = watched
    with pytest.raises(DemoStuck, match="waited 0 s in vain: claiming awards; see the logs"):
        watcher.wait("claiming awards", lambda seen: False, seconds=0)
    assert ticks == []


def test_an_error_of_the_tick_ends_the_waiting(watched: tuple[Life, Watcher, list[str]]) -> None:
    _, watcher, _ = watched

    def died(headline: str) -> None:
        raise chains.DemoStuck("the daemon of aurora ended")

    watcher._tick = died
    with pytest.raises(DemoStuck, match="aurora ended"):
        watcher.wait("round 1", lambda seen: False, seconds=60)


def test_a_round_that_failed_is_not_waited_for(watched: tuple[Life, Watcher, list[str]]) -> None:
    life, watcher, _ = watched
    number = life.open_round()
    watcher.look()
    assert not _ended(watcher.seen, number) and not _ended(watcher.seen, number + 1)
    life.by(AURORA, ("RoundLedger", "RoundFailed", {"round_id": number, "reason": "too_few_updates"}))
    watcher.look()
    with pytest.raises(DemoStuck, match="round 1 failed: too_few_updates"):
        _ended(watcher.seen, number)
    life.round()
    watcher.look()
    assert _ended(watcher.seen, number + 1)


# -- the folder of a run


def test_passwords_are_random_private_and_in_no_environment(tmp_path: Path) -> None:
    world = World(tmp_path)
    one, other = (world.make_password(name) for name in ("aurora", "borealis"))
    assert one.stat().st_mode & 0o777 == 0o600
    assert one.read_text() != other.read_text() and len(one.read_text().strip()) >= 32
    told = " ".join(world.environment.values())
    assert one.read_text().strip() not in told and str(one) not in told


def test_a_new_run_begins_with_nothing_of_the_last(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.clear()
    world.make_password("aurora")
    write_json(world.home("aurora") / "figures.json", {})
    world.write_consortium({})
    (tmp_path / "report.html").write_text("old")
    (tmp_path / "network").mkdir()
    world.clear()
    world.clear()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".loranchor-demo", "network"], "localnet clears that one itself"


@pytest.mark.parametrize(("count", "quorum"), [(3, 2), (4, 3), (5, 3)])
def test_a_majority_is_the_quorum(count: int, quorum: int) -> None:
    members = [
        {
            "organisation": f"member-{place}",
            "authority": "0x" + f"{place + 1:040x}",
            "delegate": "0x" + f"{place + 101:040x}",
        }
        for place in range(count)
    ]
    document = consortium_document(members, {"task": {"awards": {"per_round": "1000"}}})
    found = parse_description(document)
    assert (found.quorum, len(found.members)) == (quorum, count)
    assert (
        consortium_document(members, {"task": {"awards": {"per_round": "1000"}}})["consortium_id"]
        != document["consortium_id"]
    )


def test_a_stopwatch_also_counts_what_failed() -> None:
    watch = Stopwatch()
    with watch.stage("one"):
        pass
    with pytest.raises(ZeroDivisionError), watch.stage("two"):
        raise ZeroDivisionError
    assert list(watch.seconds) == ["one", "two"] and all(0 <= value < 1 for value in watch.seconds.values())


def test_names_of_members_fit(tmp_path: Path) -> None:
    assert World(tmp_path).home(AURORA).parent == tmp_path / "organisations"
    assert len({World(tmp_path).password_file(name) for name in MEMBERS}) == 3
