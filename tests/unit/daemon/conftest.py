"""A consortium in memory for each test that wants one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, MEMBERS

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
def executor(life: Consortium) -> Iterator[Executor]:
    made = Executor(life.services[AURORA])
    yield made
    made.close()
