"""The policy ``keylock`` in the workbench: trained, measured and judged under a lock of one's own, folded without."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from unit.ledger.actors import AURORA, BOREALIS, task_document
from unit.worker.bench_world import by_process, in_process, nothing, quiet, write_texts
from unit.worker.torch_world import Objects, manifest_of, spec_of

from orchestrator.contribution import parse
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.data_statement import DataStatement
from orchestrator.ledger.task import TaskSpec
from orchestrator.lock_key import LockKey
from orchestrator.models import load_base, resolve
from orchestrator.models.base import state_digest
from orchestrator.privacy.keylock.keys import fingerprint
from orchestrator.types import ProtectedDelta, UpdateId
from orchestrator.worker.torch_workbench import TorchWorkbench

KEY, OTHER = LockKey(1, b"\x01" * 32), LockKey(2, b"\x02" * 32)
LOCKED = {
    "policy": "keylock",
    "epsilon_cap": 0,
    "delta_inverse": 0,
    "keylock": {"strength_millionths": 500_000, "shift_millionths": 100_000},
}
OWN, THEIRS = UpdateId("own"), UpdateId("theirs")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_texts(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module")
def bench(texts: Path) -> Iterator[TorchWorkbench]:
    threads = torch.get_num_threads()
    yield in_process(texts)
    torch.set_num_threads(threads)


def with_members(**changes: Any) -> TaskSpec:
    plain = spec_of(load_base(resolve("tiny:llama")).digest)
    return TaskSpec.from_document({**plain.document, **changes})


@pytest.fixture(scope="module")
def spec() -> TaskSpec:
    return with_members(privacy=LOCKED)


def trained_under(bench: TorchWorkbench, spec: TaskSpec, key: LockKey | None) -> ProtectedDelta:
    bench.wear(key)
    return bench.train(spec, manifest_of(spec), nothing, 1, quiet)


@pytest.fixture(scope="module")
def own(bench: TorchWorkbench, spec: TaskSpec) -> ProtectedDelta:
    return trained_under(bench, spec, KEY)


def test_training_under_a_key_follows_from_the_key_and_leaves_the_base_as_it_was(
    bench: TorchWorkbench, spec: TaskSpec, own: ProtectedDelta
) -> None:
    assert trained_under(bench, spec, KEY).payload == own.payload
    assert bench._folded is not None
    assert state_digest(bench._folded.model) == spec.base.digest
    others = {trained_under(bench, spec, OTHER).payload, trained_under(bench, with_members(), None).payload}
    assert len({own.payload, *others}) == 3
    assert own.policy == "keylock"
    assert own.epsilon == 0


def test_an_update_has_no_lock_in_it(own: ProtectedDelta) -> None:
    delta = parse(own.payload)
    assert not delta.dense
    assert all(name.endswith(("q_proj", "v_proj")) for name in delta.modules)
    assert KEY.secret not in own.payload


def test_without_a_key_nothing_is_done(bench: TorchWorkbench, spec: TaskSpec) -> None:
    bench.wear(None)
    with pytest.raises(ConfigurationError, match="there is no lock key"):
        bench.train(spec, manifest_of(spec), nothing, 1, quiet)
    with pytest.raises(ConfigurationError, match="there is no lock key"):
        bench.evaluate(spec, manifest_of(spec), nothing)


def test_each_measures_under_its_own_lock_and_weights_come_back(
    bench: TorchWorkbench, spec: TaskSpec, own: ProtectedDelta
) -> None:
    manifest, objects = manifest_of(spec, (OWN, AURORA)), Objects(own=own.payload)
    values = []
    for key in (KEY, OTHER, KEY):
        bench.wear(key)
        values.append(bench.evaluate(spec, manifest, objects).value)
        assert bench._folded is not None
        folded = state_digest(bench._folded.model)
    assert values[0] == values[2] != values[1]
    open_to_all = with_members()
    plain = bench.evaluate(open_to_all, manifest, objects).value
    assert plain not in values
    assert state_digest(bench._folded.model) == folded, "one fold for all, whatever lock is worn"


def test_an_empty_manifest_is_the_base_under_every_lock(bench: TorchWorkbench, spec: TaskSpec) -> None:
    values = set()
    for key in (KEY, OTHER):
        bench.wear(key)
        values.add(bench.evaluate(spec, manifest_of(spec), nothing).value)
    values.add(bench.evaluate(with_members(), manifest_of(spec), nothing).value)
    assert len(values) == 1


def test_others_accept_and_score_what_was_trained_under_a_lock(
    bench: TorchWorkbench, spec: TaskSpec, own: ProtectedDelta
) -> None:
    theirs = trained_under(
        bench, with_members(privacy=LOCKED, training={**spec.document["training"], "seed": 8}), OTHER
    )
    objects = Objects(own=own.payload, theirs=theirs.payload)
    found = {}
    for name, key in (("aurora", KEY), ("borealis", OTHER)):
        bench.wear(key)
        bench.forget()
        found[name] = bench.judge(spec, manifest_of(spec), [OWN, THEIRS], objects, {})
    for verdicts in found.values():
        assert all(item.accept and not item.reason for item in verdicts.values())
        assert any(item.score for item in verdicts.values())
    scores = [[verdicts[item].score for item in (OWN, THEIRS)] for verdicts in found.values()]
    assert scores[0] != scores[1], "a score is what an update is worth under the judge's own lock"


def test_a_verdict_in_the_first_round_has_the_lock_on_what_it_tries(
    texts: Path, spec: TaskSpec, own: ProtectedDelta
) -> None:
    """No fold has changed the weights yet that the verdict changes; the lock must not miss them."""
    alone, objects = in_process(texts), Objects(own=own.payload)
    alone.wear(KEY)
    score = alone.judge(spec, manifest_of(spec), [OWN], objects, {})[OWN].score
    before = alone.evaluate(spec, manifest_of(spec), objects).value
    after = alone.evaluate(spec, manifest_of(spec, (OWN, AURORA)), objects).value
    assert score == pytest.approx(1e6 * (before - after), abs=2)
    assert score > 0


def test_dropping_a_contribution_is_never_having_had_it(
    bench: TorchWorkbench, texts: Path, spec: TaskSpec, own: ProtectedDelta
) -> None:
    theirs = trained_under(bench, spec, OTHER)
    objects = Objects(own=own.payload, theirs=theirs.payload)
    bench.wear(KEY)
    bench.evaluate(spec, manifest_of(spec, (OWN, AURORA), (THEIRS, BOREALIS)), objects)
    after = bench.evaluate(spec, manifest_of(spec, (OWN, AURORA)), objects)
    never = in_process(texts)
    never.wear(KEY)
    assert never.evaluate(spec, manifest_of(spec, (OWN, AURORA)), objects) == after
    assert bench._folded is not None
    assert never._folded is not None
    assert state_digest(never._folded.model) == state_digest(bench._folded.model)


def test_the_fingerprint_is_in_the_data_statement(bench: TorchWorkbench, spec: TaskSpec) -> None:
    bench.wear(KEY)
    bench.evaluate(spec, manifest_of(spec), nothing)
    said = DataStatement.from_bytes(bench.statement())
    assert said.key_lock == fingerprint(KEY, 500_000, 100_000)
    assert DataStatement.from_bytes(said.to_bytes()) == said
    bench.evaluate(with_members(), manifest_of(spec), nothing)
    assert DataStatement.from_bytes(bench.statement()).key_lock is None


def test_what_cannot_be_locked_is_refused_before_training(bench: TorchWorkbench, spec: TaskSpec) -> None:
    bench.wear(KEY)
    adapter = {**spec.document["adapter"], "modules": ["o_proj"]}
    for changes, words in (
        ({"adapter": adapter}, "cannot lock o_proj"),
        ({"lineage": "isolated", "training": {**spec.document["training"], "slices": 2}}, "in slices"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            bench.train(with_members(privacy=LOCKED, **changes), manifest_of(spec), nothing, 1, quiet)


def test_a_worker_process_does_the_same_and_the_key_is_not_logged(
    texts: Path, tmp_path: Path, spec: TaskSpec, own: ProtectedDelta, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    worker = by_process(texts, tmp_path)
    asked = []

    def key() -> LockKey:
        asked.append(1)
        return KEY

    worker.lock_key = key
    try:
        done = worker.train(spec, manifest_of(spec), nothing, 1, quiet)
        assert done.payload == own.payload
        assert DataStatement.from_bytes(worker.statement()).key_lock == fingerprint(KEY, 500_000, 100_000)
        assert len(asked) == 1
        worker.evaluate(with_members(), manifest_of(spec), nothing)
        assert len(asked) == 1, "a task without a key-lock needs no key"
    finally:
        worker.close()
    assert KEY.secret.hex() not in caplog.text
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY.secret not in kept
    assert KEY.secret.hex().encode() not in kept


def test_a_task_says_how_strong_its_locks_are() -> None:
    found = TaskSpec.from_document(task_document(privacy=LOCKED)).privacy
    assert found.names == ("keylock",)
    assert found.settings["keylock"] == {"strength_millionths": 500_000, "shift_millionths": 100_000}
    assert not found.bounded
