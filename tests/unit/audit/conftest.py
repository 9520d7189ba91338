"""One life for all tests of the audit; each alters a copy of what was read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from unit.audit.foundation import fake_code
from unit.audit.life import Life, whole_life

from orchestrator.audit import Evidence, collect, contracts
from orchestrator.chain.abi import artifact
from orchestrator.types import Digest


@pytest.fixture(scope="session", autouse=True)
def codes() -> Iterator[None]:
    """The chains in memory hold no bytecode, only its names."""

    def normalised(name: str, code: bytes) -> Digest:
        return artifact(name).code_hash if code == fake_code(name) else Digest("0x" + "00" * 32)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contracts, "normalised_code_hash", normalised)
        yield


@pytest.fixture(scope="session")
def life(codes: None) -> Life:
    return whole_life()[0]


@pytest.fixture(scope="session")
def evidence(life: Life) -> Evidence:
    return collect(life.sources)
