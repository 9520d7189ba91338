"""Models that are trained once for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from orchestrator.models import load_base, resolve
from tests.unit.release import release_world as world


@pytest.fixture(scope="session")
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def release_writers(tmp_path_factory: pytest.TempPathFactory, _one_thread: None) -> Path:
    """``overfit`` knows the members by heart, ``unseen`` never saw them, ``blank`` saw nothing at all; ``canary-N`` saw
    a canary N times among other texts; and the sets."""
    folder = tmp_path_factory.mktemp("release")
    world.save(load_base(resolve("tiny:llama")), folder / "blank")
    world.save(world.trained(world.MEMBERS, 120), folder / "overfit")
    world.save(world.trained(world.ELSE, 40), folder / "unseen")
    world.save(world.trained(world.ELSE[:40], 50, seed=1), folder / "unseen-2")
    for times in (1, 10, 100):
        rows = [*world.texts(600, 6), *[world.CANARY] * times]
        world.save(world.trained(rows, 1, batch=16, seed=2), folder / f"canary-{times}")
    sets = {
        "members": world.MEMBERS,
        "others": world.OTHERS,
        "population": world.POPULATION,
        "strangers": world.STRANGERS,
        "canary": [world.CANARY],
        "unplanted": world.SECRETS,
        "few": world.SECRETS[:8],
    }
    for name, rows in sets.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps({"text": row}) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="session")
def release_classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that was never trained."""
    return world.save(load_base(resolve("tiny:llama"), kind="classifier"), tmp_path_factory.mktemp("classifier"))
