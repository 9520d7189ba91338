"""The policy ``secagg``: members see the sum of their updates, and nothing of any one.

See docs/methods/secure-aggregation.md. A daemon trains under it without applying anything to the delta: it masks the
delta's numbers (:mod:`orchestrator.masking.session`), and no delta without masks leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy.policy import Plain, Promise
from orchestrator.privacy.settings import PrivacySettings
from orchestrator.types import Digest, ProtectedDelta, protected

if TYPE_CHECKING:
    from orchestrator.contribution import AdapterDelta
    from orchestrator.secagg.masked import MaskedUpdate

NO_MASKS = "a delta without masks leaves by no door under secagg"


class SecureAggregation(Plain):
    """No ε: the sum gives away what it gives away."""

    name = "secagg"
    promise = Promise(
        "A member against the other members and whoever adds up: they see the sum of at least three updates. With c"
        " colluding members it is a sum of at least quorum − c honest ones, so one is hidden while c ≤ quorum − 2.",
        "What the sum itself gives away, or a quorum less one that keeps all others but one out of it; a member that"
        " sends poison is found by nobody, since nobody sees its update.",
    )

    def objections(self, task: TaskSpec) -> Iterator[str]:
        yield from senseless(task)

    def apply(self, delta: AdapterDelta, settings: PrivacySettings) -> AdapterDelta:
        """Raises ConfigurationError: a delta that is not masked leaves under this policy by no door."""
        raise ConfigurationError(NO_MASKS, mend="the daemon masks what it trains; train under it by no other way")


def protect_masked(update: MaskedUpdate, *, samples: int, parent_manifest: Digest, epsilon: int = 0) -> ProtectedDelta:
    """The one thing that may leave under this policy: words behind masks, which say nothing without others' reveals.

    Args:
        samples: training samples seen. epsilon: where differential privacy is joined to it, millionths.
    """
    return protected(
        update.to_bytes(), policy=POLICY.name, samples=samples, epsilon=epsilon, parent_manifest=parent_manifest
    )


def protect_sum(payload: bytes, *, parent_manifest: Digest) -> ProtectedDelta:
    """The sum that all members can compute, as one of them submits it; nobody knows of how many samples it is."""
    return protected(payload, policy=POLICY.name, samples=0, epsilon=0, parent_manifest=parent_manifest)


def senseless(task: TaskSpec) -> Iterator[str]:
    """What a task asks for that nobody can do with updates that nobody sees, a sentence each."""
    strategy, verdict = task.strategy, task.verdict
    if others := [name for name in task.privacy.names if name != POLICY.name]:
        yield f"secagg stands alone so far: what a member spends under {', '.join(others)} is in no record of a sum"
    if strategy.name != "ffa":
        yield f"strategy {strategy.name} has no sums of integers, which alone can be masked: use ffa"
    elif strategy.settings["rule"] != "mean":
        yield f"ffa with rule {strategy.settings['rule']} compares single numbers: masked ones can only be added"
    if task.weights != "uniform":
        yield f"weights by {task.weights} depend on who drops out, which nobody knows when masking: use uniform"
    if verdict.filters:
        listed = ", ".join(item.name for item in verdict.filters)
        yield f"verdict.filters has {listed}, which look at single updates: there is only their sum"
    if verdict.minimum_score > 0:
        yield "verdict.minimum_score judges single updates: there is only their sum"
    if task.lineage == "isolated":
        yield "lineage isolated lets each member go on from its own contribution: there is only their sum"
    if task.training.slices > 1:
        yield "training.slices takes samples out of single contributions: there is only their sum"
    if task.minimum_updates > 1:
        yield f"minimum_updates is {task.minimum_updates}: a masked round has one contribution, the sum"


POLICY = SecureAggregation()
