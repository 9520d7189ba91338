"""One simulated life for all: it takes a second, and nobody changes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.control.api_world import World, lively
from unit.protocol.simulation import Simulation


@pytest.fixture(scope="session")
def life() -> Simulation:
    return lively()


@pytest.fixture
def world(tmp_path: Path, life: Simulation) -> World:
    return World(tmp_path, life=life)
