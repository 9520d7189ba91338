"""What poisoned training samples look like inside a model: spectral signatures and activation clustering.

B. Tran, J. Li, A. Madry, arXiv:1811.00636; B. Chen and others, arXiv:1811.03728 (PCA in place of ICA). Both need the
training samples with the labels they were trained under. So it is the organisation itself that can run them, over data
it got from others; nobody else sees its data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from orchestrator.errors import DataError

Array = NDArray[np.float64]
MOST = 1000
"""Samples of a class that the silhouette is computed on: it compares all pairs."""
COMPONENTS = 10
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Clusters:
    """One class, cut in two.

    Attributes:
        smaller: rows of the smaller part. share: of the class. silhouette: mean, in [−1, 1]; near 0 there are no parts.
    """

    label: int
    smaller: tuple[int, ...]
    share: float
    silhouette: float

    def suspicious(self, *, share: float = 0.35, silhouette: float = 0.15) -> bool:
        """A small part well apart from the rest, by the measures of Chen and others. The bounds are ours."""
        return self.share <= share and self.silhouette >= silhouette


def representations(model: nn.Module, run: Callable[[], object]) -> Array:
    """What the last linear layer of a model reads while ``run`` runs it, [samples, width].

    Raises:
        DataError: the model has no linear layer, or did not run.
    """
    layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise DataError("the model has no linear layer to look in front of")
    kept: list[Tensor] = []

    def keep(module: Any, given: tuple[Tensor, ...]) -> None:
        kept.append(given[0].detach())

    hook = layers[-1].register_forward_pre_hook(keep)
    try:
        with torch.no_grad():
            run()
    finally:
        hook.remove()
    if not kept:
        raise DataError("the model did not run", mend="call it on the samples")
    return np.asarray(torch.cat(kept).double().numpy())


def spectral_scores(features: Array, labels: NDArray[np.int64]) -> Array:
    """Squared length along the direction in which the sample's class spreads most, [samples].

    Args:
        features: [samples, width]. labels: as trained under, [samples].

    Raises:
        DataError: no sample, or numbers differ.
    """
    scores = np.zeros(len(_checked(features, labels)))
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        scores[rows] = (_components(features[rows], 1)[:, 0]) ** 2
    return scores


def spectral_removed(scores: Array, labels: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """Rows to take out: of each class the highest scores, half as many again as the share feared to be poisoned.

    Raises:
        DataError: the share is not in (0, 1).
    """
    if not 0 < share < 1:
        raise DataError(f"{share} is no share of poisoned samples", mend="give one between 0 and 1")
    removed: list[int] = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = min(len(rows), int(np.ceil(1.5 * share * len(rows) - 1e-9)))
        removed.extend(rows[np.argsort(-scores[rows], kind="stable")[:count]].tolist())
    return np.sort(np.asarray(removed, dtype=np.int64))


def activation_clusters(features: Array, labels: NDArray[np.int64]) -> tuple[Clusters, ...]:
    """Each class of four samples or more cut in two by 2-means on its first ten principal components.

    Raises:
        DataError: no sample, or numbers differ.
    """
    _checked(features, labels)
    found = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(rows) >= 4:
            points = _components(features[rows], COMPONENTS)
            second = _halves(points)
            smaller = second if second.sum() * 2 <= len(rows) else ~second
            silhouette = _silhouette(points, smaller)
            found.append(Clusters(int(label), tuple(rows[smaller].tolist()), float(smaller.mean()), silhouette))
    return tuple(found)


def _components(features: Array, count: int) -> Array:
    """Places along the first principal directions, [samples, at most count]."""
    centred = features - features.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    places: Array = (left * sizes)[:, :count]
    return places


def _halves(points: Array) -> NDArray[np.bool_]:
    """2-means from the two sides of the first direction, so that nothing is drawn."""
    second = points[:, 0] > 0
    for _ in range(_ROUNDS):
        if second.all() or not second.any():
            break
        centres = np.stack([points[~second].mean(0), points[second].mean(0)])
        distances = ((points[:, None] - centres[None]) ** 2).sum(2)
        moved = distances[:, 1] < distances[:, 0]
        if (moved == second).all():
            break
        second = moved
    return np.asarray(second)


def _silhouette(points: Array, smaller: NDArray[np.bool_]) -> float:
    """Mean over samples of (b − a)/max(a, b), a the mean distance to the own part, b to the other; 0 of one alone."""
    chosen = np.linspace(0, len(points) - 1, min(len(points), MOST)).astype(int)
    points, smaller = points[chosen], smaller[chosen]
    if smaller.sum() < 2 or (~smaller).sum() < 2:
        return 0.0
    distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(2))
    same = smaller[:, None] == smaller[None]
    own = (distances * same).sum(1) / (same.sum(1) - 1)
    other = (distances * ~same).sum(1) / (~same).sum(1)
    return float(((other - own) / np.maximum(np.maximum(own, other), 1e-12)).mean())


def _checked(features: Array, labels: NDArray[np.int64]) -> Array:
    if not len(features) or len(features) != len(labels):
        raise DataError(f"{len(features)} samples and {len(labels)} labels", mend="give one label a sample")
    return features
