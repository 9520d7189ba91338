"""ε of a Gaussian mechanism that each of its steps applies to a Poisson sample: Opacus's accountants.

``rdp``: I. Mironov, "Rényi Differential Privacy", CSF 2017, arXiv:1702.07476, and its sampled mechanism,
arXiv:1908.10530. ``prv``: S. Gopi and others, "Numerical Composition of Differential Privacy", NeurIPS 2021,
arXiv:2106.02848; tighter, with a numerical error that is added to what it returns.
"""

from __future__ import annotations

import math
import warnings
from functools import lru_cache

from orchestrator.errors import ConfigurationError, EnvironmentMissing
from orchestrator.types import MILLION

PRV_ERROR = 0.005
"""Of ε by ``prv``, as a share of what ``rdp`` says; the grid it computes on grows as the error shrinks."""
ALPHAS = (*(1 + x / 10 for x in range(1, 100)), *range(12, 64), *(2**x for x in range(6, 13)))
"""Rényi orders that ``rdp`` chooses from: Opacus's, and larger ones for small ε."""
MOST = 2**53 - 1
"""What is recorded for an ε that is none any more; above every cap."""


@lru_cache(maxsize=256)
def epsilon(accountant: str, noise: float, rate: float, steps: int, delta: float) -> float:
    """ε at ``delta`` of so many steps together.

    Args:
        noise: standard deviation by the clipping norm. rate: chance of a sample to be in a step.

    Raises:
        EnvironmentMissing: Opacus is not installed. ConfigurationError: there is no such accountant.
    """
    try:
        import numpy as np
        from opacus.accountants import PRVAccountant, RDPAccountant
    except ImportError as error:
        raise EnvironmentMissing(
            f"differential privacy needs {error.name}", mend="pip install 'loranchor[privacy]'"
        ) from error
    if accountant not in ("prv", "rdp"):
        raise ConfigurationError(f"there is no accountant {accountant!r}", mend="choose prv or rdp")
    rdp, prv = RDPAccountant(), PRVAccountant()
    rdp.history = prv.history = [(noise, rate, steps)]
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        warnings.filterwarnings("ignore", message="Optimal order", category=UserWarning)  # then ε is a little too large
        found = float(rdp.get_epsilon(delta, alphas=ALPHAS))
        return found if accountant == "rdp" else float(prv.get_epsilon(delta, eps_error=found * PRV_ERROR))


def millionths(value: float) -> int:
    """ε as it is recorded: rounded up."""
    return min(math.ceil(value * MILLION), MOST) if math.isfinite(value) else MOST
