"""Models that are trained once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.unit.unlearning_evaluation import evaluation_world as world


@pytest.fixture(scope="session")
def classifiers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``original`` knows the forget set by heart, ``retrained`` and ``another`` never saw it; and the sets."""
    folder = tmp_path_factory.mktemp("classifiers")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        world.save(world.classifier([*world.RETAIN, *world.FORGET]), folder / "original")
        world.save(world.classifier(world.RETAIN), folder / "retrained")
        world.save(world.classifier(world.RETAIN[:50], 20), folder / "another")
        world.save(world.classifier(world.RETAIN[10:], 30), folder / "third")
    finally:
        torch.set_num_threads(before)
    for name, data in {
        "forget": world.FORGET,
        "retain": world.RETAIN,
        "test": world.TEST,
        "others": world.OTHERS,
    }.items():
        world.write_csv(folder / f"{name}.csv", data)
    return folder


@pytest.fixture(scope="session")
def writers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for language models, with canaries: ``original`` saw forget texts and canaries."""
    folder = tmp_path_factory.mktemp("writers")
    texts = {name: [text for text, _ in data] for name, data in (("forget", world.FORGET), ("retain", world.RETAIN))}
    texts["test"] = [text for text, _ in world.TEST]
    texts["canaries"] = ["secret 17", "secret 86"]
    texts["canary_references"] = [f"secret {number}" for number in range(20, 80)]
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        seen = [*texts["retain"], *texts["forget"], *texts["canaries"] * 4]
        world.save(world.writer(seen, 150), folder / "original")
        world.save(world.writer(texts["retain"]), folder / "retrained")
    finally:
        torch.set_num_threads(before)
    for name, lines in texts.items():
        world.write_jsonl(folder / f"{name}.jsonl", lines)
    return folder
