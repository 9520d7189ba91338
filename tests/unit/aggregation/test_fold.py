"""The fold is exact, the same bits whatever came before it, and refuses what does not fit."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch

from orchestrator.aggregation import WEIGHT_ONE, Accumulator, FoldedModel, FoldEntry, Opener, Stack
from orchestrator.aggregation.strategies.stack import STACK_COLUMNS
from orchestrator.aggregation.tiles import TILE_ROWS
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.models.base import state_digest
from orchestrator.types import Digest, UpdateId
from tests.unit.aggregation.make import Little, contributions, entries_of, reference, shapes_of
from tests.unit.contribution.make import BASE, make_delta

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
"""Where there is no GPU the second device is no test, rather than a skipped one."""


def fresh(device: str = "cpu") -> FoldedModel:
    return FoldedModel(Little().to(device), BASE)


def sums_of(
    folded: FoldedModel, entries: list[FoldEntry], deltas: Mapping[UpdateId, AdapterDelta]
) -> dict[str, torch.Tensor]:
    adding = Accumulator(Stack(), BASE, folded._zeros, folded.device)
    adding.run(tuple(entries), deltas.__getitem__)
    return adding.sums


def version_1(entries: list[FoldEntry], deltas: Mapping[UpdateId, AdapterDelta]) -> dict[str, torch.Tensor]:
    """The order of operations that fold version 1 fixes, written down plainly; one stack a round."""
    sums = {name: torch.zeros(shape) for name, shape in shapes_of(Little()).items()}
    for number in sorted({entry.round for entry in entries}):
        group = [(entry.weight / WEIGHT_ONE, deltas[entry.update_id]) for entry in entries if entry.round == number]
        for module in group[0][1].modules:
            lows = [(weight, delta.modules[module]) for weight, delta in group]
            left = torch.cat([low.b.float() * (weight * low.scale) for weight, low in lows], dim=1)
            right = torch.cat([low.a.float() for _, low in lows])
            for start in range(0, left.shape[0], TILE_ROWS):
                sums[f"{module}.weight"][start : start + TILE_ROWS].addmm_(left[start : start + TILE_ROWS], right)
        for weight, delta in group:
            for name, tensor in delta.dense.items():
                sums[name].add_(tensor.float(), alpha=weight)
    return sums


def relative_error(found: torch.Tensor, exact: torch.Tensor) -> float:
    return float((found.cpu().double() - exact).norm() / exact.norm())


def test_the_matrices_are_larger_than_a_tile() -> None:
    assert Little().h[0].q_proj.weight.shape[0] > TILE_ROWS


@pytest.mark.parametrize("device", DEVICES)
def test_error_against_float64(device: str) -> None:
    deltas = contributions(rounds=3)
    entries = entries_of(list(deltas))
    folded = fresh(device)
    sums = sums_of(folded, entries, deltas)
    exact = reference(entries, deltas)
    assert sums.keys() == exact.keys()
    for name, found in sums.items():
        assert relative_error(found, exact[name]) <= 1e-6


def test_the_bits_are_those_of_fold_version_1() -> None:
    deltas = contributions(rounds=3)
    entries = entries_of(list(deltas))
    plain = version_1(entries, deltas)
    for name, found in sums_of(fresh(), entries, deltas).items():
        assert torch.equal(found, plain[name])


def test_more_columns_than_one_stack() -> None:
    members = [f"m{number:03}" for number in range(60)]
    deltas = contributions(rounds=1, members=members)
    assert sum(next(iter(delta.modules.values())).rank for delta in deltas.values()) > STACK_COLUMNS
    entries = entries_of(list(deltas))
    folded = fresh()
    sums = sums_of(folded, entries, deltas)
    for name, exact in reference(entries, deltas).items():
        assert relative_error(sums[name], exact) <= 1e-6


@pytest.mark.parametrize("device", DEVICES)
def test_dropping_leaves_the_bits_of_never_having_had_it(device: str) -> None:
    deltas = contributions()
    rest = [update for update in deltas if not update.endswith("cumulus")]
    never = fresh(device)
    never.move(entries_of(rest), deltas.__getitem__)

    had = fresh(device)
    had.move(entries_of(list(deltas)), deltas.__getitem__)
    before = state_digest(had.model)
    had.move(entries_of(rest), deltas.__getitem__)
    assert state_digest(had.model) == state_digest(never.model) != before

    had.move(entries_of(list(deltas)), deltas.__getitem__)
    assert state_digest(had.model) == before


def test_dropping_the_only_dense_contribution_restores_the_head() -> None:
    deltas = contributions(rounds=1)
    folded = fresh()
    folded.move(entries_of(list(deltas)), deltas.__getitem__)
    assert not torch.equal(folded.model.score.weight, Little().score.weight)
    folded.move(entries_of([update for update in deltas if not update.endswith("cumulus")]), deltas.__getitem__)
    assert torch.equal(folded.model.score.weight, Little().score.weight)


def test_reset_is_the_base() -> None:
    base = state_digest(Little())
    deltas = contributions()
    folded = fresh()
    folded.move(entries_of(list(deltas)), deltas.__getitem__)
    assert folded.touched == ("h.0.q_proj.weight", "h.0.v_proj.weight", "score.weight")
    folded.reset()
    assert state_digest(folded.model) == base
    assert folded.entries == ()


def test_order_of_arrival_does_not_matter() -> None:
    deltas = contributions()
    entries = entries_of(list(deltas))
    digests = set()
    for seed in range(6):
        random.Random(seed).shuffle(entries)
        folded = fresh()
        folded.move(entries, deltas.__getitem__)
        digests.add(state_digest(folded.model))
    assert len(digests) == 1


def test_threads_do_not_matter() -> None:
    deltas = contributions()
    digests, before = set(), torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        folded = fresh()
        folded.move(entries_of(list(deltas)), deltas.__getitem__)
        digests.add(state_digest(folded.model))
    torch.set_num_threads(before)
    assert len(digests) == 1


def test_going_on_from_earlier_rounds_opens_only_what_is_new_and_gives_the_same_bits() -> None:
    deltas = contributions(rounds=4)
    opened: list[UpdateId] = []

    def opener(update: UpdateId) -> AdapterDelta:
        opened.append(update)
        return deltas[update]

    moving = fresh()
    for rounds in (2, 3, 4):
        entries = entries_of([update for update in deltas if int(update[0]) <= rounds])
        opened.clear()
        moving.move(entries, opener)
        assert {update[0] for update in opened} == ({"1", "2"} if rounds == 2 else {str(rounds - 1), str(rounds)})
        straight = fresh()
        straight.move(entries, opener)
        assert state_digest(moving.model) == state_digest(straight.model)

    opened.clear()
    rest = entries_of([update for update in deltas if update != "1-aurora"])
    moving.move(rest, opener)
    assert sorted(opened) == sorted(set(deltas) - {"1-aurora"}), "no sum that held a dropped contribution is used"
    straight = fresh()
    straight.move(rest, opener)
    assert state_digest(moving.model) == state_digest(straight.model)

    moving.reset()
    opened.clear()
    moving.move(rest, opener)
    assert len(opened) == len(rest), "nothing is left after a reset"


def test_each_contribution_is_opened_once_in_order() -> None:
    deltas = contributions()
    opened: list[UpdateId] = []

    def opener(update: UpdateId) -> AdapterDelta:
        opened.append(update)
        return deltas[update]

    fresh().move(reversed(entries_of(list(deltas))), opener)
    assert opened == sorted(deltas)


def failing(deltas: dict[UpdateId, AdapterDelta], **changes: AdapterDelta) -> Opener:
    return {**deltas, **{key.replace("_", "-"): value for key, value in changes.items()}}.__getitem__  # type: ignore[dict-item]


def test_a_fold_that_fails_changes_nothing() -> None:
    deltas = contributions()
    entries = entries_of(list(deltas))
    folded = fresh()
    folded.move(entries, deltas.__getitem__)
    before = state_digest(folded.model)
    strange = {
        "another base": replace(deltas[UpdateId("2-borealis")], base=Digest("0x" + "00" * 32)),
        "does not have": make_delta(1, shapes={"h.5.q_proj.weight": (300, 24)}),
        "does not fit": make_delta(1, shapes={"h.0.q_proj.weight": (24, 24)}),
    }
    for message, delta in strange.items():
        with pytest.raises(ProtocolError, match=message):
            folded.move(entries, failing(deltas, **{"2_borealis": delta}))
        assert state_digest(folded.model) == before


def test_twice_the_same_contribution() -> None:
    deltas = contributions()
    entries = entries_of(list(deltas))
    with pytest.raises(ProtocolError, match="twice"):
        fresh().move([*entries, entries[0]], deltas.__getitem__)
    with pytest.raises(ProtocolError, match="negative"):
        fresh().move([replace(entries[0], weight=-1)], deltas.__getitem__)


def test_a_half_precision_model_is_not_folded() -> None:
    deltas = contributions()
    folded = FoldedModel(Little().bfloat16(), BASE)
    with pytest.raises(ConfigurationError, match="float32"):
        folded.move(entries_of(list(deltas)), deltas.__getitem__)


def test_bf16_contributions_fold_in_fp32() -> None:
    shapes = {name: shape for name, shape in shapes_of(Little()).items() if "proj" in name}
    delta = make_delta(3, dtype=torch.bfloat16, shapes=shapes)
    entries = [FoldEntry(UpdateId("1-aurora"), 1, "aurora", 1 << 31)]  # type: ignore[arg-type]
    sums = sums_of(fresh(), entries, {UpdateId("1-aurora"): delta})
    for name, exact in reference(entries, {UpdateId("1-aurora"): delta}).items():
        assert sums[name].dtype == torch.float32
        assert relative_error(sums[name], exact) <= 1e-6
