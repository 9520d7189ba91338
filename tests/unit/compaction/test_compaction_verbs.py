"""`loranchor model compact|compactions`: what is refused before anything is touched, and what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from unit.compaction.sealing import document
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task, word_of
from unit.ledger.compacted import endorse, propose, rounds, subject
from unit.ledger.history import History

from orchestrator.cli import run
from orchestrator.commands import model_compact
from orchestrator.compaction.proposing import Proposed, _check_size, chosen
from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.errors import ConfigurationError
from orchestrator.types import ArtefactId


def error(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), lines
    return lines[0]


def test_a_rank_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["model", "compact", "--home", str(tmp_path), "--until-round", "3", "--rank"]
    assert run([*words, "0"]) == 2
    assert "rank 0 is none" in error(capsys)


def test_the_round_must_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["model", "compact", "--home", str(tmp_path)]) == 2
    assert "--until-round" in error(capsys)


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    """Two proposals, one of them agreed on, one disputed; verbs see them."""
    made, _ = rounds(2)
    endorse(made, propose(made, subject(made, 2)), BOREALIS, 3_000_000)
    other = propose(made, word_of("nothing"), CUMULUS, "other")
    made.tell("ArtefactDisputed", AURORA, artefact_id=other, organisation=AURORA, reason="UNKNOWN_SUBJECT")
    settings = SimpleNamespace(connection=lambda side: None, deployments=None, ipfs_api=lambda: "")
    monkeypatch.setattr("orchestrator.settings.compose", lambda *_, **__: settings)
    monkeypatch.setattr("orchestrator.chain.contracts.private_contracts", lambda *_: None)
    monkeypatch.setattr("orchestrator.storage.IpfsStore", lambda _: None)
    monkeypatch.setattr("orchestrator.daemon.view.look", lambda _: SimpleNamespace(state=made.state))
    monkeypatch.setattr("orchestrator.daemon.view.tasks_of", lambda state, store: made.tasks)
    return made


def test_where_proposals_stand(history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["model", "compactions", "--home", str(tmp_path), "--json"]) == 0
    one, other = json.loads(capsys.readouterr().out)["compactions"]
    assert (one["stage"], one["round"], one["contributions"]) == ("in use", 2, 6)
    assert one["endorsements"] == {AURORA: 0.0, BOREALIS: 3e-6} and one["silent"] == [CUMULUS]
    assert (other["stage"], other["round"], other["disputes"]) == ("unknown", None, {AURORA: "UNKNOWN_SUBJECT"})
    assert run(["model", "compactions", "--home", str(tmp_path)]) == 0
    page = capsys.readouterr().out
    assert "borealis (3.0e-06)" in page and "aurora (UNKNOWN_SUBJECT)" in page and "in use" in page


def test_nothing_was_proposed(
    history: History, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr("orchestrator.daemon.view.look", lambda _: SimpleNamespace(state=History().state))
    assert run(["model", "compactions", "--home", str(tmp_path)]) == 0
    assert "nobody has proposed a compaction" in capsys.readouterr().out


def test_what_is_said_of_a_proposal(capsys: pytest.CaptureFixture[str]) -> None:
    artefact: Any = SimpleNamespace(id=ArtefactId(word_of("artefact")), agreed=None)
    model_compact._tell(Proposed(artefact, document()), as_json=False)
    told = capsys.readouterr().out
    assert "9 contributions, rounds 1 to 3" in told and "cut to rank 8" in told


def test_before_any_round_there_is_nothing() -> None:
    with pytest.raises(ConfigurationError, match="no round was ever opened"):
        chosen(History().state, {}, 3)


def test_what_cannot_be_compacted_is_named() -> None:
    history, spec = History(), task(lineage="isolated")
    history.round(spec)
    with pytest.raises(ConfigurationError, match="strategy stack with lineage isolated cannot be compacted"):
        chosen(history.state, history.tasks, 1)


def test_an_object_that_nobody_reads_is_not_made() -> None:
    import torch

    wide = torch.empty((1 << 14, 1 << 14), device="meta")
    with pytest.raises(ConfigurationError, match="the object would have 2048 MiB, at most 1024 are read"):
        _check_size(AdapterDelta(word_of("base"), word_of("parent"), {"m": LowRank(wide, wide, 1)}))
