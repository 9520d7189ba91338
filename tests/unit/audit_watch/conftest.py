"""The chains in memory hold no bytecode, only its names."""

from __future__ import annotations

import pytest
from unit.audit.conftest import normalised

from orchestrator.audit import contracts


@pytest.fixture(autouse=True)
def codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "normalised_code_hash", normalised)
