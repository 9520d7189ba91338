"""Which cells a preset has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.harness import Configuration, Plan, Preset
from benchmarks.unlearning.kept import key_of
from benchmarks.unlearning.methods import registered, source_of
from benchmarks.unlearning.modes import ISOLATED_ORIGINAL, ISOLATED_RETRAINED, MODES, REFERENCES, RETRAINED
from benchmarks.unlearning.worlds import WORLDS
from orchestrator.aggregation import FOLD_VERSION

BEST = ("weight-distortion", "weight-distance", "cbft", "weight-dropout", "attenuation")
"""Methods with an interval in the default preset."""
FEW = ("weight-distortion", "weight-distance", "attenuation")
"""Methods that the language model is tried with in the default preset."""
DEFAULT = "drop"
"""The mode that is chosen where nobody chooses; it must pass its own gate."""
TUNING_SEED = 0
KS = (0, 10, 100)
ENDS = (0, 100)
ALL_KS = (0, 1, 5, 10, 50, 100)
SEEDS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "default": {"vader": (0, 1, 2), "chitchat": (0,)},
    "full": {"vader": (0, 1, 2), "chitchat": (0, 1, 2)},
}


def plan(preset: Preset) -> Plan:
    """The first seed of everything that has an interval comes first, and what has none last."""
    listed = [cell for turn in range(3) for cell in _turn(preset.name, turn)]
    listed += [_cell("vader", name, 0, _ks(preset.name, ENDS)) for name in others() if preset.name == "default"]
    return Plan(listed, seeds=max(SEEDS[preset.name].values(), key=len))


def rows(world: str, *, full: bool) -> tuple[str, ...]:
    """Rows of a world's table; methods that are not registered have none."""
    if world == "vader":
        return (*REFERENCES, *MODES, *best(), *others())
    return (*REFERENCES, *MODES, *(registered() if full else few()))


def best() -> tuple[str, ...]:
    return tuple(name for name in BEST if name in registered())


def few() -> tuple[str, ...]:
    return tuple(name for name in FEW if name in registered())


def others() -> tuple[str, ...]:
    """Methods of one seed in the default preset."""
    return tuple(name for name in registered() if name not in BEST)


def reference_of(row: str) -> str:
    """The model without the contributor that a row is compared with: of its own lineage."""
    return ISOLATED_RETRAINED if row.startswith("isolated") else RETRAINED


def _turn(preset: str, turn: int) -> Iterator[Configuration]:
    for world in WORLDS:
        seeds = SEEDS[preset][world]
        if turn < len(seeds):
            named = (*best(), *others()) if preset == "full" else best() if world == "vader" else few()
            for row in (*REFERENCES, *MODES, *named):
                yield _cell(world, row, seeds[turn], _ks(preset, KS))


def _ks(preset: str, ks: tuple[int, ...]) -> tuple[int, ...]:
    return ALL_KS if preset == "full" else ks


def _cell(world: str, row: str, seed: int, ks: tuple[int, ...]) -> Configuration:
    ks = () if row == ISOLATED_ORIGINAL else ks  # there for its headroom alone
    code: dict[str, Any] = {"method": source_of(row)} if row in registered() else {}
    return {"world": world, "row": row, "seed": seed, "ks": list(ks), "fold": FOLD_VERSION, **code,
            "sizes": key_of(WORLDS[world].sizes())[:16]}  # fmt: skip
