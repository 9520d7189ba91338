"""What it costs to deploy and bind both sides, by the number of founding members."""

from __future__ import annotations

from typing import Any

from benchmarks.gas.meter import Meter
from benchmarks.gas.world import consortium


def measure(organisations: int) -> dict[str, Any]:
    meter = Meter()
    with consortium(organisations, meter, noted=True):
        return meter.figures()
