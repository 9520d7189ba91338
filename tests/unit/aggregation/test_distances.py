"""All pairs at once give the inner products of single pairs, and of dense matrices."""

from __future__ import annotations

import pytest
import torch

from orchestrator.aggregation.distances import cosines, gram_matrix, squared_distances
from orchestrator.contribution import AdapterDelta, LowRank, cosine, distance, inner
from tests.unit.aggregation.make import contributions
from tests.unit.contribution.make import BASE, PARENT, dense_form


def updates() -> list[AdapterDelta]:
    return list(contributions(rounds=2).values())


@pytest.mark.parametrize("threads", [1, 2])
def test_it_agrees_with_single_pairs_and_with_dense_matrices(threads: int) -> None:
    found = updates()
    gram = gram_matrix(found, threads=threads)
    apart, angles = squared_distances(gram), cosines(gram)
    dense = [dense_form(delta) for delta in found]
    for i, left in enumerate(found):
        for j, right in enumerate(found):
            shared = dense[i].keys() & dense[j].keys()
            exact = float(sum((dense[i][name] * dense[j][name]).sum() for name in shared))
            assert float(gram[i, j]) == pytest.approx(inner(left, right), rel=1e-6)
            assert float(gram[i, j]) == pytest.approx(exact, rel=1e-5)
            assert float(apart[i, j]) == pytest.approx(distance(left, right) ** 2, rel=1e-6, abs=1e-6)
            assert float(angles[i, j]) == pytest.approx(cosine(left, right), rel=1e-6)


def test_long_dense_parameters_keep_their_accuracy() -> None:
    """Longer than a tile and no multiple of a run, and two that are nearly the same."""
    generator = torch.Generator().manual_seed(5)
    first = torch.randn(700_001, generator=generator)
    near = first + 1e-3 * torch.randn(700_001, generator=generator)
    found = [AdapterDelta(BASE, PARENT, {}, {"head": tensor}) for tensor in (first, near, -first)]
    exact = torch.stack([delta.dense["head"].double() for delta in found])
    gram = gram_matrix(found)
    assert float((gram - exact @ exact.T).abs().max() / gram.max()) < 1e-8
    apart = float((exact[0] - exact[1]).square().sum())
    assert float(squared_distances(gram)[0, 1]) == pytest.approx(apart, rel=0.01)


def test_threads_give_the_same_bits() -> None:
    assert torch.equal(gram_matrix(updates(), threads=1), gram_matrix(updates(), threads=2))


def test_rotated_factors_are_the_same_update() -> None:
    first = updates()[0]
    turn = torch.linalg.qr(torch.randn(2, 2, generator=torch.Generator().manual_seed(1)))[0]
    turned = {name: LowRank(turn.T @ low.a, low.b @ turn, low.alpha, low.rslora) for name, low in first.modules.items()}
    gram = gram_matrix([first, AdapterDelta(BASE, PARENT, turned)])
    assert float(cosines(gram)[0, 1]) == pytest.approx(1, abs=1e-6)


def test_a_zero_update_has_no_direction() -> None:
    first = updates()[0]
    zero = {name: LowRank(low.a, low.b * 0, low.alpha) for name, low in first.modules.items()}
    assert float(cosines(gram_matrix([first, AdapterDelta(BASE, PARENT, zero)]))[0, 1]) == 0
