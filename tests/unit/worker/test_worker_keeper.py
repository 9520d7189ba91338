"""Checkpoints: a training that was broken off anywhere ends with the bits of one that was not."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from unit.ledger.actors import word_of

from orchestrator.contribution import serialise
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.training import AdapterSettings, Keeper, Run, TrainingOutcome, TrainingSettings, train
from orchestrator.types import ZERO_DIGEST
from orchestrator.worker import keeper as keepers
from orchestrator.worker.keeper import FolderKeeper, dump, load
from orchestrator.worker.kept import checkpoint_path

STEPS = 6
SETTINGS = TrainingSettings(steps=STEPS, batch=4, length=16, learning_rate_nano=10_000_000)
ADAPTER = AdapterSettings(("q_proj", "v_proj"), rank=2, alpha=16, dense=("score",))
IDENTITY = word_of("this training")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def classifier(dropout: float = 0.0) -> BaseModel:
    base = load_base(resolve("tiny:llama"), kind="classifier", seed=1)
    for layer in base.model.modules():
        if hasattr(layer, "attention_dropout"):
            layer.attention_dropout = dropout
    return base


@pytest.fixture(scope="module")
def base() -> BaseModel:
    """With dropout in its attention, so that random numbers matter in every step."""
    return classifier(dropout=0.3)


def trained(base: BaseModel, keeper: Keeper | None = None, until: int = STEPS, seed: int = 5) -> TrainingOutcome:
    generator = torch.Generator().manual_seed(0)
    tokens = [torch.randint(2, 40, (4, 16), generator=generator) for _ in range(STEPS)]
    batches = [
        {"input_ids": item, "attention_mask": torch.ones_like(item), "labels": (item[:, 0] > 20).long()}
        for item in tokens
    ]

    def progress(step: int, steps: int, loss: float) -> None:
        if step == until and until < STEPS:
            raise KeyboardInterrupt

    rest = {"base": base.digest, "parent_manifest": ZERO_DIGEST, "seed": seed, "progress": progress}
    return train(base.model, batches, ADAPTER, SETTINGS, keeper=keeper, **rest)


def keeper_in(folder: Path, every: float = 0.0, **rest: object) -> FolderKeeper:
    return FolderKeeper(folder, 4, IDENTITY, every, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("broken_off", range(1, STEPS))
def test_the_bits_are_those_of_an_undisturbed_training(tmp_path: Path, base: BaseModel, broken_off: int) -> None:
    undisturbed = trained(base)
    with pytest.raises(KeyboardInterrupt):
        trained(base, keeper_in(tmp_path), until=broken_off)
    again = trained(classifier(dropout=0.3), keeper_in(tmp_path))
    assert serialise(again.delta) == serialise(undisturbed.delta)
    assert (again.losses, again.samples) == (undisturbed.losses, undisturbed.samples)


def test_random_numbers_matter_in_these_tests(base: BaseModel) -> None:
    assert serialise(trained(classifier()).delta) != serialise(trained(base).delta)


def test_it_goes_on_rather_than_begin_again(tmp_path: Path, base: BaseModel, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyboardInterrupt):
        trained(base, keeper_in(tmp_path), until=4)
    with caplog.at_level(logging.INFO):
        trained(base, keeper_in(tmp_path))
    assert "the training goes on after step 4" in caplog.text


def test_a_checkpoint_is_private(tmp_path: Path, base: BaseModel) -> None:
    folder = tmp_path / "training"
    trained(base, keeper_in(folder))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert checkpoint_path(folder, 4).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["4.safetensors"]


def test_one_is_kept_each_so_many_seconds(tmp_path: Path, base: BaseModel, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr(keepers, "write", lambda path, data: written.append(path))
    seconds = itertools.count()
    trained(base, keeper_in(tmp_path, every=2.0, clock=lambda: float(next(seconds))))
    assert 1 < len(written) < STEPS


def test_others_checkpoints_are_not_used(tmp_path: Path, base: BaseModel) -> None:
    with pytest.raises(KeyboardInterrupt):
        trained(base, keeper_in(tmp_path), until=3, seed=6)
    other = FolderKeeper(tmp_path, 4, word_of("another training"), 0.0)
    assert serialise(trained(base, other).delta) == serialise(trained(base).delta)


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "text"])
def test_a_damaged_checkpoint_is_as_none(
    tmp_path: Path, base: BaseModel, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(KeyboardInterrupt):
        trained(base, keeper_in(tmp_path), until=3)
    path = checkpoint_path(tmp_path, 4)
    whole = path.read_bytes()
    damaged = {"empty": b"", "cut": whole[:-100], "changed": whole[:20] + b"x" + whole[21:], "text": b"none" * 100}
    path.write_bytes(damaged[damage])
    again = trained(base, keeper_in(tmp_path, every=100.0))
    assert serialise(again.delta) == serialise(trained(base).delta)
    assert "4.safetensors is not used" in caplog.text


def test_a_full_disk_costs_no_training(
    tmp_path: Path, base: BaseModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keepers, "write", full)
    assert serialise(trained(base, keeper_in(tmp_path)).delta) == serialise(trained(base).delta)
    assert "no checkpoint could be kept: [Errno 28] No space left on device" in caplog.text


def test_checkpoints_of_other_rounds_go_when_a_round_begins(tmp_path: Path) -> None:
    for number in (3, 4):
        checkpoint_path(tmp_path, number).touch()
    keeper_in(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["4.safetensors"]


def run_of(seed: int) -> Run:
    torch.manual_seed(seed)
    trainable = {"a": torch.nn.Parameter(torch.randn(3, 2)), "b": torch.nn.Parameter(torch.randn(4))}
    return Run(trainable, torch.optim.AdamW(list(trainable.values()), lr=0.1), torch.device("cpu"))


def step(run: Run) -> None:
    parts = [(item * torch.randn_like(item)).sum() for item in run.trainable.values()]
    loss = torch.stack(parts).sum()
    loss.backward()
    run.optimizer.step()
    run.optimizer.zero_grad()
    run.step, run.losses = run.step + 1, [*run.losses, float(loss.detach())]


def test_a_run_is_what_it_was() -> None:
    with torch.random.fork_rng(devices=[]):
        run, other = run_of(1), run_of(2)
        torch.manual_seed(3)
        step(run)
        data = dump(run, IDENTITY)
        step(run)
        load(data, IDENTITY, other)
        assert (other.step, other.losses) == (1, run.losses[:1])
        step(other)
    assert all(torch.equal(run.trainable[name], other.trainable[name]) for name in run.trainable)
    assert run.losses == other.losses


def test_one_that_does_not_fit_changes_nothing() -> None:
    with torch.random.fork_rng(devices=[]):
        run, other = run_of(1), run_of(2)
        step(run)
        data = dump(replace(run, losses=[]), IDENTITY)
        before = {name: item.detach().clone() for name, item in other.trainable.items()}
        with pytest.raises(ValueError, match="do not agree"):
            load(data, IDENTITY, other)
    assert all(torch.equal(before[name], other.trainable[name]) for name in before) and other.step == 0
