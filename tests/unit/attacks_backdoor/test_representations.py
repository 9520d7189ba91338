"""Poisoned samples stand out inside a model; spectral scores are squared places along the largest eigenvector."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from orchestrator.attacks.backdoor.representations import (
    activation_clusters,
    representations,
    spectral_removed,
    spectral_scores,
)
from orchestrator.errors import DataError

LABELS = np.repeat(np.arange(2), 60)


def features(poisoned: int) -> np.ndarray:
    """Two round classes of 60 samples; the last ones of the second lie elsewhere."""
    draw = np.random.default_rng(0)
    found = draw.normal(size=(120, 12)) + 4 * LABELS[:, None]
    if poisoned:
        found[-poisoned:, 0] += 9.0
    return found


def test_the_direction_of_most_spread_tells_the_poisoned() -> None:
    scores = spectral_scores(features(9), LABELS)
    removed = spectral_removed(scores, LABELS, 0.1)
    assert set(range(111, 120)) <= set(removed.tolist()) and len(removed) == 18
    centred = features(9)[60:] - features(9)[60:].mean(0)
    direction = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    assert scores[60:] == pytest.approx((centred @ direction) ** 2)


def test_a_small_part_well_apart_is_suspicious_and_round_classes_are_not() -> None:
    clean, planted = activation_clusters(features(9), LABELS)
    assert planted.suspicious() and not clean.suspicious()
    assert planted.smaller == tuple(range(111, 120)) and planted.share == pytest.approx(0.15)
    assert not any(item.suspicious() for item in activation_clusters(features(0), LABELS))


def test_what_the_last_layer_reads() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    inputs = torch.ones(5, 3)
    with torch.no_grad():
        inside = net[1](net[0](inputs)).double().numpy()
    assert representations(net, lambda: net(inputs)) == pytest.approx(inside)
    with pytest.raises(DataError, match="did not run"):
        representations(net, lambda: None)
    with pytest.raises(DataError, match="no linear layer"):
        representations(nn.ReLU(), lambda: None)


def test_samples_without_labels_are_refused() -> None:
    with pytest.raises(DataError, match="labels"):
        spectral_scores(features(0), LABELS[:3])
    with pytest.raises(DataError, match="no share"):
        spectral_removed(np.ones(3), LABELS[:3], 1.0)
    assert activation_clusters(features(0)[:3], LABELS[:3]) == ()
