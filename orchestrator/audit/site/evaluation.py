"""Relearning curves for the page, out of an ``evaluation.json`` that somebody gives to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from orchestrator.audit.plain_json import load_json
from orchestrator.errors import ConfigurationError
from orchestrator.report.evaluation import ROLES, Attack, evaluation_of

LIMIT = 16 << 20
MEND = "name an evaluation.json that `loranchor evaluate unlearning` wrote"


def read_evaluation(path: Path) -> dict[str, Any]:
    """What `loranchor evaluate unlearning` wrote, as the page draws it.

    Raises:
        ConfigurationError: there is no such file, or it is too large. FormatError: it is no evaluation.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}",
            mend="name an evaluation.json of `loranchor evaluate unlearning`",
        ) from error
    if len(data) > LIMIT:
        raise ConfigurationError(f"{path} is larger than {LIMIT} bytes", mend=MEND)
    found = evaluation_of(load_json(data))
    return {
        "verdict": found.gate.verdict,
        "reasons": list(found.gate.reasons),
        "seeds": len(found.seeds),
        "limits": list(found.limits),
        "attacks": [drawn for attack in found.attacks if (drawn := _drawn(attack)) is not None],
    }


def _drawn(attack: Attack) -> dict[str, Any] | None:
    """Means over the seeds at the steps that all of them have; None where nothing was measured."""
    steps = [curve.steps for curve in attack.curves]
    if not steps:
        return None
    length = min(map(len, steps))
    roles = [role for role in ROLES if any(role in curve.values for curve in attack.curves)]
    values = {role: [_mean(attack, role, place) for place in range(length)] for role in roles}
    return {"k": attack.k, "steps": list(steps[0][:length]), "values": values} if roles else None


def _mean(attack: Attack, role: str, place: int) -> float | None:
    known: Sequence[float] = [
        value for curve in attack.curves if role in curve.values and (value := curve.values[role][place]) is not None
    ]
    return round(fmean(known), 6) if known else None
