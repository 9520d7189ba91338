"""A round, a rotation, a round and a revocation under the policy ``keylock``, by the daemon's own handlers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, MEMBERS
from unit.worker.bench_world import by_process, in_process, spec_of, write_texts

from orchestrator.daemon.process_workbench import ProcessWorkbench
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy.keylock.keys import fingerprint

KEYLOCK = {"strength_millionths": 500_000, "shift_millionths": 50_000}
LOCKED = {"policy": "keylock", "epsilon_cap": 0, "delta_inverse": 0, "keylock": KEYLOCK}


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Consortium]:
    """Aurora's model works in another process, which gets its key from aurora's keystore, as `daemon run` has it."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    threads = torch.get_num_threads()
    consortium = Consortium(tmp_path / "homes", TaskSpec.from_document({**spec_of(4).document, "privacy": LOCKED}))
    for name in MEMBERS:
        texts = write_texts(tmp_path / name)
        bench = by_process(texts, consortium.home / name) if name == AURORA else in_process(texts)
        consortium.benches[name] = bench  # type: ignore[assignment]
        consortium.services[name] = services = consortium.make_services(name)
        if isinstance(bench, ProcessWorkbench):
            bench.lock_key = services.lock_key
        else:
            bench.wear(services.lock_key())
    consortium.until(lambda: all(name in consortium.history.state.prekeys for name in MEMBERS))
    yield consortium
    for made in consortium.benches.values():
        made.close()  # type: ignore[attr-defined]
    consortium.close()
    torch.set_num_threads(threads)


def play(life: Consortium, number: int) -> None:
    life.open_round()
    life.settle()
    state = life.history.state
    assert state.rounds[number].status is RoundStatus.CLOSED
    assert len(life.manifest(BOREALIS).entries) == len(MEMBERS) * number, "everybody's updates were accepted"


def test_rounds_under_locks_are_rounds_like_any_other(life: Consortium) -> None:
    keystore = life.services[AURORA].keystore
    marks = []
    for number in (1, 2):
        play(life, number)
        own = [item for item in life.history.state.updates.values() if item.organisation == AURORA][-1]
        said = DataStatement.from_bytes(life.benches[AURORA].statement())
        assert said.key_lock == fingerprint(keystore.lock_key(), **_strength())
        assert own.data_statement_digest == sha256(said.to_bytes()), "the private chain binds the member to its key"
        marks.append(said.key_lock)
        keystore.rotate_lock_key()
    assert marks[0] != marks[1], "a rotated key is in use from the next piece of work on"
    assert not any(node.state.failures for node in life.nodes.values())
    request = life.request(AURORA)
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.settle()
    assert len({life.manifest(name).digest for name in MEMBERS}) == 1
    assert all(entry.organisation != AURORA for entry in life.manifest(BOREALIS).entries)


def _strength() -> dict[str, int]:
    return {"strength": KEYLOCK["strength_millionths"], "shift": KEYLOCK["shift_millionths"]}
