"""Membership inference: how well an attacker tells samples that a model was trained on from others.

Every attack gives each sample a score, higher for "was trained on"; :func:`judge` turns the scores of members and of
others into AUC and true positive rate at a false positive rate. All works on numbers that were measured elsewhere.

Sources: loss (Yeom and others, 2018); Min-K%++ (Zhang and others, arXiv 2404.02936); RMIA, offline (Zarifzadeh and
others, arXiv 2312.03262); LiRA with one variance for all samples, as suits few references (Carlini and others, arXiv
2112.03570).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orchestrator.errors import DataError

Array = NDArray[np.float64]
FALSE_POSITIVE_RATES = (0.001, 0.01, 0.1)
_SMALLEST = 1e-12
"""A spread below this is taken for none: what is divided by it would be noise."""


@dataclass(frozen=True, slots=True)
class Membership:
    """How an attack fared.

    Attributes:
        auc: 0.5 for guessing. tpr: true positive rate by false positive rate. members, others: how many of each.
    """

    auc: float
    tpr: Mapping[float, float]
    members: int
    others: int


def judge(members: ArrayLike, others: ArrayLike, rates: Sequence[float] = FALSE_POSITIVE_RATES) -> Membership:
    """AUC and true positive rates of an attack's scores.

    Args:
        members, others: scores of samples that were, and that were not, trained on.

    Raises:
        DataError: one of them is empty or holds what is no number.
    """
    inside, outside = _scores(members), _scores(others)
    tpr = {rate: tpr_at(inside, outside, rate) for rate in rates}
    return Membership(auc(inside, outside), tpr, len(inside), len(outside))


def auc(members: ArrayLike, others: ArrayLike) -> float:
    """P(a member's score is above another's) + ½ P(they are equal): the area under the ROC curve, by ranks.

    Raises:
        DataError: one of them is empty or holds what is no number.
    """
    inside, outside = _scores(members), np.sort(_scores(others))
    below = np.searchsorted(outside, inside, side="left")
    not_above = np.searchsorted(outside, inside, side="right")
    return float((below + not_above).sum() / (2 * len(inside) * len(outside)))


def tpr_at(members: ArrayLike, others: ArrayLike, rate: float) -> float:
    """Largest share of members above a threshold that at most the share ``rate`` of the others is above.

    Samples of equal score are on one side of every threshold; between thresholds nothing is interpolated. With fewer
    than 1/rate others it means: above all of them.

    Raises:
        DataError: one of them is empty or holds what is no number.
    """
    inside, outside = _scores(members), np.sort(_scores(others))[::-1]
    allowed = math.floor(rate * len(outside) + 1e-9)
    if allowed >= len(outside):
        return 1.0
    return float((inside > outside[allowed]).mean())


def loss_scores(losses: ArrayLike) -> Array:
    """Scores of the loss attack: the smaller a sample's loss, the likelier it was trained on."""
    return -np.asarray(losses, dtype=np.float64)


def min_k_scores(
    log_probabilities: Sequence[ArrayLike],
    means: Sequence[ArrayLike],
    deviations: Sequence[ArrayLike],
    *,
    share: float = 0.2,
) -> Array:
    """Scores of Min-K%++: the mean of the lowest ``share`` of (log p − μ)/σ of a sample's tokens.

    Args:
        log_probabilities: for each sample those of its tokens.
        means, deviations: of log p over the vocabulary under the model's own distribution, at the same places.

    Raises:
        DataError: a sample has no token.
    """
    found = []
    for tokens, mean, deviation in zip(log_probabilities, means, deviations, strict=True):
        spread = np.maximum(np.asarray(deviation, dtype=np.float64), _SMALLEST)
        ratios = np.sort((np.asarray(tokens, dtype=np.float64) - np.asarray(mean, dtype=np.float64)) / spread)
        if not len(ratios):
            raise DataError("Min-K%++ needs at least one token a sample", mend="give longer texts")
        found.append(ratios[: max(1, math.floor(share * len(ratios)))].mean())
    return np.asarray(found, dtype=np.float64)


def rmia_scores(
    target: ArrayLike,
    references: ArrayLike,
    population_target: ArrayLike,
    population_references: ArrayLike,
    *,
    gamma: float = 1.0,
    offline: float = 1.0,
) -> Array:
    """Scores of RMIA: share of the population z with [p(x|θ)/p(x)] / [p(z|θ)/p(z)] ≥ γ.

    Offline, no reference was trained on x, and p(x) = ½((1 + a)·p̄(x) + (1 − a)), p̄ the mean over the references.

    Args:
        target: log p(x|θ) of each sample, shape (samples,). references: log p(x) by reference, (references, samples).
        population_target: log p(z|θ), (population,). population_references: (references, population).
        gamma: γ. offline: a; 1 leaves p̄ as it is.

    Raises:
        DataError: there is no reference or no population.
    """
    x = _log_ratios(target, references, offline)
    z = np.sort(_log_ratios(population_target, population_references, offline))
    # tiny differences of equal sums are no difference: γ is met from just below on
    reached = np.searchsorted(z, x - math.log(gamma) + 1e-9, side="right")
    return np.asarray(reached / len(z), dtype=np.float64)


def lira_scores(target: ArrayLike, out: ArrayLike, inside: ArrayLike | None = None) -> Array:
    """Scores of LiRA on φ = log(p/(1 − p)), with one variance for all samples.

    Args:
        target: log p(x|θ) of each sample, shape (samples,).
        out: log p(x) under references that never saw the sample, (references, samples).
        inside: the same of references that saw it; None for the offline attack, log P(φ_out ≤ φ).

    Raises:
        DataError: there is no reference, or they say the same of all samples.
    """
    phi, others = logit(target), logit(_table(out))
    if inside is None:
        return _log_normal_below((phi - others.mean(0)) / global_deviation(others))
    known = logit(_table(inside))
    return _log_density(phi, known) - _log_density(phi, others)


def logit(log_probability: ArrayLike) -> Array:
    """φ = log(p/(1 − p)) of log p, kept finite where p is 1 or 0 in the machine's numbers."""
    values = np.clip(np.asarray(log_probability, dtype=np.float64), -700.0, -1e-15)
    return values - np.log(-np.expm1(values))


def global_deviation(references: ArrayLike) -> float:
    """One standard deviation for all samples: around each sample's mean over the references; of one reference, over
    the samples.

    Args:
        references: φ, shape (references, samples).

    Raises:
        DataError: there is no reference, or no spread at all.
    """
    phi = _table(references)
    count, samples = phi.shape
    if count > 1:
        found = math.sqrt(float(((phi - phi.mean(0)) ** 2).sum()) / ((count - 1) * samples))
    else:
        found = float(phi.std())
    if found < _SMALLEST:
        raise DataError("the references say the same of every sample", mend="give references of other seeds or data")
    return found


def _log_density(phi: Array, references: Array) -> Array:
    deviation = global_deviation(references)
    return np.asarray(-math.log(deviation) - ((phi - references.mean(0)) / deviation) ** 2 / 2, dtype=np.float64)


def _log_normal_below(z: Array) -> Array:
    """log Φ(z): by erfc, and below −30, where that is 0, by its leading term."""
    return np.asarray([_log_phi(float(value)) for value in np.atleast_1d(z)], dtype=np.float64)


def _log_phi(z: float) -> float:
    if z < -30:
        return -z * z / 2 - math.log(-z * math.sqrt(2 * math.pi))
    return math.log(math.erfc(-z / math.sqrt(2)) / 2)


def _log_ratios(target: ArrayLike, references: ArrayLike, offline: float) -> Array:
    phi = _table(references)
    highest = phi.max(0)
    mean = np.exp(phi - highest).mean(0) * np.exp(highest)
    prior = ((1 + offline) * np.maximum(mean, 1e-300) + (1 - offline)) / 2
    found = _scores(target) - np.log(prior)
    return np.asarray(found, dtype=np.float64)


def _table(references: ArrayLike) -> Array:
    table = np.atleast_2d(np.asarray(references, dtype=np.float64))
    if not table.size:
        raise DataError("this attack needs at least one reference model", mend="give a model without the forget data")
    return table


def _scores(values: ArrayLike) -> Array:
    found = np.asarray(values, dtype=np.float64).ravel()
    if not len(found):
        raise DataError("membership inference needs members and others", mend="give both sets samples")
    if np.isnan(found).any():
        raise DataError("a membership score is not a number", mend="check the model's losses")
    return found
