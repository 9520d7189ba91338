"""What an organisation thinks of a round's updates: checks of structure, then what each does to the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.aggregation import FoldedModel, FoldEntry, Opener, leave_one_out
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
from orchestrator.ledger.weights import shares
from orchestrator.training import Evaluation
from orchestrator.types import MILLION, OrganisationId, UpdateId


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
    move: Callable[[Sequence[FoldEntry], Opener], None]
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
    if not deltas:
        return verdicts
    for update_id, score in _scores(bench, task, manifest, deltas, opener).items():
        if task.verdict.policy == "validation" and score < task.verdict.minimum_score:
            verdicts[update_id] = Judgement(False, 0, score, Reason.SCORE_TOO_LOW.value)
        else:
            verdicts[update_id] = Judgement(True, MILLION, score, "")
    return verdicts


def _sound(
    bench: Bench,
    task: TaskSpec,
    manifest: Manifest,
    candidates: Sequence[UpdateId],
    opener: OpenDelta,
    verdicts: dict[UpdateId, Judgement],
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


def _scores(
    bench: Bench, task: TaskSpec, manifest: Manifest, deltas: Mapping[UpdateId, AdapterDelta], opener: OpenDelta
) -> dict[UpdateId, int]:
    """What the model loses when an update's term is taken out of the sum, the others' weights left as they are.

    Were the others' weights scaled up, scores of a round would sum to about nothing: half of all honest work would look
    worthless.
    """
    number = 1 + max((entry.round for entry in manifest.entries), default=0)
    weights = shares([1] * len(deltas))
    entries = [
        FoldEntry(update_id, number, OrganisationId(f"candidate-{place}"), weight)
        for place, (update_id, weight) in enumerate(zip(deltas, weights, strict=True))
    ]
    before = [FoldEntry(item.update_id, item.round, item.organisation, item.weight) for item in manifest.entries]

    def opened(update_id: UpdateId) -> AdapterDelta:
        return deltas[update_id] if update_id in deltas else parse(opener(update_id))

    bench.move([*before, *entries], opened)
    metric = task.evaluation.metric
    return leave_one_out(
        bench.folded,
        entries,
        opened,
        lambda: bench.measure().value(metric),
        higher_is_better=metric == "accuracy",
        weights_without=lambda leaving: {item.update_id: item.weight for item in entries if item.update_id != leaving},
    )


def _rejected(reason: str) -> Judgement:
    return Judgement(False, 0, 0, reason)
