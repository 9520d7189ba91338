"""A consortium with real keys, seals and a tiny model, whose chains are simulated; and `loranchor model` on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unit.daemon.consortium import PASSWORD, Consortium
from unit.ledger.actors import AURORA, MEMBERS, task

from orchestrator.cli import run
from orchestrator.daemon.view import Look
from orchestrator.data import DataSettings
from orchestrator.disputes.anchored import AnchorView
from orchestrator.keystore import Keystore
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import load_base, resolve
from orchestrator.protocol import events as ev
from orchestrator.settings import Settings
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench

MODEL = {"name": "tiny:llama", "labels": 2}
LIMIT = 50_000_000


def tiny_spec(kind: str = "causal_lm", **changes: Any) -> TaskSpec:
    """A task on the tiny model that learns something in three steps."""
    base = load_base(resolve("tiny:llama"), kind=kind)  # type: ignore[arg-type]
    training = {"steps": 3, "batch": 2, "length": 24, "learning_rate_nano": 50_000_000, "optimizer": "adamw", "seed": 7}
    rules = {"policy": "structural", "filters": [], "minimum_score": 0, "max_norm": LIMIT, "max_rank": 8}
    document = {"digest": base.digest, "architecture": base.architecture, "kind": kind}
    return task(base=document, training=training, verdict=rules, **changes)


class ModelWorld(Consortium):
    """Members that train on texts of their own.

    Args:
        home: of everybody's files.
    """

    def __init__(self, home: Path, spec: TaskSpec) -> None:
        super().__init__(home, spec)
        for place, name in enumerate(MEMBERS):
            folder = home / "texts" / name
            folder.mkdir(parents=True)
            for number in range(12):
                (folder / f"{number}.txt").write_text(f"{name} says {number} times {place}: " + "abc"[place] * 40)
            equipment = Equipment(name, "tiny:llama", DataSettings("text", {}, folder, 200_000, 4, 7))
            self.benches[name] = TorchWorkbench(equipment)  # type: ignore[assignment]
        self.services = {name: self.make_services(name) for name in MEMBERS}

    def play(self, rounds: int) -> None:
        self.until(lambda: all(name in self.history.state.prekeys for name in MEMBERS))
        for _ in range(rounds):
            self.open_round(AURORA)
            self.settle()

    def typed(self, patch: pytest.MonkeyPatch, *words: str) -> int:
        """Type `loranchor model …` at AURORA's home; chains and IPFS are the simulated ones."""
        services = self.sync(AURORA)

        def connect(settings: Any, home: Path, password: str, **_: Any) -> Any:
            keystore = Keystore.open(self.home / AURORA, password, roles=("delegate",))
            return replace(services, keystore=keystore, settings=settings)

        def anchored(public: Any) -> AnchorView:
            seen = [item for item in self.public if isinstance(item, ev.CheckpointAnchoredSeen)]
            return AnchorView(tuple(seen), 0)  # type: ignore[arg-type]

        secret = self.home / "password"
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD + "\n")
        patch.setattr("orchestrator.daemon.access.connect", connect)
        patch.setattr("orchestrator.daemon.view.look", lambda _: Look(self.history.ledger, self.history.block))
        patch.setattr("orchestrator.daemon.view.tasks_of", lambda state, store: dict(self.history.tasks))
        patch.setattr("orchestrator.disputes.anchored.anchor_view", anchored)
        patch.setattr("orchestrator.settings.compose", lambda *_, **__: Settings({"model": MODEL}))
        own = ["--home", str(self.home / AURORA), "--password-file", str(secret)]
        return run(["model", words[0], *own, *words[1:]])


@contextmanager
def played(home: Path, *, rounds: int) -> Iterator[ModelWorld]:
    """A world of three members after some rounds; nothing waits for the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda handle: None)
        made = ModelWorld(home, tiny_spec())
        made.play(rounds)
        yield made
        made.close()


def error(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a refused verb has printed."""
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: "), lines
    return lines[0]
