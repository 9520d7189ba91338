"""`loranchor model` on a manifest that begins with a compaction: the model of the originals, exported and tried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from model_world import ModelWorld, tiny_spec
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS

from orchestrator.compaction.opening import keep_proven_object, key_name
from orchestrator.compaction.proposing import chosen, propose
from orchestrator.daemon.view import Look
from orchestrator.envelope import ContentSecret
from orchestrator.export.loading import folded_model
from orchestrator.export.selection import Chosen, choose
from orchestrator.ledger.manifest import build_manifest
from orchestrator.models import load_base, resolve
from tests.unit.compaction.compacting_life import Contracts
from tests.unit.export.make_export import logits, plain_adapted, plain_merged

CLOSE = 1e-4


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelWorld]:
    """Three rounds on the tiny model, the first two of them compacted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        made = ModelWorld(tmp_path_factory.mktemp("world"), tiny_spec())
        made.contracts = Contracts(made)
        made.play(2)
        patch.setattr("orchestrator.compaction.proposing.look", lambda private, block: Look(made.history.ledger, block))
        _compact(made)
        made.play(1)
        yield made
        made.close()


def _compact(made: ModelWorld) -> None:
    services, state = made.sync(AURORA), made.history.state
    artefact = propose(services, state, chosen(state, made.history.tasks, 2)).artefact
    keys, item = made.keystores[AURORA], key_name(artefact)
    secret = ContentSecret(keys.content_key(item), keys.content_salt(item))
    for name in (BOREALIS, CUMULUS):
        keep_proven_object(made.services[name], artefact, secret)
    made.until(lambda: made.history.state.artefacts[artefact.id].agreed is not None)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base as a folder that anybody can load."""
    base, folder = load_base(resolve("tiny:llama")), tmp_path_factory.mktemp("plain")
    base.model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def expected(world: ModelWorld) -> Any:
    """Logits of the fold of the originals."""
    state, task = world.history.state, next(iter(world.history.tasks.values()))
    whole = build_manifest(state.with_(artefacts={}), task, world.history.tasks)
    base = folded_model(world.services[AURORA], state, Chosen(whole, task), "tiny:llama", 2)
    return base, logits(base.model, base.tokenizer)


def test_the_present_manifest_begins_with_the_object(world: ModelWorld, expected: Any) -> None:
    found = choose(world.history.state, world.history.tasks)
    assert found.manifest.compaction is not None and found.manifest.compaction.covered.count == 6
    assert len(found.manifest.entries) == 4 and len(found.manifest.updates) == 9
    base = folded_model(world.services[AURORA], world.history.state, found, "tiny:llama", 2)
    pristine = load_base(resolve("tiny:llama"))
    assert float((expected[1] - logits(pristine.model, pristine.tokenizer)).abs().max()) > 100 * CLOSE
    assert float((logits(base.model, base.tokenizer) - expected[1]).abs().max()) <= CLOSE


def test_it_is_exported_as_the_model_of_the_originals(
    world: ModelWorld,
    plain: Path,
    expected: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    base, wanted = expected
    assert world.typed(monkeypatch, "export", "--output", str(tmp_path / "peft"), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["record"]["contributions"] == 9
    page = (tmp_path / "peft" / "README.md").read_text()
    assert "The first 6 of them were folded into one object" in page and "Contributions: 9" in page
    adapted = plain_adapted(tmp_path / "peft", plain, "causal_lm")
    assert float((logits(adapted, base.tokenizer) - wanted).abs().max()) <= CLOSE
    assert world.typed(monkeypatch, "export", "--format", "merged", "--output", str(tmp_path / "merged")) == 0
    model, tokenizer = plain_merged(tmp_path / "merged", "causal_lm")
    assert float((logits(model, tokenizer) - wanted).abs().max()) <= CLOSE
    assert world.typed(monkeypatch, "export", "--rank", "64", "--output", str(tmp_path / "cut")) == 0
    adapted = plain_adapted(tmp_path / "cut", plain, "causal_lm")
    assert float((logits(adapted, base.tokenizer) - wanted).abs().max()) <= CLOSE


def test_an_older_manifest_has_the_originals_still(
    world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.typed(monkeypatch, "export", "--round", "2", "--output", str(tmp_path / "two"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["record"]["contributions"] == 6
    assert "folded into one object" not in (tmp_path / "two" / "README.md").read_text()


def test_the_text_goes_on(
    world: ModelWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.typed(monkeypatch, "generate", "--prompt", "aurora says", "--max-tokens", "4") == 0
    assert capsys.readouterr().out.startswith("aurora says")
