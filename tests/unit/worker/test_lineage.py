"""What a member trains from, and that an isolated update holds its owner's former work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from unit.contribution.make import make_delta
from unit.ledger.actors import AURORA, BOREALIS
from unit.worker.bench_world import nothing
from unit.worker.torch_world import Objects, manifest_of, spec_of

from orchestrator.aggregation import FoldedModel
from orchestrator.contribution import AdapterDelta, DeltaRules, LowRank, check, parse
from orchestrator.contribution.joining import joined
from orchestrator.data import DataSettings
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import ONE
from orchestrator.models import load_base, resolve
from orchestrator.types import UpdateId
from orchestrator.worker.lineage import beginning, continued
from orchestrator.worker.torch_workbench import Equipment, TorchWorkbench


def isolated(spec: TaskSpec, **verdict: Any) -> TaskSpec:
    rules = {**spec.document["verdict"], **verdict}
    return TaskSpec.from_document({**spec.document, "lineage": "isolated", "verdict": rules})


def change(delta: AdapterDelta, name: str) -> torch.Tensor:
    low = delta.modules[name]
    return low.scale * (low.b.double() @ low.a.double())


def low_rank(rank: int, *, rslora: bool = False, alpha: int = 16) -> LowRank:
    generator = torch.Generator().manual_seed(rank)
    a, b = torch.randn(rank, 12, generator=generator), torch.randn(10, rank, generator=generator)
    return LowRank(a, b, alpha, rslora)


@pytest.mark.parametrize("rslora", [False, True])
def test_two_changes_of_other_scales_and_ranks_are_one(rslora: bool) -> None:
    plain = make_delta()
    first = replace(plain, modules={"m": low_rank(3, alpha=8)}, dense={"h": torch.ones(2)})
    second = replace(plain, modules={"m": low_rank(5, rslora=rslora), "n": low_rank(2)}, dense={"h": torch.ones(2)})
    both = joined(first, second)
    assert both.modules["m"].rank == 8 and both.modules["m"].rslora == rslora
    torch.testing.assert_close(change(both, "m"), change(first, "m") + change(second, "m"), rtol=1e-5, atol=1e-5)
    assert torch.equal(both.modules["n"].a, second.modules["n"].a) and both.dense["h"].tolist() == [2, 2]


def test_a_sum_above_the_largest_rank_is_cut_as_little_as_can_be() -> None:
    spec = isolated(spec_of(make_delta().base), max_rank=4)
    former, step = (replace(make_delta(), modules={"m": low_rank(rank)}, dense={}) for rank in (3, 5))
    found = continued(spec, step, [former])
    exact = change(former, "m") + change(step, "m")
    values = torch.linalg.svdvals(exact)
    best = float(((values[4:] ** 2).sum() / (values**2).sum()).sqrt())
    assert found.delta.modules["m"].rank == 4 and found.delta.modules["m"].alpha == spec.adapter.alpha
    error = float((change(found.delta, "m") - exact).norm() / exact.norm())
    assert error == pytest.approx(best, rel=1e-4) and found.error == pytest.approx(best, rel=1e-4)
    assert continued(isolated(spec, max_rank=8), step, [former]).error == 0.0


@pytest.fixture
def bench(tmp_path: Path) -> TorchWorkbench:
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text(f"line {number} of what this organisation knows, and nobody else")
    return TorchWorkbench(Equipment(AURORA, "tiny:llama", DataSettings("text", {}, tmp_path, 200_000, 4, 7)))


def test_an_isolated_member_goes_on_from_its_own_work_alone(bench: TorchWorkbench) -> None:
    base = load_base(resolve("tiny:llama"))
    spec = isolated(spec_of(base.digest))
    first = bench.train(spec, manifest_of(spec), nothing, 1, lambda step, steps: None)
    mine, others = UpdateId("0x" + "11" * 32), UpdateId("0x" + "22" * 32)
    manifest = manifest_of(spec, (mine, AURORA), (others, BOREALIS))
    assert beginning(spec, manifest, AURORA) == (replace(manifest.entries[0], weight=ONE),)
    assert beginning(spec_of(base.digest), manifest, AURORA) == manifest.entries

    known = Objects(**{mine: first.payload})  # not the other's: it must not be asked for
    second = parse(bench.train(spec, manifest, known, 2, lambda step, steps: None).payload)
    assert set(known.opened) == {mine} and second.parent_manifest == manifest.digest
    check(second, DeltaRules.from_task(spec.document), base.shapes, parent_manifest=manifest.digest)
    ranks = {low.rank for low in second.modules.values()}
    assert ranks == {2 * low.rank for low in parse(first.payload).modules.values()}

    entries = [replace(manifest.entries[0], weight=ONE)]
    folded = FoldedModel(base.model, base.digest)
    folded.move(entries, lambda update_id: parse(first.payload))
    alone = {name: tensor.detach().clone() for name, tensor in base.model.named_parameters()}
    folded.move(entries, lambda update_id: second)
    moved = [name for name, tensor in base.model.named_parameters() if not torch.equal(tensor, alone[name])]
    assert moved == [name for name in alone if name.removesuffix(".weight") in second.modules]


def test_what_cutting_cost_is_told(bench: TorchWorkbench, caplog: pytest.LogCaptureFixture) -> None:
    spec = isolated(spec_of(load_base(resolve("tiny:llama")).digest), max_rank=4)
    first = bench.train(spec, manifest_of(spec), nothing, 1, lambda step, steps: None)
    assert not caplog.messages
    mine = UpdateId("0x" + "11" * 32)
    known = Objects(**{mine: first.payload})
    second = bench.train(spec, manifest_of(spec, (mine, AURORA)), known, 2, lambda step, steps: None)
    assert {low.rank for low in parse(second.payload).modules.values()} == {4}
    assert caplog.messages[0].startswith("round 2: this organisation's work was cut to rank 4, relative error 0.")
