"""Can an outsider tell who was in the training data? Four attacks, each judged by its AUC.

The references never saw the members. Without one, RMIA and LiRA are not run. What the loss attack says of a reference
is told beside it: if that is not 0.5, members and others differ by themselves, and the AUC of the model tells of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from orchestrator.attacks import membership
from orchestrator.release.check import Finding, Subject, not_run
from orchestrator.release.intervals import Bootstrap
from orchestrator.release.parts import Answers, Terms
from orchestrator.unlearning.evaluation.readings import Array, Readings

NO_REFERENCE = "no model was given that never saw the members: add --reference DIR"
Scores = tuple[Array, Array]


class Membership:
    """Loss, Min-K%++ (language models), RMIA and LiRA; see :mod:`orchestrator.attacks.membership`."""

    name = "membership"
    needs = frozenset({"members", "others", "terms"})
    kinds = frozenset({"causal_lm", "classifier", "image_classifier"})

    def run(self, subject: Subject, settings: Mapping[str, Any]) -> list[Finding]:
        """One finding an attack."""
        terms = subject.part("terms", Terms)
        members, others = (subject.part(name, Answers) for name in ("members", "others"))
        if "population" in subject.parts:
            population = subject.part("population", Answers)
        else:  # which then stands in for it: what it is compared with is not to be judged, too
            others, population = _halved(others)
        found = [self._finding("loss", _losses(members.model, others.model), terms, _references(members, others))]
        if subject.kind == "causal_lm":
            of_references = [_min_k(*pair) for pair in zip(members.references, others.references, strict=True)]
            scores = _min_k(members.model, others.model)
            found.append(self._finding("min_k_plus_plus", scores, terms, of_references))
        if not members.references:
            return [*found, *(not_run(f"membership.{name}", NO_REFERENCE) for name in ("rmia", "lira"))]
        rmia = _rmia(members, others, population, terms)
        return [*found, self._finding("rmia", rmia, terms), self._finding("lira", _lira(members, others), terms)]

    def _finding(self, attack: str, scores: Scores, terms: Terms, references: list[Scores] | None = None) -> Finding:
        judged = membership.judge(*scores)
        figures = {"auc": judged.auc, "tpr_at_1_percent": judged.tpr[0.01]}
        figures |= {"members": float(judged.members), "others": float(judged.others)}
        sure = terms.bootstrap.told(f"{judged.members} members and {judged.others} others")
        if references:
            figures["reference_auc"] = float(np.mean([membership.auc(*scores) for scores in references]))
            sure += _apart(references, terms.bootstrap)
        interval = terms.bootstrap.interval(membership.auc, *scores)
        return Finding(f"{self.name}.{attack}", "pass", figures, "auc", interval, sure=sure)


def _apart(references: list[Scores], bootstrap: Bootstrap) -> str:
    """Whether models that saw neither set tell them apart."""
    told = [bootstrap.interval(membership.auc, *scores) for scores in references]
    if all(low <= 0.5 <= high for low, high in told):
        return ""
    return "; a reference tells the sets apart, too, so they differ by themselves: give others of the members' kind"


def _halved(answers: Answers) -> tuple[Answers, Answers]:
    return _some(answers, slice(0, None, 2)), _some(answers, slice(1, None, 2))


def _some(answers: Answers, rows: slice) -> Answers:
    return Answers(_rows(answers.model, rows), tuple(_rows(one, rows) for one in answers.references))


def _rows(found: Readings, rows: slice) -> Readings:
    return Readings(found.losses[rows], found.right[rows], found.places[rows], found.texts[rows])


def _references(members: Answers, others: Answers) -> list[Scores]:
    return [_losses(*pair) for pair in zip(members.references, others.references, strict=True)]


def _losses(members: Readings, others: Readings) -> Scores:
    return membership.loss_scores(members.losses), membership.loss_scores(others.losses)


def _min_k(members: Readings, others: Readings) -> Scores:
    inside, outside = (_min_k_of(readings) for readings in (members, others))
    return inside, outside


def _min_k_of(readings: Readings) -> Array:
    texts = readings.texts
    return membership.min_k_scores(
        [text.log_p for text in texts], [text.mean for text in texts], [text.deviation for text in texts]
    )


def _rmia(members: Answers, others: Answers, population: Answers, terms: Terms) -> Scores:
    sides = list(_rmia_sides(members, others, population, terms))
    return sides[0], sides[1]


def _rmia_sides(members: Answers, others: Answers, population: Answers, terms: Terms) -> Iterator[Array]:
    for side in (members, others):
        yield membership.rmia_scores(
            -side.model.losses,
            [-one.losses for one in side.references],
            -population.model.losses,
            [-one.losses for one in population.references],
            gamma=terms.settings.gamma,
            offline=terms.settings.offline,
        )


def _lira(members: Answers, others: Answers) -> Scores:
    """One variance for members and others together."""
    count = len(members.model.losses)
    target = np.concatenate([members.model.losses, others.model.losses])
    pairs = zip(members.references, others.references, strict=True)
    scores = membership.lira_scores(-target, np.stack([-np.concatenate([a.losses, b.losses]) for a, b in pairs]))
    return scores[:count], scores[count:]
