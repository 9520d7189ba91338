"""Label recovery from the head's gradient."""

from __future__ import annotations

import pytest
import torch

from orchestrator.attacks.inversion.idlg import head, recovered_label
from orchestrator.errors import DataError
from tests.unit.attacks_inversion.small_victims import CLASSES, lenet, picture


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("label", range(CLASSES))
def test_every_label_is_recovered_with_and_without_a_lock(label: int, locked: bool) -> None:
    observed = lenet(locked=locked, seed=label).observe(*picture(label))
    assert recovered_label(observed.tensors, CLASSES) == label


@pytest.mark.parametrize("label", range(CLASSES))
def test_also_without_a_bias(label: int) -> None:
    tensors = dict(lenet().observe(*picture(label)).tensors)
    del tensors["fc.bias"]
    assert recovered_label(tensors, CLASSES) == label


def test_a_zero_gradient_tells_none() -> None:
    tensors = {name: torch.zeros_like(part) for name, part in lenet().observe(*picture()).tensors.items()}
    with pytest.raises(DataError, match="tells no label"):
        recovered_label(tensors, CLASSES)


def test_there_must_be_a_head() -> None:
    with pytest.raises(DataError, match="no linear layer with 5 classes"):
        head(lenet().observe(*picture()).tensors, 5)
