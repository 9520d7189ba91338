"""A consortium in memory for each test that wants one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.daemon.catching import Catching
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, MEMBERS

from orchestrator.daemon import listener as listening
from orchestrator.daemon.executor import Executor


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Consortium]:
    """Three organisations whose prekeys are on the chain. Their files need not outlive a power cut."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    consortium = Consortium(tmp_path)
    consortium.until(lambda: all(name in consortium.history.state.prekeys for name in MEMBERS))
    yield consortium
    consortium.close()


@pytest.fixture
def catching(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catching]:
    """Three organisations after one round, whose daemons catch up with real keys and seals."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    consortium = Catching(tmp_path)
    consortium.until(lambda: all(name in consortium.history.state.prekeys for name in MEMBERS))
    consortium.open_round()
    consortium.settle()
    yield consortium
    consortium.close()


@pytest.fixture
def believed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that has fewer blocks than were read is not waited for."""
    monkeypatch.setattr(listening, "LAG_SECONDS", 0.0)


@pytest.fixture
def executor(life: Consortium) -> Iterator[Executor]:
    made = Executor(life.services[AURORA])
    yield made
    made.close()
