"""The chains in memory hold no bytecode, only its names."""

from __future__ import annotations

import pytest
from unit.audit.conftest import normalised
from unit.audit.life import Life, whole_life

from orchestrator.audit import Evidence, collect, contracts


@pytest.fixture(autouse=True)
def codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "normalised_code_hash", normalised)


@pytest.fixture(scope="session")
def life() -> Life:
    return whole_life()[0]


@pytest.fixture(scope="session")
def evidence(life: Life) -> Evidence:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contracts, "normalised_code_hash", normalised)
        return collect(life.sources)
