"""ε of one setting by Opacus, as the policy ``dp`` asks it, and by Google's dp-accounting."""

from __future__ import annotations

import logging
from typing import Any

from benchmarks.harness import Configuration, Figures
from orchestrator.privacy.dp import accounting

ACCOUNTANTS = ("rdp", "prv")
SETTINGS: tuple[tuple[float, float, int, float], ...] = (
    (1.0, 0.01, 1000, 1e-5),
    (0.8, 0.05, 40, 1e-5),
    (1.5, 0.02, 1000, 1e-6),
    (4.0, 1.0, 10, 1e-5),
    (1.0, 1.0, 1, 1e-5),
    (0.6, 0.1, 12, 1e-5),
    (2.0, 0.1, 400, 1e-5),
    (20.0, 1.0, 1, 1e-5),
    (0.5, 0.3, 4, 1e-4),
    (5.0, 0.05, 200, 1e-7),
)
"""Noise multiplier, sampling rate, steps, δ: ε from 0.16 to 15, whole members (rate 1) among them."""
INTERVAL = 1e-3
"""Of the privacy losses that dp-accounting's distribution is kept at."""


def ours(accountant: str, noise: float, rate: float, steps: int, delta: float) -> float:
    """What a task would record."""
    return accounting.epsilon(accountant, noise, rate, steps, delta)


def second(accountant: str, noise: float, rate: float, steps: int, delta: float) -> float:
    """By dp-accounting: RDP, or privacy loss distributions where we use PRV."""
    import dp_accounting
    from dp_accounting import pld, rdp

    logging.getLogger("absl").setLevel(logging.ERROR)  # orders that it leaves out are named one by one
    step = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(noise))
    made: Any = (
        rdp.RdpAccountant() if accountant == "rdp" else pld.PLDAccountant(value_discretization_interval=INTERVAL)
    )
    made.compose(dp_accounting.SelfComposedDpEvent(step, steps))
    return float(made.get_epsilon(delta))


def work(cell: Configuration) -> Figures:
    """ε twice."""
    name, noise, rate, steps, delta = (cell[key] for key in ("accountant", "noise", "rate", "steps", "delta"))
    setting = (str(name), float(noise), float(rate), int(steps), float(delta))
    return {"ours": ours(*setting), "second": second(*setting)}
