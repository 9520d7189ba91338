"""The workbench under secagg: numbers for the daemon to mask, and a sum that is the plain one and an ordinary delta."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from unit.ledger.actors import MEMBERS, task
from unit.worker.bench_world import by_process, in_process, nothing, write_texts
from unit.worker.torch_world import manifest_of, spec_of

from orchestrator.contribution import DeltaRules, check, parse
from orchestrator.data import DataSettings
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.task import TaskSpec
from orchestrator.models import load_base, resolve
from orchestrator.secagg.numbers import numbers_of
from orchestrator.types import OrganisationId
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench

CLIP = 150
FFA = {"name": "ffa", "settings": {"fraction_bits": 16, "rule": "mean", "trim": 0}}


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[OrganisationId, TorchWorkbench]]:
    threads, made = torch.get_num_threads(), {}
    for name in MEMBERS:
        folder = tmp_path_factory.mktemp(name)
        for number in range(12):
            (folder / f"{number}.txt").write_text(f"line {number} of what {name} knows, and nobody else beside {name}")
        made[name] = TorchWorkbench(Equipment(name, "tiny:llama", DataSettings("text", {}, folder, 200_000, 4, 7)))
    yield made
    torch.set_num_threads(threads)


def masked(**changes: Any) -> TaskSpec:
    plain = spec_of(load_base(resolve("tiny:llama")).digest)
    same: dict[str, Any] = {name: plain.document[name] for name in ("base", "training", "verdict")}
    adapter = {**plain.document["adapter"], "ranks": [4]}
    privacy = {"policy": "secagg", "epsilon_cap": 0, "delta_inverse": 0, "secagg": {"clip": CLIP}}
    return task(**{**same, "adapter": adapter, "strategy": FFA, "privacy": privacy, **changes})


def quiet(step: int, steps: int) -> None:
    """Nobody listens."""


def test_the_sum_of_what_members_train_is_an_update_that_everybody_makes_alike(
    benches: dict[OrganisationId, TorchWorkbench],
) -> None:
    spec = masked()
    manifest = manifest_of(spec)
    layouts = {bench.layout(spec, manifest) for bench in benches.values()}
    (layout,) = layouts
    units = {
        name: np.frombuffer(bench.numbers(spec, manifest, nothing, 1, quiet).units, "<i4").astype(np.int64)
        for name, bench in benches.items()
    }
    assert {item.size for item in units.values()} == {layout.words}
    assert {int(np.abs(item).max()) for item in units.values()} == {CLIP}, "something is clipped"
    total = sum(units.values(), np.zeros(layout.words, np.int64))
    wholes = {bench.whole(spec, manifest, total.astype("<i4").tobytes()) for bench in benches.values()}
    (whole,) = wholes
    delta = parse(whole)
    assert (numbers_of(delta, 16) == total).all() and delta.parent_manifest == manifest.digest
    bench = benches[MEMBERS[0]]
    assert bench._base is not None
    start = bench._start(spec, manifest, parse)  # type: ignore[arg-type]
    assert check(delta, DeltaRules.from_task(spec.document), bench._base.shapes, start=start) > 0


def test_a_worker_process_says_the_same(benches: dict[OrganisationId, TorchWorkbench], tmp_path: Path) -> None:
    spec = masked()
    manifest, texts = manifest_of(spec), write_texts(tmp_path / "texts")
    own, other = in_process(texts), by_process(texts, tmp_path / "home")
    try:
        layout = other.layout(spec, manifest)
        assert layout == own.layout(spec, manifest)
        assert other.numbers(spec, manifest, nothing, 1, quiet) == own.numbers(spec, manifest, nothing, 1, quiet)
        total = np.arange(layout.words, dtype="<i4").tobytes()
        assert other.whole(spec, manifest, total) == own.whole(spec, manifest, total)
    finally:
        other.close()


def test_nothing_is_trained_under_it_to_leave_as_it_is(benches: dict[OrganisationId, TorchWorkbench]) -> None:
    spec = masked()
    with pytest.raises(ConfigurationError, match="without masks leaves by no door"):
        benches[MEMBERS[0]].train(spec, manifest_of(spec), nothing, 1, quiet)
