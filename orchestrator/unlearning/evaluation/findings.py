"""What an evaluation found: plain numbers, by role of a model and by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from orchestrator.unlearning.evaluation.gate import Gate
from orchestrator.unlearning.evaluation.statistics import Interval, KolmogorovSmirnov, t_interval

ORIGINAL, UNLEARNED, RETRAINED = "original", "unlearned", "retrained"
ROLES = (ORIGINAL, UNLEARNED, RETRAINED)
ATTACKS = ("loss", "min_k_plus_plus", "rmia", "lira")

Line = Mapping[float, float]
"""Loss by place on the line from the unlearned model (0) to another (1)."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A membership attack on one model: AUC, and true positive rate by false positive rate."""

    auc: float
    tpr: Mapping[float, float]


@dataclass(frozen=True, slots=True)
class Relearning:
    """One relearning attack, on each model with the same examples in the same order.

    Attributes:
        values: by role, the held-out forget accuracy at each of ``steps``.
    """

    k: int
    seed: int
    steps: tuple[int, ...]
    values: Mapping[str, tuple[float, ...]]

    @property
    def gap(self) -> float | None:
        """Unlearned minus retrained model at the end, in points."""
        if RETRAINED not in self.values:
            return None
        return 100 * (self.values[UNLEARNED][-1] - self.values[RETRAINED][-1])


@dataclass(frozen=True, slots=True)
class Extraction:
    """Of forget texts, and of canaries where there are some: means."""

    strength: float
    exact: float
    canary_strength: float | None = None
    exposure: float | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The way from the unlearned model to another one: its length, ‖θ − θ'‖₂, and losses on it by set."""

    distance: float
    lines: Mapping[str, Line]
    barriers: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Findings:
    """All of it. What needs a retrained model is None, or lacks its role, where there is none.

    Attributes:
        accuracy, loss: by role, then by set. references: how many models without the forget data RMIA and LiRA had.
        membership: by attack, then by role. priv_leak: by attack, of the unlearned model.
    """

    accuracy: Mapping[str, Mapping[str, float]]
    loss: Mapping[str, Mapping[str, float]]
    references: int
    membership: Mapping[str, Mapping[str, Guess]]
    priv_leak: Mapping[str, float | None]
    extraction: Mapping[str, Extraction]
    forget_quality: KolmogorovSmirnov | None
    tow_to_retrained: float | None
    tow_product: Mapping[str, float]
    neighbours: Mapping[str, Neighbour]
    relearning: Sequence[Relearning]
    gate: Gate

    @property
    def judged(self) -> bool:
        """Whether there is a retrained model to compare with."""
        return RETRAINED in self.accuracy

    def attacked(self, k: int, role: str) -> Interval | None:
        """Held-out forget accuracy of a model at the end of the attacks with k examples, in points."""
        found = [100 * attack.values[role][-1] for attack in self.relearning if attack.k == k and role in attack.values]
        return t_interval(found) if found else None

    def widest(self, k: int) -> float | None:
        """The mean gap, over seeds, at the step of the attacks where it is the largest, in points, with its sign."""
        found = [attack for attack in self.relearning if attack.k == k and RETRAINED in attack.values]
        if not found:
            return None
        steps = zip(*(zip(one.values[UNLEARNED], one.values[RETRAINED], strict=True) for one in found), strict=True)
        return max((100 * fmean(mine - other for mine, other in step) for step in steps), key=abs)

    def gaps(self, k: int) -> list[float]:
        """Gaps to the retrained model under attack, one a seed, in points."""
        return [attack.gap for attack in self.relearning if attack.k == k and attack.gap is not None]
