"""Noise of hardenings in a fold: the same bits in memory and from file to file, on every device and in every part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from unit.ledger.actors import word_of

from orchestrator import hardening
from orchestrator.aggregation import FoldedModel, FoldEntry, Ground, fold_folder, ordered, strategy_named
from orchestrator.aggregation.entries import AnyEntry, hardenings_of
from orchestrator.aggregation.folded import held_by
from orchestrator.aggregation.noise import Noises
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.ledger.hardenings import HardeningEntry
from orchestrator.types import OrganisationId, RequestId, UpdateId
from tests.unit.aggregation.folders import base_folder, held, stored
from tests.unit.aggregation.make import Little, contributions, entries_of, shapes_of
from tests.unit.aggregation.test_engine import DEVICES, least_budget, tensors_in
from tests.unit.contribution.make import BASE

SIGMA = 3_000_000
PROJ = ("q_proj", "v_proj")


def noise(round_number: int = 1, *, sigma_nano: int = SIGMA, modules: tuple[str, ...] = PROJ) -> HardeningEntry:
    request = RequestId(word_of("request", round_number))
    return HardeningEntry(request, round_number, hardening.METHOD, sigma_nano, modules, word_of("seed", round_number))


def moved(entries: list[Any], deltas: dict[UpdateId, AdapterDelta], device: str = "cpu") -> FoldedModel:
    folded = FoldedModel(Little().to(device), BASE)
    folded.move(entries, deltas.__getitem__)
    return folded


def weights(folded: FoldedModel) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone().cpu() for name, tensor in folded.model.named_parameters()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def drawn(name: str, entry: HardeningEntry) -> torch.Tensor:
    shape = shapes_of(Little())[name]
    numbers = hardening.noise(entry.seed, name, 0, torch.Size(shape).numel(), entry.sigma_nano)
    return torch.from_numpy(numbers).view(shape)


@pytest.fixture(scope="module")
def deltas() -> dict[UpdateId, AdapterDelta]:
    return contributions()


def test_it_is_added_to_the_sum_and_that_to_the_base(deltas: dict[UpdateId, AdapterDelta]) -> None:
    entries, entry = entries_of(list(deltas)), noise()
    without, found = weights(moved(entries, deltas)), weights(moved([*entries, entry], deltas))
    base = dict(Little().named_parameters())
    for name, tensor in found.items():
        if "proj" in name:
            change = (without[name] - base[name]) + drawn(name, entry)
            assert torch.allclose(tensor, base[name] + change, atol=1e-6) and not torch.equal(tensor, without[name])
        else:
            assert torch.equal(tensor, without[name]), "heads and norms get none"
    alone = weights(moved([entry], deltas))
    assert all(torch.equal(alone[name], base[name] + drawn(name, entry)) for name in base if "proj" in name)


def test_where_it_is_listed_changes_nothing_and_it_goes_without_a_trace(deltas: dict[UpdateId, AdapterDelta]) -> None:
    entries = entries_of(list(deltas))
    folded = moved([noise(2), *entries, noise(1)], deltas)
    hard = weights(folded)
    assert same(hard, weights(moved([noise(1), noise(2), *entries], deltas)))
    assert folded.held == held_by([*entries, noise(1), noise(2)]) != held_by(entries)
    folded.move(entries, deltas.__getitem__)
    assert same(weights(folded), weights(moved(entries, deltas))) and folded.held == held_by(entries)
    folded.move([*entries, noise(1), noise(2)], deltas.__getitem__)
    assert same(weights(folded), hard), "sums that were kept hold no noise"
    folded.reset()
    assert same(weights(folded), {name: tensor.detach() for name, tensor in Little().named_parameters()})


def test_only_the_modules_that_the_entry_names(deltas: dict[UpdateId, AdapterDelta]) -> None:
    base, found = dict(Little().named_parameters()), weights(moved([noise(modules=("v_proj",))], deltas))
    assert {name for name in base if not torch.equal(base[name], found[name])} == {"h.0.v_proj.weight"}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("tight", [False, True])
def test_from_file_to_file_it_has_the_same_bits(
    tmp_path: Path, deltas: dict[UpdateId, AdapterDelta], device: str, threads: int, tight: bool
) -> None:
    """Also on tensors that no contribution is left on, in whatever memory."""
    kept = {update: delta for update, delta in deltas.items() if update.startswith("1-")}
    entries: list[AnyEntry] = [*entries_of(list(kept)), noise(1), noise(2)]
    base = stored(base_folder(tmp_path / "base"))
    sources = held(kept)
    budget = 2 * least_budget(base, list(ordered(entries)), sources) if tight else None
    how: dict[str, Any] = {"device": device, "threads": threads, "budget": budget, "shapes": shapes_of(Little())}
    for name, chosen in {"out": list(entries), "bare": list(entries[-1:])}.items():
        fold_folder(base, chosen, sources, tmp_path / name, **how)
        found = tensors_in(tmp_path / name)
        expected = weights(moved(chosen, kept, device))
        assert all(torch.equal(found[key], tensor) for key, tensor in expected.items())


def test_a_fold_with_noise_is_another_fold(tmp_path: Path, deltas: dict[UpdateId, AdapterDelta]) -> None:
    entries, base = entries_of(list(deltas)), stored(base_folder(tmp_path / "base"))
    shapes = shapes_of(Little())
    plans = {
        name: fold_folder(base, chosen, held(deltas), tmp_path / name, shapes=shapes).plan
        for name, chosen in {"without": entries, "with": [*entries, noise()], "other": [*entries, noise(2)]}.items()
    }
    assert len(set(plans.values())) == 3
    assert fold_folder(base, entries, held(deltas), tmp_path / "again").plan == plans["without"]


def test_files_alone_do_not_tell_which_tensors_are_adapted(tmp_path: Path) -> None:
    base = stored(base_folder(tmp_path / "base"))
    with pytest.raises(ConfigurationError, match="a manifest with noise is folded by the model's shapes"):
        fold_folder(base, [noise()], {}, tmp_path / "out")
    with pytest.raises(ProtocolError, match=r"a hardening changes gone\.q_proj\.weight, which the model does not have"):
        fold_folder(base, [noise()], {}, tmp_path / "out", shapes={"gone.q_proj.weight": (4, 4)})


def test_any_part_of_a_tensor_alone() -> None:
    entry = noise()
    noises = Noises.of([entry], {"h.q_proj.weight": (300, 24)})
    whole = torch.zeros(300, 24)
    noises.add(whole, "h.q_proj.weight")
    for start, end in ((0, 1), (7, 256), (256, 300)):
        part = torch.zeros(end - start, 24)
        noises.add(part, "h.q_proj.weight", 24 * start)
        assert torch.equal(part, whole[start:end])
    turned = torch.zeros(24, 300).t()
    noises.add(turned, "h.q_proj.weight")
    assert torch.equal(turned, whole) and not turned.is_contiguous()
    assert float(whole.std()) == pytest.approx(SIGMA / 1e9, rel=0.05)


def test_contributions_and_noise_are_told_apart(deltas: dict[UpdateId, AdapterDelta]) -> None:
    entries: list[FoldEntry] = entries_of(list(deltas))
    assert ordered([noise(2), *entries, noise(1)]) == tuple(entries)
    assert hardenings_of([noise(2), *entries, noise(1)]) == (noise(1), noise(2))


def test_a_start_counts_rounds_and_not_their_numbers() -> None:
    """So that a round that is trained again begins as it would have begun without what was revoked."""
    strategy: Any = strategy_named("fedit")
    entries = [FoldEntry(UpdateId(str(number)), number, OrganisationId("aurora"), 1) for number in (1, 5)]
    modules = {"h.q_proj": (300, 24)}

    def start(*which: FoldEntry, rounds: int | None = None) -> torch.Tensor:
        made: torch.Tensor = strategy.start(Ground(7, 2, modules, which, {}.__getitem__, rounds)).a["h.q_proj"]
        return made

    assert torch.equal(start(*entries), start(entries[0], entries[1], rounds=2))
    assert torch.equal(start(entries[1]), start(entries[0])) and not torch.equal(start(*entries), start(entries[0]))
    assert torch.equal(start(entries[1], rounds=2), start(*entries)), "one entry that stands for two rounds"
