"""Which cells a preset has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.harness import Configuration, Plan, Preset
from benchmarks.quality.worlds import SETTINGS, WORLDS
from orchestrator.aggregation import FOLD_VERSION, strategies, strategy_named
from orchestrator.ledger.methods import ONE_RANK

LOCAL, CENTRALISED, DEFAULT = "local only", "centralised", "stack"
SEEDS = {"default": {"vader": (0, 1, 2), "sotu": (0,)}, "full": {"vader": tuple(range(5)), "sotu": (0, 1, 2)}}


def plan(preset: Preset) -> Plan:
    seeds = SEEDS[preset.name]
    listed = [
        {**row, **WORLDS[data].sizes(), **versions(row["method"]), "data": data, "seed": seed}
        for data in WORLDS
        for seed in seeds[data]
        for row in rows(full=preset.name == "full")
        if row["method"] in (LOCAL, CENTRALISED, *strategies())
    ]
    return Plan(listed, seeds=max(seeds.values(), key=len))


def rows(*, full: bool) -> Iterator[dict[str, Any]]:
    """Rows of the tables: method, split, lineage; the most telling first, in case that time runs out.

    A strategy that is not registered has a row and no cell.
    """
    yield row(DEFAULT, "domains", "chained")
    yield row(LOCAL, "domains", "none")
    yield row(CENTRALISED, "one", "none")
    yield row(DEFAULT, "domains", "isolated")
    yield row(DEFAULT, "iid", "chained")
    others = [name for name in SETTINGS if name != DEFAULT]
    for name in others:
        yield row(name, "domains", "chained")
    if full:
        yield row(LOCAL, "iid", "none")
        yield row(DEFAULT, "iid", "isolated")
        for name in others:
            yield row(name, "iid", "chained")
            if name not in ONE_RANK:  # an isolated member's rank grows with each round
                yield row(name, "domains", "isolated")
                yield row(name, "iid", "isolated")


def row(method: str, split: str, lineage: str) -> dict[str, Any]:
    return {"method": method, "split": split, "lineage": lineage}


def versions(method: str) -> Configuration:
    """Of fold and strategy: a change of bits is a new one, so that a new strategy leaves the others' cells alone."""
    if method not in strategies():
        return {"fold": FOLD_VERSION}
    return {"fold": FOLD_VERSION, "strategy": strategy_named(method, **SETTINGS[method]).version}
