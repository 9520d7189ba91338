"""What readings of a model tell about who was in its training data, and what can be got out word for word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from orchestrator.attacks import membership
from orchestrator.attacks.extraction import exact_memorisation, exposure, extraction_strength
from orchestrator.unlearning import figures
from orchestrator.unlearning.evaluation.findings import ATTACKS, RETRAINED, UNLEARNED, Extraction, Guess
from orchestrator.unlearning.evaluation.readings import Array, Readings


def guesses(
    readings: Mapping[str, Mapping[str, Readings]],
    roles: Sequence[str],
    references: Sequence[str],
    *,
    gamma: float,
    offline: float,
) -> dict[str, dict[str, Guess]]:
    """Membership attacks by name and role; one that a model or the want of references does not allow is left out.

    Args:
        readings: by role, those of references too, then by set. roles: models to attack.
        references: models that never saw the forget set; none is its own reference.
        gamma, offline: of RMIA.
    """
    found: dict[str, dict[str, Guess]] = {name: {} for name in ATTACKS}
    for role in roles:
        own = readings[role]
        inside, outside, population = _sides(own)
        found["loss"][role] = _guess(membership.loss_scores(inside), membership.loss_scores(outside))
        if own["forget"].texts:
            found["min_k_plus_plus"][role] = _guess(*_min_k(own))
        others = [_sides(readings[name]) for name in references if name != role]
        if others:
            rmia = [
                membership.rmia_scores(
                    -side,
                    [-reference[place] for reference in others],
                    -population,
                    [-reference[2] for reference in others],
                    gamma=gamma,
                    offline=offline,
                )
                for place, side in ((0, inside), (1, outside))
            ]
            found["rmia"][role] = _guess(*rmia)
            found["lira"][role] = _guess(*_lira(inside, outside, others))
    return {name: by_role for name, by_role in found.items() if by_role}


def _sides(readings: Mapping[str, Readings]) -> tuple[Array, Array, Array]:
    """Losses of members, of others, and of a population that is neither."""
    test = readings["test"].losses
    if "others" in readings:
        return readings["forget"].losses, readings["others"].losses, test
    return readings["forget"].losses, test[::2], test[1::2]


def _lira(inside: Array, outside: Array, references: Sequence[tuple[Array, Array, Array]]) -> tuple[Array, Array]:
    """One variance for members and others together."""
    joined = [np.concatenate(reference[:2]) for reference in references]
    scores = membership.lira_scores(-np.concatenate([inside, outside]), -np.stack(joined))
    return scores[: len(inside)], scores[len(inside) :]


def _min_k(readings: Mapping[str, Readings]) -> tuple[Array, Array]:
    others = readings["others"].texts if "others" in readings else readings["test"].texts[::2]
    scores = []
    for texts in (readings["forget"].texts, others):
        parts = [(text.log_p, text.mean, text.deviation) for text in texts]
        scores.append(membership.min_k_scores(*([part[place] for part in parts] for place in range(3))))
    return scores[0], scores[1]


def _guess(inside: Array, outside: Array) -> Guess:
    found = membership.judge(inside, outside)
    return Guess(found.auc, found.tpr)


def leak(guesses: Mapping[str, Guess]) -> float | None:
    """PrivLeak of the unlearned model by one attack; None without a retrained one."""
    if UNLEARNED not in guesses or RETRAINED not in guesses:
        return None
    return figures.priv_leak(guesses[UNLEARNED].auc, guesses[RETRAINED].auc)


def extraction(readings: Mapping[str, Mapping[str, Readings]]) -> dict[str, Extraction]:
    """What language models give away word for word, by role."""
    found = {}
    for role, own in readings.items():
        texts = [text.right for text in own["forget"].texts]
        if texts:
            canaries = own.get("canaries")
            found[role] = Extraction(
                _mean([extraction_strength(right) for right in texts]),
                _mean([exact_memorisation(right) for right in texts]),
                None if canaries is None else _mean([extraction_strength(text.right) for text in canaries.texts]),
                _exposure(own),
            )
    return found


def _exposure(own: Mapping[str, Readings]) -> float | None:
    if "canaries" not in own or "canary_references" not in own:
        return None
    return _mean([exposure(float(loss), own["canary_references"].losses) for loss in own["canaries"].losses])


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
