"""What an organisation trains from, and what its update then holds, by the task's lineage.

``chained``: from the fold of the whole manifest; the update is the step alone. ``isolated``: from the base and the
organisation's own last contribution, which the update holds and so takes the place of; then leaving a member's
contribution out equals never having trained with it. Ranks add up, until the task's largest rank cuts the sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestrator.aggregation.truncation import truncate
from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.contribution.joining import joined, rescaled
from orchestrator.ledger.manifest import AnyEntry, Manifest
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.weights import ONE
from orchestrator.types import OrganisationId


@dataclass(frozen=True, slots=True)
class Continued:
    """An update that holds its owner's former work. ``error`` is what cutting it to the largest rank cost, relative."""

    delta: AdapterDelta
    error: float


def beginning(task: TaskSpec, manifest: Manifest, me: OrganisationId) -> tuple[AnyEntry, ...]:
    """Entries whose fold a member trains from; with ``isolated`` its own, at full weight."""
    if task.lineage == "chained":
        return manifest.entries
    return tuple(replace(entry, weight=ONE) for entry in manifest.originals if entry.organisation == me)


def continued(task: TaskSpec, step: AdapterDelta, own: Iterable[AdapterDelta]) -> Continued:
    """A step together with what it was trained on top of.

    Args:
        step: what was trained, with the task's scale. own: the organisation's live contributions.

    Returns:
        Of at most ``verdict.max_rank`` in each module, under the task's α.
    """
    whole = step
    for former in own:
        whole = joined(former, whole)
    modules, norm2, error2 = {}, 0.0, 0.0
    for name, low in whole.modules.items():
        if low.rank > task.verdict.max_rank:
            low, norm, error = _cut(low, task.verdict.max_rank)
            norm2, error2 = norm2 + norm, error2 + error
        modules[name] = rescaled(low, task.adapter.alpha, task.adapter.rslora)
    return Continued(replace(whole, modules=modules), (error2 / norm2) ** 0.5 if norm2 else 0.0)


def _cut(low: LowRank, rank: int) -> tuple[LowRank, float, float]:
    best = truncate(low.b * low.scale, low.a, rank)
    cut = LowRank(best.right.contiguous(), best.left.contiguous(), low.alpha, low.rslora)
    return replace(cut, b=cut.b / cut.scale), best.norm2, best.error2
