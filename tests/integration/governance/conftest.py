"""One pair of chains for every test of governance; each test finds the consortium as it was deployed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chain_deployment import Consortium
from consortium_world import World, deployed, fresh_world, made_once
from ipfs_node import ipfs_node


@pytest.fixture(scope="package")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    with deployed(tmp_path_factory.mktemp("consortium")) as found:
        yield found


@pytest.fixture(scope="package")
def ipfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ipfs_node(tmp_path_factory.mktemp("ipfs")) as url:
        yield url


@pytest.fixture
def world(
    consortium: Consortium,
    ipfs: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    with fresh_world(consortium, tmp_path, capsys, ipfs) as made, made_once():
        yield made
