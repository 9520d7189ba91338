"""Compaction on real chains and real IPFS, with the tiny model: verbs, daemons, catching up, and a revocation."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from killed_daemon import PASSWORD, TICK
from real_world import LONG, World, world

from orchestrator.cli import run
from orchestrator.compaction.opening import document_of, key_name
from orchestrator.daemon.access import connect
from orchestrator.daemon.node import Node
from orchestrator.daemon.operations import open_round
from orchestrator.daemon.services import Services
from orchestrator.data import DataSettings
from orchestrator.errors import ContentKeyDestroyed
from orchestrator.ledger.agreement import Agreement
from orchestrator.ledger.entities import Artefact, LedgerState, RoundStatus
from orchestrator.ledger.manifest import Manifest, build_manifest
from orchestrator.settings import compose
from orchestrator.types import OrganisationId
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench
from tests.integration.model_world import tiny_spec

SPEC = tiny_spec(deadlines=LONG, minimum_updates=3)
TASKS = {SPEC.digest: SPEC}


@dataclass
class Shared:
    """One torch for all daemons of the test, who take turns."""

    bench: TorchWorkbench
    turn: threading.Lock = field(default_factory=threading.Lock)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.bench, name)
        if not callable(found):
            return found

        def guarded(*values: Any, **named: Any) -> Any:
            with self.turn:
                return found(*values, **named)

        return guarded


def start(made: World, folder: Path, turn: threading.Lock) -> None:
    """Every member's daemon, with a model and texts of its own."""
    for place, (name, member) in enumerate(made.members.items()):
        texts = folder / "texts" / name
        texts.mkdir(parents=True)
        for number in range(12):
            (texts / f"{number}.txt").write_text(f"{name} says {number} times {place}: " + "abc"[place] * 40)
        bench = TorchWorkbench(Equipment(name, "tiny:llama", DataSettings("text", {}, texts, 200_000, 4, 7)))
        access = connect(compose(member.overrides, organisation_home=member.home), member.home, PASSWORD)
        member.services = Services.of(access, Shared(bench, turn))  # type: ignore[arg-type]
        member.node = node = Node(member.services)
        made._in_thread(lambda node=node: node.run(made.stop, tick=TICK))  # type: ignore[misc]


def play(made: World, agreement: Agreement) -> int:
    """A whole round."""
    services = made.members[OrganisationId("aurora")].services
    assert services is not None
    made.until(lambda: not made.ledger.without_prekeys, 120, "prekeys")
    number = open_round(services, SPEC, agreement)
    made.until(lambda: made.ledger.rounds[number].status is RoundStatus.CLOSED, 300, f"round {number}")
    return number


def manifest_of(state: LedgerState) -> Manifest:
    return build_manifest(state, SPEC, TASKS)


def typed(made: World, capsys: Any, *words: str, name: str = "aurora", secret: bool = False) -> Any:
    """What a verb prints as JSON."""
    member = made.members[OrganisationId(name)]
    password = made.folder / "password"
    password.touch(mode=0o600)
    password.write_text(PASSWORD + "\n")
    own = ["--home", str(member.home), "--json", *(["--password-file", str(password)] if secret else [])]
    capsys.readouterr()
    assert run(["model", *words, *own]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        start(found, tmp_path, threading.Lock())
        yield found


def artefact(made: World) -> Artefact:
    (found,) = made.ledger.artefacts.values()
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_life_with_a_compaction(made: World, capsys: pytest.CaptureFixture[str]) -> None:
    agreement = made.agree()
    for _ in range(2):
        play(made, agreement)
    whole = manifest_of(made.ledger)
    told = typed(made, capsys, "compact", "--until-round", "2", secret=True)
    assert (told["contributions"], told["round"], told["rank"], told["manifest"]) == (6, 2, None, whole.digest)
    assert told["error"] < 1e-6 and not told["agreed"]
    made.until(lambda: artefact(made).agreed is not None, 200, "an agreement")
    (row,) = typed(made, capsys, "compactions", name="borealis")["compactions"]
    assert row["stage"] == "in use" and row["contributions"] == 6 and not row["disputes"]
    assert all(value < 1e-6 for value in row["endorsements"].values()) and len(row["endorsements"]) >= 2

    number = play(made, agreement)
    found = manifest_of(made.ledger)
    assert found.compaction is not None and found.compaction.artefact_id == told["artefact"]
    assert len(found.entries) == 4 and found.originals[:6] == whole.entries
    opened = made.ledger.rounds[number].opening.manifest_digest
    assert opened != whole.digest
    assert len([item for item in made.ledger.updates.values() if item.parent_manifest == opened]) == 3
    _agree_on_models(made, number)

    services = made.members[OrganisationId("aurora")].services
    assert services is not None
    document = document_of(services.store, artefact(made))
    request = made.request("cumulus")
    made.until(lambda: made.ledger.revocations[request].shredded, 400, "the revocation")
    after = manifest_of(made.ledger)
    assert after.compaction is None
    assert {entry.organisation for entry in after.entries} == {"aurora", "borealis"} and len(after.entries) == 6
    for member in made.members.values():
        assert member.services is not None
        with pytest.raises(ContentKeyDestroyed):
            member.services.keystore.content_key(key_name(artefact(made)))
        assert not member.services.store.has(document.content.cid)
    (row,) = typed(made, capsys, "compactions")["compactions"]
    assert row["stage"] == "fallen" and row["droppable"] == "all"

    last = play(made, agreement)
    assert made.ledger.rounds[last].opening.manifest_digest == after.digest
    _agree_on_models(made, last)


def _agree_on_models(made: World, number: int) -> None:
    """All members measured the model after that round, and of the same manifest."""

    def told() -> list[Any]:
        homes = [member.home / "figures.json" for member in made.members.values()]
        return [json.loads(path.read_text()).get("manifests", {}).get(str(number)) for path in homes]

    made.until(lambda: all(told()), 120, f"the figures of round {number}")
    assert len(set(told())) == 1
