"""Bootstrap intervals over samples: how far a figure would move with other samples of the same kind.

Source: the percentile bootstrap (Efron, 1979). It says nothing of other models trained on the same data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are drawn; with a seed always the same."""

    draws: int = 1000
    level: float = 0.95
    seed: int = 0

    def interval(self, figure: Callable[..., float], *samples: Sequence[float] | Rows) -> tuple[float, float]:
        """Where a figure lies if each of its samples is drawn anew with replacement.

        Args:
            figure: of as many arrays as there are samples. samples: rows along the first axis; drawn independently.
        """
        rng = np.random.default_rng(self.seed)
        arrays = [np.asarray(sample, dtype=np.float64) for sample in samples]
        found = [
            figure(*(array[rng.integers(0, len(array), len(array))] for array in arrays)) for _ in range(self.draws)
        ]
        tail = (1 - self.level) / 2
        low, high = np.quantile(found, [tail, 1 - tail])
        return float(low), float(high)

    def told(self, what: str) -> str:
        """The sentence that says how sure a figure is."""
        return f"{100 * self.level:g} % bootstrap interval over {what}; other training runs are not in it"
