"""Keystores with a cheap password derivation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.keystore import Keystore
from tests.unit.keystore.support import FAST, PASSWORD


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "aurora"


@pytest.fixture
def keystore(home: Path) -> Iterator[Keystore]:
    with Keystore.create(home, PASSWORD, scrypt_n=FAST) as opened:
        yield opened
