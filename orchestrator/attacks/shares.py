"""A share with its interval: what checks hold against thresholds, without forgetting how few samples there were."""

from __future__ import annotations

import math
from dataclasses import dataclass

from orchestrator.errors import DataError

NORMAL = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Share:
    """Some of so many samples.

    Attributes:
        value: in [0, 1]. low, high: E. B. Wilson's 95 % interval, which is no point where all or none count.
        count: samples.
    """

    value: float
    low: float
    high: float
    count: int

    def document(self) -> dict[str, float]:
        """For JSON."""
        return {"value": self.value, "low": self.low, "high": self.high, "count": self.count}

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def share_of(some: int, count: int) -> Share:
    """``some`` of ``count``.

    Raises:
        DataError: there is no sample, or there are more than all.
    """
    if not 0 <= some <= count or count < 1:
        raise DataError(f"{some} of {count} samples is no share", mend="give at least one sample")
    value, squared = some / count, NORMAL * NORMAL
    middle = (value + squared / (2 * count)) / (1 + squared / count)
    half = NORMAL * math.sqrt(value * (1 - value) / count + squared / (4 * count * count)) / (1 + squared / count)
    # at the ends rounding would leave the share itself outside by 1e-17
    return Share(value, min(value, max(0.0, middle - half)), max(value, min(1.0, middle + half)), count)
