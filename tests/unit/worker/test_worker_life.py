"""Two rounds and a revocation by the daemon's own handlers, where one member's model works in another process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS
from unit.worker.bench_world import by_process, spec_of, write_texts

from orchestrator.daemon.process_workbench import ProcessWorkbench
from orchestrator.data import DataSettings
from orchestrator.ledger.entities import RoundStatus
from orchestrator.worker.kept import folder_of
from orchestrator.worker.limits import alive, tree
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Consortium]:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    threads = torch.get_num_threads()
    consortium = Consortium(tmp_path / "homes", spec_of(4))
    for name in MEMBERS:
        texts = write_texts(tmp_path / name)
        data = DataSettings("text", {}, texts, 200_000, 4, 7)
        consortium.benches[name] = (  # type: ignore[assignment]
            by_process(texts, consortium.home / name, checkpoint_every=0.0)
            if name == AURORA
            else TorchWorkbench(Equipment(name, "tiny:llama", data))
        )
        consortium.services[name] = consortium.make_services(name)
    consortium.until(lambda: all(name in consortium.history.state.prekeys for name in MEMBERS))
    yield consortium
    for bench in consortium.benches.values():
        bench.close()  # type: ignore[attr-defined]
    consortium.close()
    torch.set_num_threads(threads)


def bench_of(life: Consortium) -> ProcessWorkbench:
    bench = life.benches[AURORA]
    assert isinstance(bench, ProcessWorkbench)
    return bench


def test_nobody_can_tell_which_process_a_member_computes_in(life: Consortium) -> None:
    for number in (1, 2):
        life.open_round()
        life.settle()
        state = life.history.state
        assert state.rounds[number].status is RoundStatus.CLOSED
        assert len(life.manifest(BOREALIS).entries) == 3 * number
        worker = bench_of(life)._worker
        assert worker is not None
        os.kill(worker.pid, signal.SIGKILL)  # between two rounds, as for want of memory
    assert not any(node.state.failures for node in life.nodes.values())
    verdicts = [update.verdicts for update in life.history.state.updates.values()]
    assert all(judged[AURORA].accept for judged in verdicts if AURORA in judged)
    assert not list(folder_of(life.home / AURORA).glob("*")), "every checkpoint went with its round"
    life.open_round()
    life.settle()
    worker = bench_of(life)._worker
    assert worker is not None
    processes = tree(worker.pid)
    assert any(map(alive, processes))
    request = life.request(CUMULUS)
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.settle()
    assert not any(map(alive, processes)), "what was folded is gone with the process that held it"
    digests = {life.manifest(name).digest for name in MEMBERS}
    assert len(digests) == 1
