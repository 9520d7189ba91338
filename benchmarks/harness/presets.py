"""How much a run measures: `default` ends within an hour on two cores, `full` takes what it takes."""

from __future__ import annotations

import os
from dataclasses import dataclass

from orchestrator.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Preset:
    """One size of a run.

    Attributes:
        minutes: no cell is started that would probably end later than this; None for no limit.
    """

    name: str
    minutes: float | None


PRESETS = {preset.name: preset for preset in (Preset("default", 60.0), Preset("full", None))}


def preset_named(name: str | None = None) -> Preset:
    """The preset of that name; without one that of the environment's PRESET, or `default`.

    Raises:
        ConfigurationError: no such preset.
    """
    wanted = name or os.environ.get("PRESET") or "default"
    if wanted not in PRESETS:
        raise ConfigurationError(f"no preset {wanted!r}", mend=f"choose from {', '.join(PRESETS)}")
    return PRESETS[wanted]
