"""One life for all tests of the audit; each alters a copy of what was read."""

from __future__ import annotations

import pytest
from unit.audit.foundation import fake_code
from unit.audit.life import Life, whole_life

from orchestrator.audit import Evidence, collect, contracts
from orchestrator.chain.abi import artifact
from orchestrator.types import Digest


def normalised(name: str, code: bytes) -> Digest:
    """The chains in memory hold no bytecode, only its names."""
    return artifact(name).code_hash if code == fake_code(name) else Digest("0x" + "00" * 32)


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
