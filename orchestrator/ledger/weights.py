"""Integer weights over 2³²: exact sums, no floats, the remainder to the first in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.ledger.contributions import Tasks, live_contributions
from orchestrator.ledger.entities import LedgerState, Update
from orchestrator.ledger.records import Position
from orchestrator.types import MILLION, OrganisationId, RequestId, UpdateId

ONE = 2**32
"""The weight 1."""
SAMPLE_CAP = 2
"""No update counts for more samples than this many times the lower median of its group."""


def shares(raw: Sequence[int]) -> list[int]:
    """Weights in proportion to ``raw`` that sum to exactly :data:`ONE`; equal ones where all of ``raw`` is zero.

    Every weight is rounded down, and what is left goes to the first.
    """
    if not raw:
        return []
    if any(value < 0 for value in raw):
        raise ValueError("a raw weight is negative")
    total = sum(raw)
    parts, total = (list(raw), total) if total else ([1] * len(raw), len(raw))
    weights = [ONE * part // total for part in parts]
    weights[0] += ONE - sum(weights)
    return weights


def lower_median(values: Sequence[int]) -> int:
    """The middle value, the lower of the two middle ones where their number is even."""
    return sorted(values)[(len(values) - 1) // 2]


def upper_median(values: Sequence[int]) -> int:
    """The middle value, the higher of the two middle ones where their number is even.

    What others say of an update is settled by it (decision 0027): of n = 2f + 1 members all but the owner judge, and
    f liars among those 2f are outvoted here, while the lower one would be theirs to push down.
    """
    return sorted(values)[len(values) // 2]


def weight_cap(update: Update) -> int:
    """Upper median of the other members' caps, in millionths, at most 1; who refuses the update would cap it at 0."""
    others = [item for judge, item in update.verdicts.items() if judge != update.organisation]
    caps = [item.weight_cap if item.accept else 0 for item in others]
    return min(upper_median(caps), MILLION) if caps else MILLION


def capped(weight: int, cap: int) -> int:
    """A weight under a cap in millionths; what it loses goes to nobody."""
    return weight * min(cap, MILLION) // MILLION


def settled_score(update: Update) -> int:
    """Upper median of the scores that members other than its owner have revealed, at least 0; in millionths."""
    scores = [item.score for judge, item in update.verdicts.items() if judge != update.organisation]
    return max(0, upper_median(scores)) if scores else 0


def raw_samples(group: Sequence[Update]) -> list[int]:
    """Samples of each update, capped at :data:`SAMPLE_CAP` times the lower median of the group.

    The lower one: these are owners' words on themselves, where overstating pays.
    """
    if not group:
        return []
    most = SAMPLE_CAP * lower_median([update.samples for update in group])
    return [min(update.samples, most) for update in group]


def raw_scores(group: Sequence[Update], earlier: Mapping[OrganisationId, Sequence[int]]) -> list[int]:
    """Mean score of each owner over its live contributions to earlier rounds, rounded down.

    Who has none counts as the lower median of the owners in the group that have some.
    """
    means = {name: sum(scores) // len(scores) for name, scores in earlier.items() if scores}
    known = [means[update.organisation] for update in group if update.organisation in means]
    newcomer = lower_median(known) if known else 0
    return [means.get(update.organisation, newcomer) for update in group]


def group_weights(
    state: LedgerState,
    group: Sequence[UpdateId],
    rule: str,
    tasks: Tasks,
    *,
    before_round: int,
    at: Position | None = None,
    ignoring: RequestId | None = None,
) -> list[int]:
    """Weights of one group, by the task's rule and under the members' caps.

    Without caps they sum to exactly :data:`ONE`.

    Args:
        group: updates in order: the live ones of a round, or with lineage ``isolated`` of the whole manifest.
        rule: ``uniform``, ``samples`` or ``scores``.
        before_round: scores of rounds before this one count.
        at, ignoring: as for :func:`orchestrator.ledger.contributions.live_contributions`.
    """
    updates = [state.updates[item] for item in group]
    if rule == "uniform":
        raw = [1] * len(updates)
    elif rule == "samples":
        raw = raw_samples(updates)
    elif rule == "scores":
        earlier: dict[OrganisationId, list[int]] = {}
        for item in live_contributions(state, tasks, at=at, ignoring=ignoring):
            update = state.updates[item]
            if update.round < before_round:
                earlier.setdefault(update.organisation, []).append(settled_score(update))
        raw = raw_scores(updates, earlier)
    else:
        raise ValueError(f"{rule!r} is no rule of weights")
    return [capped(weight, weight_cap(update)) for weight, update in zip(shares(raw), updates, strict=True)]
