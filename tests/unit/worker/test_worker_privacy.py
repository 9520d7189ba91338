"""The workbench under differential privacy: what is recorded, what is refused before the model is loaded, and what a
training that was killed goes on with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from unit.ledger.actors import AURORA, private, task
from unit.worker.bench_world import nothing
from unit.worker.torch_world import manifest_of, spec_of

from orchestrator.contribution import parse
from orchestrator.data import DataSettings
from orchestrator.errors import BudgetSpent, ConfigurationError, WorkCancelled
from orchestrator.ledger.privacy import NANO
from orchestrator.ledger.task import TaskSpec
from orchestrator.lock_key import LockKey
from orchestrator.models import load_base, resolve
from orchestrator.privacy import PrivacySettings, policy_named
from orchestrator.training import Keeper
from orchestrator.types import Digest, ProtectedDelta
from orchestrator.worker.keeper import FolderKeeper
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench

FFA = {"name": "ffa", "settings": {"fraction_bits": 16, "rule": "mean", "trim": 0}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataSettings]:
    folder = tmp_path_factory.mktemp("texts")
    for number in range(20):
        (folder / f"{number}.txt").write_text(f"line {number} of what this organisation knows, and nobody else")
    threads = torch.get_num_threads()
    yield DataSettings("text", {}, folder, 200_000, 4, 7)
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def base() -> Digest:
    return load_base(resolve("tiny:llama")).digest


def spec(base: Digest, **changes: Any) -> TaskSpec:
    plain = spec_of(base)
    adapter = {**plain.document["adapter"], "ranks": [4]}
    same = {name: plain.document[name] for name in ("base", "training", "verdict")}
    return task(**{**same, "adapter": adapter, "privacy": private(epsilon_cap=20_000_000), "strategy": FFA, **changes})


def run(bench: TorchWorkbench, spec: TaskSpec, progress: Any = None, **rest: Any) -> ProtectedDelta:
    return bench.train(spec, manifest_of(spec), nothing, 1, progress or (lambda step, steps: None), **rest)


def expected(spec: TaskSpec, trainings: int) -> int:
    return policy_named("dp").epsilon(PrivacySettings.from_task(spec.document), trainings)


@pytest.mark.parametrize("part", [{}, {"unit": "member", "rate_nano": NANO, "clip_nano": NANO // 1000}])
def test_an_update_says_what_all_trainings_so_far_have_cost(base: Digest, data: DataSettings, part: Any) -> None:
    chosen = spec(base, privacy=private(epsilon_cap=20_000_000, **part))
    bench = TorchWorkbench(Equipment(AURORA, "tiny:llama", data))
    first, third = run(bench, chosen), run(bench, chosen, spent=2)
    assert (first.policy, first.epsilon, third.epsilon) == ("dp", expected(chosen, 1), expected(chosen, 3))
    assert 0 < first.epsilon < third.epsilon < 20_000_000
    low = next(iter(parse(first.payload).modules.values()))
    again = next(iter(parse(run(bench, chosen).payload).modules.values()))
    assert torch.equal(low.a, again.a) and not torch.equal(low.b, again.b), "A is agreed on, the noise is nobody's"
    assert torch.equal(low.b * 2**16, (low.b * 2**16).round()), "what leaves is on the task's grid"


def test_beyond_the_cap_not_even_the_model_is_loaded(base: Digest, data: DataSettings) -> None:
    bench = TorchWorkbench(Equipment(AURORA, "no:such-model", data))
    chosen = spec(base, privacy=private(epsilon_cap=expected(spec(base), 2)))
    with pytest.raises(BudgetSpent, match="training number 3 under this task would bring ε to"):
        run(bench, chosen, spent=2)


def test_a_task_that_the_policy_cannot_serve(base: Digest, data: DataSettings) -> None:
    training = {**spec(base).document["training"], "slices": 2}
    plain = {"name": "stack", "settings": {}}
    chosen = spec(base, training=training, lineage="isolated", strategy=plain)
    with pytest.raises(ConfigurationError, match="ε is not counted by slices"):
        run(TorchWorkbench(Equipment(AURORA, "no:such-model", data)), chosen)


def test_a_killed_training_goes_on_with_noise_of_its_own(base: Digest, data: DataSettings, tmp_path: Path) -> None:
    """Twice from one checkpoint gives two updates: no noise is kept, so none is used again under other data."""

    def keepers(round_number: int, identity: Digest) -> Keeper:
        return FolderKeeper(tmp_path / "training", round_number, identity, 0.0)

    chosen = spec(base)
    bench = TorchWorkbench(Equipment(AURORA, "tiny:llama", data), keepers=keepers)
    with pytest.raises(WorkCancelled):
        run(bench, chosen, lambda step, steps: bench.cancel() if step == 2 else None)
    (kept,) = (tmp_path / "training").iterdir()
    checkpoint, seen, made = kept.read_bytes(), list[int](), []
    for _ in range(2):
        kept.write_bytes(checkpoint)
        seen.clear()
        made.append(run(bench, chosen, lambda step, steps: seen.append(step)))
    assert seen == [3], "it goes on after the second step"
    assert made[0].payload != made[1].payload
    assert made[0].epsilon == made[1].epsilon == expected(chosen, 1) and made[0].samples == made[1].samples


def test_joined_with_the_key_lock_both_do_their_part(base: Digest, data: DataSettings) -> None:
    lock = {"keylock": {"strength_millionths": 500_000, "shift_millionths": 100_000}}
    chosen = spec(base, privacy={**private(epsilon_cap=20_000_000), **lock, "policy": "dp+keylock"})
    bench = TorchWorkbench(Equipment(AURORA, "tiny:llama", data))
    with pytest.raises(ConfigurationError, match="lock key"):
        run(bench, chosen)
    bench.wear(LockKey(1, b"\x01" * 32))
    made = run(bench, chosen)
    assert (made.policy, made.epsilon) == ("dp+keylock", expected(spec(base), 1))
    assert len(parse(made.payload).modules) == 4
