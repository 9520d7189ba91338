"""One cell: a federation with or without adversaries, defended or not, and its figures on the whole held-out set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import yaml

from benchmarks.adversaries.trained import RememberingFederation
from benchmarks.federation import Member, RoundFigures, Shared, halves
from benchmarks.harness import Configuration, Figures
from orchestrator.data import Dataset, DataSettings
from orchestrator.types import OrganisationId
from tools.setup.paths import ROOT

DOMAINS = ("amazon", "editorials", "movies", "tweets")
HOSTILE = {8: ("editorials-2", "tweets-2"), 4: ("tweets",)}
"""Who the adversaries are, by number of organisations; the run without them has the others only."""
LENGTH = 32
WHOLE = 1_000_000_000
CONF = ROOT / "orchestrator" / "conf"
DEFENDED, BARE = "robust", "stack"
"""Settings of ``conf/aggregation``."""


def play(cell: Configuration) -> Figures:
    """The figures of one cell.

    Args:
        cell: ``organisations`` 8 or 4, ``attack`` ("without" leaves the adversaries out), ``defence`` of
            ``conf/aggregation``, ``seed``, ``rounds``, ``steps`` of an update, ``judging`` held-out sentences.
    """
    hostile = HOSTILE[cell["organisations"]]
    members = [
        Member(OrganisationId(name), data, cell["attack"] if name in hostile else "none")
        for name, data in _shards(cell["organisations"], cell["seed"]).items()
        if name not in hostile or cell["attack"] != "without"
    ]
    federation = RememberingFederation(
        task(cell["defence"], cell["steps"]),
        members,
        cell["seed"],
        shared=_shared(),
        held_out={name: data.validation for name, data in _domains(cell["seed"]).items()},
        judging=cell["judging"],
        collude=True,
    )
    return figures(federation.run(cell["rounds"]).rounds, hostile)


def figures(rounds: Sequence[RoundFigures], hostile: Sequence[str]) -> Figures:
    """Accuracies after each round, and whose updates entered the model."""
    last = rounds[-1].measured
    assert last.accuracy is not None
    active = [name for item in rounds for name in item.accepted]
    refused = [(name, codes) for item in rounds for name, codes in (item.refused or {}).items()]
    return {
        "accuracy": last.mean_accuracy,
        "by domain": dict(last.accuracy),
        "by round": [item.measured.mean_accuracy for item in rounds],
        "hostile accepted": sum(name in hostile for name in active),
        "honest accepted": sum(name not in hostile for name in active),
        "honest refused": sum(name not in hostile for name, _ in refused),
        "reasons": sorted({code for name, codes in refused for code in codes if name in hostile}),
    }


def task(aggregation: str, steps: int) -> Mapping[str, Any]:
    """The experiment's task with the settings of one file of ``conf/aggregation``."""
    rules, training, model = (
        yaml.safe_load((CONF / name).read_text("utf-8"))
        for name in (f"aggregation/{aggregation}.yaml", "training/classifier.yaml", "model/minilm-l6.yaml")
    )
    return {
        "name": "adversaries",
        "adapter": {"modules": model["modules"], "ranks": [8], "alpha": 16, "rslora": False, "dense": model["dense"]},
        "training": {**training, "steps": steps, "length": LENGTH},
        "privacy": {"policy": "none", "epsilon_cap": 0, "delta_inverse": 0},
        **{name: rules[name] for name in ("strategy", "lineage", "weights", "verdict")},
        "awards": {"per_round": "1"},
        "deadlines": {"submit": 1, "release": 1, "commit": 1, "reveal": 1},
        "minimum_updates": 1,
        "evaluation": {"metric": "loss", "shared": None, "scores": rules["scores"]},
    }


@cache
def _shared() -> Shared:
    return Shared("packaged:minilm-l6", kind="classifier", labels=2, threads=1)


@cache
def _domains(seed: int) -> Mapping[str, Dataset]:
    settings = {name: DataSettings("vader", {"domain": name}, validation_limit=WHOLE, seed=seed) for name in DOMAINS}
    return {name: _shared().dataset(own, LENGTH) for name, own in settings.items()}


def _shards(organisations: int, seed: int) -> Mapping[str, Dataset]:
    if organisations == len(DOMAINS):
        return _domains(seed)
    return {
        f"{name}-{place}": half
        for name, data in _domains(seed).items()
        for place, half in enumerate(halves(data, seed), start=1)
    }
