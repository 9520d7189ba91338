"""The operator says that the private chain's node is right as it is today: `loranchor daemon rescan`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from unit.daemon.followed import Followed, accept, after_a_round

from orchestrator import cli
from orchestrator.chain import contracts
from orchestrator.daemon.access import single_instance
from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN
from orchestrator.daemon.approvals import OperatorBook
from orchestrator.daemon.gate import Approvals
from orchestrator.daemon.handlers.checkpoints import ATTESTED
from orchestrator.daemon.journal import Journal
from orchestrator.daemon.rescan import forget_records
from orchestrator.daemon.services import scope_of
from orchestrator.errors import ChainError, ConfigurationError


@pytest.fixture
def doubted(tmp_path: Path) -> Iterator[Followed]:
    """A daemon whose node left a record out, and tells it now."""
    with after_a_round(Followed, tmp_path) as made:
        accept(made.life, "hidden")
        made.private.hidden = {made.life.private.block_number()}
        accept(made.life, "shown")
        made.go()
        made.private.hidden = set()
        made.start()
        with pytest.raises(ChainError, match="loranchor daemon rescan"):
            made.go()
        yield made


def test_records_approvals_and_work_are_made_anew(doubted: Followed) -> None:
    journal = doubted.services.journal
    journal.effect_started("train/1", local=True)
    journal.effect_completed("train/1")
    book = OperatorBook(journal)
    book.approve("submit/1")
    book.deny("submit/2")
    assert forget_records(journal) == doubted.life.private.block_number()
    assert journal.done() == frozenset()
    assert book.approvals == Approvals(denied=frozenset({"submit/2"}))
    doubted.start()
    doubted.go()
    doubted.check()


def test_blocks_are_compared_as_ever(doubted: Followed) -> None:
    """A chain that was rewritten meanwhile is noticed, with what this node has signed of it."""
    head = doubted.life.private.block_number()
    note = {"block": head, "hash": doubted.life.private.block(head).hash}
    doubted.services.journal.put(ATTESTED, "1", note)
    forget_records(doubted.services.journal)
    doubted.life.private.rewind(head - 2)
    doubted.life.private.mine(4)
    doubted.start()
    doubted.go()
    doubted.check()
    assert doubted.alarms == [PRIVATE_CHAIN_REWRITTEN]


def test_where_nothing_was_read_nothing_is_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "scope")
    assert forget_records(journal) is None
    assert journal.cursor("private") is None
    journal.close()


def test_the_verb(doubted: Followed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    private, public, home = doubted.services.private, doubted.services.public, doubted.home
    monkeypatch.setattr(contracts, "private_contracts", lambda *_: private)
    monkeypatch.setattr(contracts, "public_contracts", lambda *_: public)
    settings = SimpleNamespace(connection=lambda side: None, deployments=None)
    monkeypatch.setattr("orchestrator.settings.compose", lambda *_, **__: settings)
    verb = ["daemon", "rescan", "--home", str(home)]
    assert cli.run(verb) == 0
    assert "No daemon of this home has read these chains yet" in capsys.readouterr().out, "the test's is another pair"
    own = Journal(home, scope_of(private, public))
    own.save_cursor("private", doubted.services.journal.cursor("private"))
    with single_instance(home):
        assert cli.run(verb) == ConfigurationError.exit_code
        assert "another daemon already runs" in capsys.readouterr().err
    assert cli.run([*verb, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"block": doubted.life.private.block_number()}
    assert own.cursor("private")["tree"] is None and own.cursor("private")["marks"]
    own.close()
