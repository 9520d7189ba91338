"""How much one update of a round is worth: the metric with all of them less the metric without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from orchestrator.aggregation.entries import Entry, FoldEntry, Opener, ordered
from orchestrator.aggregation.folded import FoldedModel
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ProtocolError
from orchestrator.types import UpdateId

Weights = Mapping[UpdateId, int]


def leave_one_out(
    folded: FoldedModel,
    candidates: Iterable[Entry],
    opener: Opener,
    measure: Callable[[], int],
    *,
    higher_is_better: bool,
    weights_without: Callable[[UpdateId], Weights] | None = None,
) -> dict[UpdateId, int]:
    """Score of every candidate: what the model gains by having it, in the units of ``measure`` (millionths).

    The model stands at its fold before, between and after; each measurement costs one small product a module, not a
    fold.

    Args:
        folded: a model whose fold holds all candidates.
        candidates: the updates of one round, with the weights they have in the fold.
        opener: called once a candidate.
        measure: the metric of the model as it is, on this member's own validation data.
        higher_is_better: True for accuracy, False for loss.
        weights_without: weights of the others in the manifest without an update; by default theirs scaled up so that
            the round keeps its sum.

    Raises:
        ProtocolError: a candidate is not in the fold with that weight.
    """
    entries = ordered(candidates)
    missing = set(entries) - set(folded.entries)
    if missing:
        raise ProtocolError(f"update {min(entry.update_id for entry in missing)} is not in the fold to be scored")
    deltas = {entry.update_id: opener(entry.update_id) for entry in entries}
    with_all = measure()
    scores = {}
    for entry in entries:
        others = weights_without(entry.update_id) if weights_without else rescaled(entries, entry.update_id)
        with folded.tried(_difference(entries, deltas, others)):
            without = measure()
        scores[entry.update_id] = with_all - without if higher_is_better else without - with_all
    return scores


def rescaled(entries: Iterable[FoldEntry], leaving: UpdateId) -> dict[UpdateId, int]:
    """Weights of the others so that the sum stays; the remainder goes to the first."""
    entries = tuple(entries)
    total = sum(entry.weight for entry in entries)
    rest = [entry for entry in entries if entry.update_id != leaving]
    share = sum(entry.weight for entry in rest)
    if not share:
        return {entry.update_id: entry.weight for entry in rest}
    weights = {entry.update_id: entry.weight * total // share for entry in rest}
    weights[rest[0].update_id] += total - sum(weights.values())
    return weights


def _difference(
    entries: tuple[FoldEntry, ...], deltas: Mapping[UpdateId, AdapterDelta], others: Weights
) -> list[tuple[FoldEntry, AdapterDelta]]:
    """What to add to a fold of ``entries`` to get the fold with the weights of ``others``."""
    steps = [(entry, others.get(entry.update_id, 0) - entry.weight) for entry in entries]
    return [(replace(entry, weight=step), deltas[entry.update_id]) for entry, step in steps if step]
