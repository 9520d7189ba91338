"""The object stands for what it was made of: its fold is the fold of the originals, within the error that it states."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.aggregation import FoldedModel, HeldSource, sum_changes
from orchestrator.aggregation.tiles import Workers
from orchestrator.compaction.comparing import compare
from orchestrator.compaction.document import UNIT
from orchestrator.compaction.making import fitted, make, pieces
from orchestrator.compaction.verdict import LARGEST, ROUNDING, Compared, Fault
from orchestrator.contribution import AdapterDelta, LowRank, parse, serialise
from orchestrator.errors import ProtocolError
from orchestrator.ledger.compactions import COMPACTABLE
from orchestrator.models.base import state_digest
from tests.unit.aggregation.make import Little, contributions, entries_of
from tests.unit.compaction.compacting import (
    OBJECT,
    SETTINGS,
    SUBJECT,
    deltas_for,
    difference,
    exact_sum,
    folded,
    held,
    object_entry,
)
from tests.unit.contribution.make import BASE

EXACT = 1e-6


def test_every_strategy_that_may_be_compacted_is_looked_at() -> None:
    assert set(SETTINGS) == COMPACTABLE


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("until", [1, 2, 3])
def test_the_fold_with_the_object_is_the_fold_without(name: str, until: int) -> None:
    deltas = deltas_for(name)
    entries = entries_of(list(deltas))
    covered = [entry for entry in entries if entry.round <= until]
    made = make(exact_sum(deltas, covered, name), SUBJECT)
    rest = [entry for entry in entries if entry.round > until]
    found = folded({**deltas, OBJECT: made}, [object_entry(until), *rest], name)
    assert difference(found, folded(deltas, entries, name)) < EXACT


def test_a_strategy_is_not_applied_to_what_it_has_made() -> None:
    """flexlora would cut the object to its rank of one round, ffa would refuse what is off its grid."""
    deltas = deltas_for("flexlora")
    made = make(exact_sum(deltas, entries_of(list(deltas)), "flexlora"), SUBJECT)
    assert all(low.rank == 9 for low in made.modules.values())
    assert (
        difference(
            folded({OBJECT: made}, [object_entry(3)], "flexlora"), folded(deltas, entries_of(list(deltas)), "flexlora")
        )
        < EXACT
    )


def test_all_ways_of_folding_give_the_same_bits() -> None:
    deltas = contributions(3)
    entries = entries_of(list(deltas))
    made = make(exact_sum(deltas, entries[:6]), SUBJECT)
    known, wanted = {**deltas, OBJECT: made}, [object_entry(2), *entries[6:]]
    once, again = FoldedModel(Little(), BASE), FoldedModel(Little(), BASE)
    once.move(wanted, known.__getitem__)
    again.move(entries, deltas.__getitem__)
    again.move([object_entry(2)], known.__getitem__)
    again.move(list(reversed(wanted)), known.__getitem__)
    assert state_digest(once.model) == state_digest(again.model)
    sums, in_parts = folded(known, wanted), sum_changes(BASE, wanted, held(known))
    assert all(torch.equal(sums[name], in_parts[name]) for name in sums)
    again.move(entries, deltas.__getitem__)
    plain = FoldedModel(Little(), BASE)
    plain.move(entries, deltas.__getitem__)
    assert state_digest(plain.model) == state_digest(again.model), "falling back leaves nothing of the object"


@settings(max_examples=15, deadline=None)
@given(rounds=st.integers(1, 4), until=st.integers(1, 4), rank=st.integers(0, 24))
def test_within_the_stated_error(rounds: int, until: int, rank: int) -> None:
    deltas = contributions(rounds)
    entries = entries_of(list(deltas))
    covered = [entry for entry in entries if entry.round <= until]
    exact = exact_sum(deltas, covered)
    made = make(exact, SUBJECT, rank=rank)
    found = compare(exact, HeldSource(made), SUBJECT, rank=rank)
    assert found.honest
    kept = folded({OBJECT: made}, [object_entry(until)])
    assert difference(kept, folded(deltas, covered)) <= (found.deviation + ROUNDING) / UNIT
    verdict = found.against(found.deviation)
    assert verdict.fault is (Fault.ERROR_TOO_LARGE if found.deviation > LARGEST else None)


def test_a_cut_is_the_best_of_its_rank() -> None:
    deltas = contributions(2)
    exact = exact_sum(deltas, entries_of(list(deltas)))
    made = make(exact, SUBJECT, rank=5)
    assert {low.rank for low in made.modules.values()} == {5}
    squares, off = 0.0, 0.0
    for name, low in made.modules.items():
        left, right = exact.factors(name)
        dense = left.double() @ right.double()
        values = torch.linalg.svdvals(dense)
        squares, off = squares + float(dense.square().sum()), off + float(values[5:].square().sum())
        assert low.scale == 1.0
    heads = sum(float(exact.dense_sum(name).double().square().sum()) for name in exact.dense)
    found = compare(exact, HeldSource(made), SUBJECT, rank=5)
    assert found.deviation / UNIT == pytest.approx((off / (squares + heads)) ** 0.5, rel=1e-4)


def test_more_columns_than_the_matrix_has_are_written_in_its_own_basis() -> None:
    generator = torch.Generator().manual_seed(1)
    for outputs, inputs in ((6, 40), (40, 6), (6, 6)):
        left, right = (torch.randn(shape, generator=generator) for shape in ((outputs, 30), (30, inputs)))
        low = fitted(left, right)
        assert (low.rank, low.scale) == (6, 1.0)
        assert float((low.b @ low.a - left @ right).norm() / (left @ right).norm()) < EXACT


def test_the_pieces_are_the_canonical_bytes() -> None:
    deltas = contributions(2)
    made = make(exact_sum(deltas, entries_of(list(deltas))), SUBJECT, rank=4)
    data = b"".join(bytes(piece) for piece in pieces(made))
    assert data == serialise(made)
    read = parse(data)
    assert (read.base, read.parent_manifest) == (BASE, SUBJECT)


def test_a_contribution_for_another_base_is_refused() -> None:
    deltas = contributions(1)
    first = next(iter(deltas))
    deltas[first] = replace(deltas[first], base=SUBJECT)
    with pytest.raises(ProtocolError, match="made for another base"):
        exact_sum(deltas, entries_of(list(deltas)))


def _changed(delta: AdapterDelta, **factors: torch.Tensor) -> AdapterDelta:
    name = next(iter(delta.modules))
    low = delta.modules[name]
    return replace(
        delta, modules={**delta.modules, name: LowRank(factors.get("a", low.a), factors.get("b", low.b), low.alpha)}
    )


def _nan(tensor: torch.Tensor) -> torch.Tensor:
    tensor = tensor.clone()
    tensor.view(-1)[3] = torch.nan
    return tensor


def _first(delta: AdapterDelta) -> LowRank:
    return next(iter(delta.modules.values()))


BAD = {
    "another subject": (lambda made: replace(made, parent_manifest=BASE), Fault.WRONG_FORM),
    "another base": (lambda made: replace(made, base=SUBJECT), Fault.WRONG_FORM),
    "a module missing": (lambda made: replace(made, modules=dict(list(made.modules.items())[:1])), Fault.WRONG_FORM),
    "a head missing": (lambda made: replace(made, dense={}), Fault.WRONG_FORM),
    "another type": (lambda made: _changed(made, b=_first(made).b.bfloat16()), Fault.WRONG_FORM),
    "not a number": (lambda made: _changed(made, b=_nan(_first(made).b)), Fault.NOT_FINITE),
    "a little more": (lambda made: _changed(made, b=_first(made).b * 1.001), Fault.NOT_THE_SUM),
    "nothing": (lambda made: _changed(made, b=torch.zeros_like(_first(made).b)), Fault.NOT_THE_SUM),
    "a head changed": (
        lambda made: replace(made, dense={name: tensor + 0.1 for name, tensor in made.dense.items()}),
        Fault.NOT_THE_SUM,
    ),
}  # fmt: skip


@pytest.mark.parametrize("rank", [0, 14])
@pytest.mark.parametrize("name", BAD)
def test_what_is_not_the_sum_is_told(name: str, rank: int) -> None:
    spoil, fault = BAD[name]
    deltas = contributions(2)
    exact = exact_sum(deltas, entries_of(list(deltas)))
    made = make(exact, SUBJECT, rank=rank)
    honest = compare(exact, HeldSource(made), SUBJECT, rank=rank)
    assert honest.against(honest.deviation).fault in (None, Fault.ERROR_TOO_LARGE)
    found = compare(exact, HeldSource(spoil(made)), SUBJECT, rank=rank)
    assert found.against(honest.deviation).fault is fault
    assert found.against(found.deviation).fault is fault, "stating the error does not make it an honest cut"


def _beside(delta: AdapterDelta, size_of_a: float, size_of_b: float) -> AdapterDelta:
    """The same sum in exact numbers, with two more columns in the first module that undo each other."""
    low = _first(delta)
    a = torch.cat([low.a, torch.full((2, low.a.shape[1]), size_of_a)])
    one = torch.full((low.b.shape[0], 1), size_of_b)
    name = next(iter(delta.modules))
    return replace(delta, modules={**delta.modules, name: LowRank(a, torch.cat([low.b, one, -one], dim=1), a.shape[0])})


@pytest.mark.parametrize(("size_of_a", "size_of_b"), [(3e38, 3e38), (1e10, 1e10), (1e3, 1e3), (1e30, 1e-30)])
def test_columns_that_undo_each_other_are_no_sum(size_of_a: float, size_of_b: float) -> None:
    """They need not show in the difference; the fold's float32 would be left with a rest of them, or infinities."""
    deltas = contributions(1)
    exact = exact_sum(deltas, entries_of(list(deltas)))
    made = make(exact, SUBJECT)
    assert compare(exact, HeldSource(made), SUBJECT).against(0).fault is None
    found = compare(exact, HeldSource(_beside(made, size_of_a, size_of_b)), SUBJECT)
    assert found.against(found.deviation).fault in (Fault.WRONG_FORM, Fault.NOT_THE_SUM)


def test_a_rank_beyond_the_matrix_allows_no_wider_object() -> None:
    """Comparing takes a square of the columns in memory, so a proposer must not choose how many there are."""
    deltas = contributions(2)
    exact = exact_sum(deltas, entries_of(list(deltas)))
    made = make(exact, SUBJECT, rank=10**6)
    assert compare(exact, HeldSource(made), SUBJECT, rank=10**6).against(0).fault is None
    low = _first(made)
    most = min(low.b.shape[0], low.a.shape[1])
    zeros = torch.zeros(most, low.a.shape[1]), torch.zeros(low.b.shape[0], most)
    wide = _changed(made, a=torch.cat([low.a, zeros[0]]), b=torch.cat([low.b, zeros[1]], dim=1))
    name = next(iter(made.modules))
    wide = replace(wide, modules={**wide.modules, name: replace(wide.modules[name], alpha=wide.modules[name].rank)})
    assert compare(exact, HeldSource(wide), SUBJECT, rank=10**6).fault is Fault.WRONG_FORM


def test_a_wider_object_than_its_rank_is_none() -> None:
    deltas = contributions(2)
    exact = exact_sum(deltas, entries_of(list(deltas)))
    made = make(exact, SUBJECT)
    assert compare(exact, HeldSource(made), SUBJECT, rank=5).fault is Fault.WRONG_FORM


def test_an_error_that_is_stated_wrong_is_no_honest_one() -> None:
    assert Compared(deviation=10**8, least=10**8).against(0).fault is Fault.NOT_THE_SUM
    assert Compared(deviation=10**8, least=10**8).against(10**8).fault is None
    assert Compared(deviation=LARGEST + 1, least=LARGEST).against(LARGEST + 1).fault is Fault.ERROR_TOO_LARGE


def test_a_sum_that_is_nothing_has_an_object() -> None:
    deltas = {update: _changed_all(delta) for update, delta in contributions(1).items()}
    exact = exact_sum(deltas, entries_of(list(deltas)))
    made = make(exact, SUBJECT, rank=2)
    assert compare(exact, HeldSource(made), SUBJECT, rank=2).against(0).fault is None
    other = compare(
        exact,
        HeldSource(_changed(made, b=torch.ones_like(_first(made).b), a=torch.ones_like(_first(made).a))),
        SUBJECT,
        rank=2,
    )
    assert other.against(other.deviation).fault is Fault.NOT_THE_SUM


def _changed_all(delta: AdapterDelta) -> AdapterDelta:
    modules = {name: LowRank(low.a, torch.zeros_like(low.b), low.alpha) for name, low in delta.modules.items()}
    return replace(delta, modules=modules, dense={name: torch.zeros_like(one) for name, one in delta.dense.items()})


class _Watched(HeldSource):
    """Tells which modules were read, in order."""

    def __init__(self, delta: AdapterDelta, told: list[str]) -> None:
        super().__init__(delta)
        self._told = told

    def low_rank(self, module: str) -> LowRank:
        self._told.append(module)
        return super().low_rank(module)


def test_one_module_is_read_at_a_time() -> None:
    told: list[str] = []
    deltas = contributions(3)
    exact = exact_sum(deltas, entries_of(list(deltas)))
    exact._sources = {update: _Watched(delta, told) for update, delta in deltas.items()}
    with Workers(1):
        make(exact, SUBJECT, rank=4)
    order = [module for place, module in enumerate(told) if place == 0 or told[place - 1] != module]
    assert order == sorted(exact.modules) and len(told) == len(deltas) * len(exact.modules)
