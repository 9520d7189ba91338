"""Subspaces: ranks by gaps, angles down to rounding, and what noise leaves."""

from __future__ import annotations

import math

import pytest
import torch

from orchestrator.attacks.inversion.spans import Probe, distance, residuals, row_span
from orchestrator.errors import DataError


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_rank_is_where_singular_values_fall() -> None:
    product = (drawn(20, 3) @ drawn(3, 40, seed=1)).float()
    found = row_span([product])
    assert (found.rank, found.exact) == (3, True)
    assert float(residuals(found, product).max()) < 1e-5


def test_matrices_of_very_different_size_count_alike() -> None:
    first, second = drawn(2, 30), 1e-7 * drawn(2, 30, seed=1)
    found = row_span([torch.cat([first, first]), torch.cat([second, second])])
    assert (found.rank, found.exact) == (4, True)
    assert float(residuals(found, second).max()) < 1e-7


def test_without_a_gap_all_directions_are_taken_up_to_half_of_the_room() -> None:
    assert (row_span([drawn(8, 40)]).rank, row_span([drawn(8, 40)]).exact) == (8, False)
    assert row_span([drawn(60, 40)]).rank == 20


def test_zero_gives_nothing_away() -> None:
    found = row_span([torch.zeros(4, 10)])
    assert found.rank == 0
    assert residuals(found, drawn(3, 10)).tolist() == [1, 1, 1]


@pytest.mark.parametrize("sine", [1e-9, 1e-6, 1e-3, 0.3])
def test_small_angles_keep_their_digits(sine: float) -> None:
    plane = row_span([torch.eye(5, dtype=torch.float64)[:2].repeat(2, 1)])
    assert plane.rank == 2
    vector = torch.tensor([[math.cos(math.asin(sine)), 0, 0, sine, 0]], dtype=torch.float64)
    assert float(residuals(plane, 7 * vector)) == pytest.approx(sine, rel=1e-6)


def test_of_noisy_rows_the_directions_above_the_noise_are_left() -> None:
    signal = 100 * drawn(20, 2) @ drawn(2, 40, seed=1)
    found = row_span([signal + 0.1 * drawn(20, 40, seed=2)], noise=0.1)
    assert found.rank == 2
    assert row_span([0.1 * drawn(20, 40, seed=2)], noise=0.1).rank == 1


def test_a_probe_with_a_factor_looks_at_the_product_and_one_of_several_is_enough() -> None:
    factor, inputs = drawn(6, 30), drawn(3, 30, seed=1)
    seen = Probe(row_span([drawn(5, 2, seed=2) @ (inputs[:2] @ factor.T)]), factor)
    assert float(seen(inputs)[:2].max()) < 1e-7 < 0.1 < float(seen(inputs)[2])
    other = Probe(row_span([inputs[2:].repeat(2, 1)]))
    assert float(distance([seen, other], inputs).max()) < 1e-7


def test_a_span_of_nothing_or_of_what_is_not_finite_is_refused() -> None:
    for matrices in ([], [torch.tensor([[math.nan, 1.0]])]):
        with pytest.raises(DataError, match="finite"):
            row_span(matrices)
