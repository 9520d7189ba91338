"""Figures beside a retrained model: by hand, and what must hold for any."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from orchestrator.errors import DataError
from orchestrator.unlearning.figures import (
    distance,
    gap,
    loss_line,
    priv_leak,
    tow_product,
    tow_to_retrained,
)

SHARE = st.floats(0, 1)


def test_gaps_and_tugs_of_war() -> None:
    assert gap(0.75, 0.5) == 25.0
    assert tow_to_retrained((0.5, 0.9, 0.8), (0.5, 0.9, 0.8)) == 100.0
    assert tow_to_retrained((0.6, 0.8, 0.8), (0.5, 1.0, 0.8)) == pytest.approx(100 * 0.9 * 0.8)
    assert tow_product(0.1, 0.9, 0.8) == pytest.approx(64.8)


@given(st.tuples(SHARE, SHARE, SHARE), st.tuples(SHARE, SHARE, SHARE))
def test_tow_is_symmetric_and_bounded(one: tuple[float, float, float], other: tuple[float, float, float]) -> None:
    assert tow_to_retrained(one, other) == pytest.approx(tow_to_retrained(other, one))
    assert 0 <= tow_to_retrained(one, other) <= 100


def test_priv_leak() -> None:
    assert priv_leak(0.5, 0.5) == 0.0
    assert priv_leak(0.75, 0.5) == -50.0  # half of what is private leaks
    assert priv_leak(0.25, 0.5) == 50.0
    assert priv_leak(0.5, 1.0) is None


def test_distance_by_hand() -> None:
    first = {"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor([3.0])}
    second = {"a": torch.tensor([[1.0, 0.0]]), "b": torch.tensor([0.0])}
    assert distance(first, second) == pytest.approx(math.sqrt(13))
    assert distance(first, first) == 0.0


@pytest.mark.parametrize("other", [{}, {"b": torch.zeros(2)}, {"a": torch.zeros(3)}])
def test_models_of_another_kind_have_no_distance(other: dict[str, torch.Tensor]) -> None:
    with pytest.raises(DataError, match="not of one kind"):
        distance({"a": torch.zeros(2)}, other)


class Bowl(nn.Module):
    """A weight and a buffer; the loss is a function of both."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([7.0]))
        self.norm = nn.BatchNorm1d(1)


def states(model: Bowl, weight: float, mean: float, count: int) -> dict[str, torch.Tensor]:
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state["weight"].fill_(weight)
    state["norm.running_mean"].fill_(mean)
    state["norm.num_batches_tracked"].fill_(count)
    return state


def test_the_barrier_of_a_double_well() -> None:
    """(w² − 1)² is 0 at both ends and 1 half-way."""
    model = Bowl().train()
    line = loss_line(model, states(model, -1, 0, 1), states(model, 1, 0, 1), lambda: float((model.weight**2 - 1) ** 2))
    assert len(line.places) == 21 and line.places[:2] == (0.0, 0.05) and line.places[-1] == 1.0
    assert line.losses[0] == line.losses[-1] == 0.0
    assert line.losses[10] == pytest.approx(1.0) and line.barrier == pytest.approx(1.0)
    assert model.weight.item() == 7.0 and model.training and model.norm.training


def test_buffers_are_interpolated_too_and_counters_are_not() -> None:
    model = Bowl()
    seen: list[tuple[float, int]] = []

    def loss() -> float:
        assert not model.training and not torch.is_grad_enabled()
        assert model.norm.running_mean is not None and model.norm.num_batches_tracked is not None
        seen.append((float(model.norm.running_mean), int(model.norm.num_batches_tracked)))
        return seen[-1][0]

    line = loss_line(model, states(model, 0, 0, 10), states(model, 0, 4, 30), loss, stride=0.25)
    assert seen == [(0.0, 10), (1.0, 10), (2.0, 30), (3.0, 30), (4.0, 30)]
    assert line.barrier == pytest.approx(0.0)  # a straight slope is no barrier


def test_a_failing_measurement_leaves_the_model_as_it_was() -> None:
    model = Bowl()

    def loss() -> float:
        raise DataError("no data")

    with pytest.raises(DataError, match="no data"):
        loss_line(model, states(model, 1, 1, 1), states(model, 2, 2, 2), loss)
    assert model.weight.item() == 7.0
    with pytest.raises(DataError, match="no tensor other"):
        loss_line(model, {"other": torch.zeros(1)}, {"other": torch.ones(1)}, loss)


def test_figures_and_numpy_attacks_load_no_torch() -> None:
    """A certificate's figures are checked where torch is not installed."""
    code = (
        "import sys, orchestrator.unlearning.figures, orchestrator.unlearning.evaluation.gate\n"
        "print(sorted({'torch', 'numpy'} & set(sys.modules)))\n"
        "import orchestrator.attacks.membership, orchestrator.attacks.extraction\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "False"]
