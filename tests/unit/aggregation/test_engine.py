"""Folds from folder to folder: the bits of the fold in memory, whatever the order, threads, budget and sources."""

from __future__ import annotations

import json
import random
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from orchestrator.aggregation import Accumulator, FoldedModel, FoldEntry, Stack, strategy_named
from orchestrator.aggregation.engine import FoldReport, fold_folder
from orchestrator.aggregation.plan import Plan, make_plan
from orchestrator.aggregation.source import Source
from orchestrator.aggregation.stored import StoredBase
from orchestrator.aggregation.sums import sum_changes
from orchestrator.aggregation.tiles import Workers, add_scaled, set_scaled
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.types import Digest, UpdateId
from tests.unit.aggregation.folders import base_folder, held, plain, sealed, stored
from tests.unit.aggregation.make import Little, contributions, entries_of, shapes_of
from tests.unit.contribution.make import BASE, make_delta


def tensors_in(folder: Path) -> dict[str, torch.Tensor]:
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as handle:
            found |= {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    return found


def in_memory(entries: list[FoldEntry], deltas: dict[UpdateId, AdapterDelta]) -> dict[str, torch.Tensor]:
    folded = FoldedModel(Little(), BASE)
    folded.move(entries, deltas.__getitem__)
    return dict(folded.model.named_parameters())


DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
"""Where there is no GPU the second device is no test, rather than a skipped one."""


def planned(base: StoredBase, entries: list[FoldEntry], sources: dict[UpdateId, Source], budget: int | None) -> Plan:
    return make_plan(base, entries, sources, Stack(), device=torch.device("cpu"), threads=2, budget=budget)


def least_budget(base: StoredBase, entries: list[FoldEntry], sources: dict[UpdateId, Source]) -> int:
    targets = planned(base, entries, sources, None).targets.values()
    return max(min(target.need(way, 1, 2) for way in (True, False)) for target in targets)


@pytest.mark.parametrize("kind", ["held", "plain", "sealed", "sealed in odd chunks"])
@pytest.mark.parametrize("tight", [False, True])
def test_the_bits_are_those_of_the_fold_in_memory(tmp_path: Path, kind: str, tight: bool) -> None:
    deltas = contributions(rounds=6)
    entries, updates = entries_of(list(deltas)), tmp_path / "updates"
    made = {
        "held": lambda: held(deltas),
        "plain": lambda: plain(deltas, updates),
        "sealed": lambda: sealed(deltas, updates),
        "sealed in odd chunks": lambda: sealed(deltas, updates, chunk_size=997),
    }[kind]()
    base = stored(base_folder(tmp_path / "base"))
    budget = least_budget(base, entries, made) if tight else 1 << 30
    plan = planned(base, entries, made, budget)
    assert all(target.at_once for target in plan.targets.values()) == (not tight)
    assert plan.prefetch == (0 if tight else 2)
    assert plan.working_set <= budget

    report = fold_folder(base, entries, made, tmp_path / "out", budget=budget, threads=2)
    found, expected = tensors_in(tmp_path / "out"), in_memory(entries, deltas)
    assert found.keys() == expected.keys() | {"positions"}
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name
    assert torch.equal(found["positions"], torch.arange(7))
    assert report.changed == ("h.0.q_proj.weight", "h.0.v_proj.weight", "score.weight")
    assert report.made == 2


def fold(
    tmp_path: Path, entries: list[FoldEntry], sources: dict[UpdateId, Source], name: str, **how: int
) -> FoldReport:
    folder = tmp_path / "base"
    base = stored(folder if folder.exists() else base_folder(folder))
    return fold_folder(base, entries, sources, tmp_path / name, **how)  # type: ignore[arg-type]


def test_order_threads_and_way_do_not_matter(tmp_path: Path) -> None:
    deltas = contributions(rounds=2)
    entries, found = entries_of(list(deltas)), set()
    for seed in range(5):
        random.Random(seed).shuffle(entries)
        report = fold(tmp_path, entries, held(deltas), f"out{seed}", threads=1 + seed % 2)
        found.add(tuple(report.shards.items()))
    assert len(found) == 1


def test_dropping_and_adding_again_gives_the_same_bytes(tmp_path: Path) -> None:
    deltas = contributions(rounds=2)
    rest = [update for update in deltas if not update.endswith("cumulus")]
    first = fold(tmp_path, entries_of(list(deltas)), held(deltas), "first")
    dropped = fold(tmp_path, entries_of(rest), held(deltas), "dropped")
    never = fold(tmp_path, entries_of(rest), held({update: deltas[update] for update in rest}), "never")
    again = fold(tmp_path, entries_of(list(deltas)), held(deltas), "again")
    assert first.shards == again.shards != dropped.shards == never.shards


def test_a_half_precision_base_comes_out_in_fp32_where_it_is_changed(tmp_path: Path) -> None:
    deltas = contributions(rounds=1)
    entries = entries_of(list(deltas))
    base = stored(base_folder(tmp_path / "base", half=True))
    fold_folder(base, entries, held(deltas), tmp_path / "out")
    folded = FoldedModel(Little().bfloat16().float(), BASE)
    folded.move(entries, deltas.__getitem__)
    found = tensors_in(tmp_path / "out")
    for name, parameter in folded.model.named_parameters():
        assert torch.equal(found[name].float(), parameter)
        assert found[name].dtype == (torch.float32 if name in folded.touched else torch.bfloat16)


def test_one_file_has_no_index_and_several_have_one(tmp_path: Path) -> None:
    deltas = contributions(rounds=1)
    entries = entries_of(list(deltas))
    fold(tmp_path, entries, held(deltas), "several")
    index = json.loads((tmp_path / "several" / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"]) == set(tensors_in(tmp_path / "several"))
    fold_folder(stored(base_folder(tmp_path / "one", shards=1)), entries, held(deltas), tmp_path / "single")
    assert sorted(path.name for path in (tmp_path / "single").iterdir()) == ["loranchor-fold.json", "model.safetensors"]


def test_parameters_that_no_file_holds_come_out_too(tmp_path: Path) -> None:
    deltas = contributions(rounds=1)
    entries = entries_of(list(deltas))
    base_folder(tmp_path / "base")
    for file in (tmp_path / "base").iterdir():
        with safe_open(file, framework="pt") as handle:
            kept = {name: handle.get_tensor(name) for name in handle.keys() if not name.startswith("score")}  # noqa: SIM118
        save_file(kept, file)
    score = {name: tensor for name, tensor in Little().named_parameters() if name.startswith("score")}
    base = StoredBase(tmp_path / "base", BASE, {name: tensor.detach() for name, tensor in score.items()})
    fold_folder(base, entries, held(deltas), tmp_path / "out")
    found = tensors_in(tmp_path / "out")
    for name, tensor in in_memory(entries, deltas).items():
        assert torch.equal(found[name], tensor)


def test_a_finished_fold_is_not_made_again_and_a_changed_shard_is(tmp_path: Path) -> None:
    deltas = contributions(rounds=1)
    entries = entries_of(list(deltas))
    first = fold(tmp_path, entries, held(deltas), "out")
    assert fold(tmp_path, entries, held(deltas), "out").made == 0
    name = min(first.shards)
    path = tmp_path / "out" / name
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    second = fold(tmp_path, entries, held(deltas), "out")
    assert (second.made, second.shards) == (1, first.shards)
    other = fold(tmp_path, entries_of([entries[0].update_id]), held(deltas), "out")
    assert (other.made, other.plan != first.plan) == (2, True)


def test_flexlora_tells_its_error_also_after_going_on(tmp_path: Path) -> None:
    deltas = contributions(rounds=2)
    entries = entries_of(list(deltas))
    folded = FoldedModel(Little(), BASE, strategy_named("flexlora", rank=4))
    folded.move(entries, deltas.__getitem__)
    base = stored(base_folder(tmp_path / "base"))
    for _ in range(2):
        report = fold_folder(base, entries, held(deltas), tmp_path / "out", strategy=strategy_named("flexlora", rank=4))
        assert report.tally.relative_error == pytest.approx(folded.tally.relative_error)
    for name, tensor in tensors_in(tmp_path / "out").items():
        if name != "positions":
            assert torch.equal(tensor, dict(folded.model.named_parameters())[name])


def test_what_does_not_fit_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    deltas = contributions(rounds=1)
    strange = {
        "does not have": make_delta(1, shapes={"h.5.q_proj.weight": (300, 24)}),
        "the model has": make_delta(1, shapes={"h.0.v_proj.weight": (24, 7)}),
    }
    for message, delta in strange.items():
        changed = {UpdateId("1-aurora"): delta}
        with pytest.raises(ProtocolError, match=message):
            fold(tmp_path, entries_of(list(changed)), held(changed), "out")
        assert not (tmp_path / "out").exists()
    with pytest.raises(ConfigurationError, match="MiB, the budget is 0 MiB"):
        fold(tmp_path, entries_of(list(deltas)), held(deltas), "out", budget=1000)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("budget", [None, 1 << 30])
def test_sums_read_in_parts_have_the_same_bits(tmp_path: Path, budget: int | None, device: str) -> None:
    deltas, where = contributions(rounds=6), torch.device(device)
    entries, shapes = entries_of(list(deltas)), shapes_of(Little())
    adding = Accumulator(Stack(), BASE, lambda name: torch.zeros(shapes[name], device=where), where)
    adding.run(tuple(entries), deltas.__getitem__)
    for sources in (held(deltas), plain(deltas, tmp_path / "plain"), sealed(deltas, tmp_path / "sealed")):
        found = sum_changes(BASE, entries, sources, budget=budget, device=device)
        assert found.keys() == adding.sums.keys()
        for name, total in found.items():
            assert torch.equal(total, adding.sums[name])
    with pytest.raises(ProtocolError, match="another base"):
        sum_changes(Digest("0x" + "00" * 32), entries, held(deltas))


def test_a_manifest_without_entries_is_the_base(tmp_path: Path) -> None:
    assert sum_changes(BASE, [], {}) == {}
    report = fold(tmp_path, [], {}, "out")
    assert report.changed == ()
    for name, tensor in Little().named_parameters():
        assert torch.equal(tensors_in(tmp_path / "out")[name], tensor)


def test_decompositions_have_the_same_bits_on_any_number_of_threads() -> None:
    """LAPACK's own bits depend on its threads at this size: a fold gives it one."""
    shapes = {"h.0.q_proj.weight": (600, 500)}
    deltas = {UpdateId(f"1-{place}"): make_delta(place, rank=64, shapes=shapes) for place in range(5)}
    entries, found = entries_of(list(deltas)), []
    for threads in (1, 2):
        cut = strategy_named("flexlora", rank=16)
        sums = sum_changes(BASE, entries, held(deltas), strategy=cut, threads=threads, budget=1 << 30)
        adding = Accumulator(cut, BASE, lambda name: torch.zeros(shapes[name]), torch.device("cpu"))
        adding.run(tuple(entries), deltas.__getitem__)
        found += [sums["h.0.q_proj.weight"], adding.sums["h.0.q_proj.weight"]]
    assert all(torch.equal(found[0], other) for other in found[1:])


def test_sums_go_into_the_memory_of_an_earlier_fold_and_have_the_same_bits() -> None:
    deltas = contributions(rounds=2)
    entries, sources = entries_of(list(deltas)), held(deltas)
    new = sum_changes(BASE, entries, sources)
    earlier = {name: torch.full_like(tensor, float("nan")) for name, tensor in new.items()}
    unfit = sorted(new)[0]
    earlier[unfit] = torch.zeros(3)
    again = sum_changes(BASE, entries, sources, into=earlier)
    for name, tensor in new.items():
        assert torch.equal(again[name].view(torch.int32), tensor.view(torch.int32))
        assert (again[name].data_ptr() == earlier[name].data_ptr()) == (name != unfit)


def test_the_first_term_is_set_with_the_bits_of_adding_it_to_zeros() -> None:
    part = torch.randint(-(2**31), 2**31, (100_003,), generator=torch.Generator().manual_seed(1)).to(torch.int32)
    numbers = torch.where(torch.isnan(part.view(torch.float32)), torch.tensor(-0.0), part.view(torch.float32))
    for factor in (0.3, 1.0, 2.0**-32, 0.0):
        added, put = torch.zeros(numbers.shape), torch.empty(numbers.shape)
        add_scaled(added, numbers, factor)
        set_scaled(put, numbers, factor)
        assert torch.equal(added.nan_to_num(7.0).view(torch.int32), put.nan_to_num(7.0).view(torch.int32))


def test_an_error_of_one_task_ends_the_others() -> None:
    done: list[int] = []

    def one(number: int) -> None:
        if number == 3:
            raise ValueError("three")
        done.append(number)

    with Workers(2) as workers:
        with pytest.raises(ValueError, match="three"):
            workers.run([partial(one, number) for number in range(1000)])
        assert len(done) < 999
        workers.run([partial(done.append, 1000)])
    assert done[-1] == 1000
