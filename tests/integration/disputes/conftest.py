"""One pair of chains for all walk-throughs; each finds them as they were when the first round had been closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from chain_deployment import deploy
from chain_nodes import anvil, ganache
from dispute_world import STEPS, VESTING, WINDOW, World, scores
from ipfs_node import ipfs_node

from orchestrator.overrides import composed


def composed_once() -> Callable[[Path, Sequence[str]], Any]:
    """Hydra's composition is half of a verb's time, and the same for all verbs of a home."""
    once = cache(lambda folder, overrides: composed(folder, overrides))
    return lambda folder, overrides: once(folder, tuple(overrides))


@pytest.fixture(scope="package")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three members, and round 1 with an update of each; its checkpoint is due."""
    folder = tmp_path_factory.mktemp("disputes")
    with (
        anvil() as public,
        ganache(folder) as private,
        ipfs_node(folder / "ipfs") as ipfs,
        pytest.MonkeyPatch.context() as patch,
    ):
        terms = {"window_blocks": WINDOW, "vesting_blocks": VESTING, "step_blocks": STEPS}
        world = World(deploy(public, private, folder / "deployments", **terms), folder, ipfs)
        patch.setenv("COLUMNS", "80")  # tables are as wide as the terminal
        patch.setattr("orchestrator.overrides.composed", composed_once())
        world.round(scores(aurora=100, borealis=300, cumulus=200))
        yield world


@pytest.fixture
def world(played: World) -> Iterator[World]:
    with played.kept():
        yield played


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a member types."""
    return tmp_path
