"""`loranchor model export` where the disk ends, objects are gone, or the process is killed."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from model_world import ModelWorld, error, played
from safetensors.torch import load_file
from unit.ledger.actors import AURORA

from orchestrator.errors import ObjectMissing
from orchestrator.export.folder import draft_of
from tests.unit.export.make_export import plain_merged


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelWorld]:
    with played(tmp_path_factory.mktemp("world"), rounds=1) as made:
        yield made


@pytest.mark.parametrize("format_", ["peft", "merged"])
def test_no_file_may_grow(
    world: ModelWorld,
    format_: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The kernel's own limit stands for a disk that is full: what is written meets it while it is written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        code = world.typed(monkeypatch, "export", "--format", format_, "--output", str(tmp_path / "out"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 2
    assert "cannot write" in error(capsys)
    assert list(tmp_path.iterdir()) == []
    assert world.typed(monkeypatch, "export", "--format", format_, "--output", str(tmp_path / "out")) == 0


def test_a_disk_that_is_full_after_the_weights_keeps_them(
    world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, words = tmp_path / "out", ["export", "--format", "merged", "--dtype", "bf16"]

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("orchestrator.export.merged._write_settings", full)
        assert world.typed(patch, *words, "--output", str(out)) == 2
    assert str(draft_of(out)) in error(capsys)
    weights = draft_of(out) / "model.safetensors"
    before = weights.stat().st_mtime_ns
    assert world.typed(monkeypatch, *words, "--output", str(out)) == 0
    assert (out / "model.safetensors").stat().st_mtime_ns == before, "the shard was there and was not made again"
    assert list(tmp_path.iterdir()) == [out]
    told = capsys.readouterr().out
    assert "written as bf16" in told and "differs from the fold's by at most" in told
    model, _ = plain_merged(out, "causal_lm")
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    whole = tmp_path / "whole"
    assert world.typed(monkeypatch, "export", "--format", "merged", "--output", str(whole)) == 0
    exact, half = load_file(whole / "model.safetensors"), load_file(out / "model.safetensors")
    worst = max(float((exact[name] - half[name].float()).abs().max()) for name in exact)
    assert worst > 0 and f"at most {worst:.3g}" in (out / "README.md").read_text()


def test_an_object_that_no_node_has(
    world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(cid: str, **_: Any) -> bytes:
        raise ObjectMissing(f"no node has {cid}")

    monkeypatch.setattr(world.services[AURORA].store, "fetch", missing)
    assert world.typed(monkeypatch, "export", "--output", str(tmp_path / "out")) == 5
    assert "no node has" in error(capsys)
    assert list(tmp_path.iterdir()) == []


def test_an_object_that_is_another(
    world: ModelWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = world.services[AURORA].store
    fetch = store.fetch

    def tampered(cid: str, **options: Any) -> bytes:
        data = fetch(cid, **options)
        return data[:-1] + bytes([data[-1] ^ 1])

    monkeypatch.setattr(store, "fetch", tampered)
    for more in ([], ["--rank", "2"], ["--format", "merged"]):
        assert world.typed(monkeypatch, "export", *more, "--output", str(tmp_path / "out")) == 7
        error(capsys)
        assert list(tmp_path.iterdir()) == []
