"""What an organisation thinks of a round's updates: checks of structure, robust filters, then what each does to the
model on the organisation's own held-out data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.aggregation import FoldedModel, FoldEntry, Opener
from orchestrator.aggregation.distances import gram_matrix
from orchestrator.aggregation.entries import AnyEntry
from orchestrator.aggregation.filters import Candidate, filter_named, screened
from orchestrator.aggregation.scores import (
    MOST_EXACT,
    SubsetValues,
    exact_shapley,
    gtg_shapley,
    harmful,
    leave_one_out,
    permutation_seed,
)
from orchestrator.contribution import (
    AdapterDelta,
    ContributionRefused,
    DeltaRules,
    Reason,
    Start,
    check,
    find_copies,
    parse,
)
from orchestrator.contribution.check import Shapes
from orchestrator.daemon.workbench import Judgement, OpenDelta
from orchestrator.ledger.manifest import Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import capped, shares
from orchestrator.training import Evaluation
from orchestrator.types import OrganisationId, UpdateId

Verdicts = dict[UpdateId, Judgement]


@dataclass(frozen=True, slots=True)
class Bench:
    """What the judge works with.

    Attributes:
        folded: the model. shapes: of the base's parameters.
        move: brings the model to the fold of some entries. measure: the model as it is, on the judge's own data.
        start: what the task's strategy had all members of the round begin with.
    """

    folded: FoldedModel
    shapes: Shapes
    move: Callable[[Sequence[AnyEntry], Opener], None]
    measure: Callable[[], Evaluation]
    start: Start | None = None


def judge(
    bench: Bench,
    task: TaskSpec,
    manifest: Manifest,
    candidates: Sequence[UpdateId],
    opener: OpenDelta,
    refused: Mapping[UpdateId, str],
) -> Mapping[UpdateId, Judgement]:
    """See :meth:`orchestrator.daemon.workbench.Workbench.judge`."""
    verdicts = {update_id: _rejected(reason) for update_id, reason in refused.items()}
    deltas = _sound(bench, task, manifest, candidates, opener, verdicts)
    caps = _screened(task, deltas, verdicts)
    if not caps:
        return verdicts
    values = _values(bench, task, manifest, {update_id: deltas[update_id] for update_id in caps}, caps, opener)
    if task.verdict.policy == "validation":
        for update_id, gain in harmful(values.players, values.alone, values, task.verdict.minimum_score).items():
            verdicts[update_id] = Judgement(False, 0, gain, Reason.SCORE_TOO_LOW.value)
    accepted = [update_id for update_id in values.players if update_id not in verdicts]
    for update_id, score in scored(task, manifest, accepted, values).items():
        verdicts[update_id] = Judgement(True, caps[update_id], score, "")
    return verdicts


def scored(
    task: TaskSpec, manifest: Manifest, accepted: Sequence[UpdateId], values: SubsetValues
) -> dict[UpdateId, int]:
    """The task's kind of score for each accepted update, in millionths."""
    if task.evaluation.scores == "leave-one-out":
        return leave_one_out(accepted, values)
    if len(accepted) <= MOST_EXACT:
        return exact_shapley(accepted, values)
    return gtg_shapley(accepted, values, seed=permutation_seed(task.digest, manifest.digest))


def _sound(
    bench: Bench,
    task: TaskSpec,
    manifest: Manifest,
    candidates: Sequence[UpdateId],
    opener: OpenDelta,
    verdicts: Verdicts,
) -> dict[UpdateId, AdapterDelta]:
    """Candidates that pass every check of structure; the others get their verdicts."""
    rules = DeltaRules.from_task(task.document)
    sound: dict[UpdateId, AdapterDelta] = {}
    for update_id in candidates:
        try:
            delta = parse(opener(update_id))
            check(delta, rules, bench.shapes, parent_manifest=manifest.digest, start=bench.start)
            sound[update_id] = delta
        except ContributionRefused as error:
            verdicts[update_id] = _rejected(error.reason.value)
    for copy in find_copies(list(sound.items())):
        verdicts[copy] = _rejected(Reason.COPY_OF_ANOTHER.value)
        del sound[copy]
    return sound


def _screened(task: TaskSpec, deltas: Mapping[UpdateId, AdapterDelta], verdicts: Verdicts) -> dict[UpdateId, int]:
    """Weight caps of what passes the task's filters; the others get their verdicts."""
    chain = [filter_named(item.name, **item.settings) for item in task.verdict.filters]
    found = [Candidate(update_id, delta) for update_id, delta in deltas.items()]
    said = screened(chain, found, lambda: gram_matrix(list(deltas.values())))
    verdicts |= {update_id: _rejected(item.reason) for update_id, item in said.items() if not item.accept}
    return {update_id: item.weight_cap for update_id, item in said.items() if item.accept}


def _values(
    bench: Bench,
    task: TaskSpec,
    manifest: Manifest,
    deltas: Mapping[UpdateId, AdapterDelta],
    caps: Mapping[UpdateId, int],
    opener: OpenDelta,
) -> SubsetValues:
    """What sets of updates are worth: added exactly, each with its share of the round under its cap.

    With lineage ``isolated`` an update holds its owner's former work and takes its place, so it is added to the base.
    """
    bench.move(manifest.entries if task.lineage == "chained" else (), lambda update_id: parse(opener(update_id)))
    number = 1 + max((entry.round for entry in manifest.entries), default=0)
    weights = [
        capped(share, caps[update_id]) for update_id, share in zip(deltas, shares([1] * len(deltas)), strict=True)
    ]
    players = [
        (FoldEntry(update_id, number, OrganisationId(f"candidate-{place}"), weight), deltas[update_id])
        for place, (update_id, weight) in enumerate(zip(deltas, weights, strict=True))
    ]
    metric = task.evaluation.metric
    return SubsetValues(bench.folded, players, lambda: worth(bench.measure(), metric))


def worth(found: Evaluation, metric: str) -> int:
    """A figure in millionths, higher is better; a model whose loss is no number is worth the least there is."""
    if metric == "accuracy":
        return found.value(metric) if math.isfinite(found.loss) else 0
    return -found.value(metric)


def _rejected(reason: str) -> Judgement:
    return Judgement(False, 0, 0, reason)
