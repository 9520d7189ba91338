"""One cell: a method on a split with a lineage and a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.federation import Federation, History, Measured
from benchmarks.harness import Configuration, Figures
from benchmarks.quality.cells import CENTRALISED, DEFAULT, LOCAL
from benchmarks.quality.worlds import WORLDS, document_of, members_of, shards_of, shared_of
from orchestrator.types import OrganisationId

JUDGING = 8
"""Held-out samples of a judge. Verdicts are structural here, so that scores decide nothing."""


def work(cell: Configuration) -> Figures:
    """Figures of the last round, and the mean by round.

    ``accuracy`` and ``loss`` are means over the organisations' held-out sets, ``whole_…`` over all samples, ``own_…``
    of each organisation's set alone with the model that it has: for ``local only`` its own model.
    """
    if cell["method"] == LOCAL:
        return _local(cell)
    factor = len(shards_of(cell["data"], cell["seed"])) if cell["method"] == CENTRALISED else 1
    history = _history(cell, members_of(cell["data"], cell["split"], cell["seed"]), factor)
    return {**_figures([history]), **_own([history.last] * len(history.last.loss), list(history.last.loss))}


def _local(cell: Configuration) -> Figures:
    """A federation of one for each organisation, measured on everybody's held-out sets."""
    members = members_of(cell["data"], cell["split"], cell["seed"])
    histories = [_history(cell, [member], 1) for member in members]
    names = [member.name for member in members]
    return {**_figures(histories), **_own([history.last for history in histories], names)}


def _history(cell: Configuration, members: Sequence[Any], factor: int) -> History:
    data, seed, method = cell["data"], cell["seed"], cell["method"]
    strategy = DEFAULT if method in (LOCAL, CENTRALISED) else method
    lineage = "chained" if cell["lineage"] == "none" else cell["lineage"]
    held_out = {str(name): shard.validation for name, shard in shards_of(data, seed).items()}
    federation = Federation(
        document_of(data, strategy, lineage, factor=factor),
        members,
        seed,
        shared=shared_of(data),
        held_out=held_out,
        judging=JUDGING,
    )
    return federation.run(WORLDS[data].rounds)


def _figures(histories: Sequence[History]) -> dict[str, Any]:
    """Means over models."""
    last = [history.last for history in histories]
    rounds = range(len(histories[0].rounds))
    found: dict[str, Any] = {
        "loss": _mean([item.mean_loss for item in last]),
        "whole_loss": _mean([item.whole_loss for item in last]),
        "losses": [_mean([history.rounds[place].measured.mean_loss for history in histories]) for place in rounds],
        "by_organisation": {name: _mean([_value(item, name) for item in last]) for name in last[0].loss},
        "samples": dict(last[0].samples),
        "error": max(history.rounds[-1].error for history in histories),
        "refused": sum(len(item.refused or {}) for history in histories for item in history.rounds),
    }
    if last[0].accuracy is not None:
        found["accuracy"] = _mean([item.mean_accuracy or 0.0 for item in last])
        found["whole_accuracy"] = _mean([item.whole_accuracy or 0.0 for item in last])
        found["accuracies"] = [
            _mean([history.rounds[place].measured.mean_accuracy or 0.0 for history in histories]) for place in rounds
        ]
    return found


def _own(models: Sequence[Measured], names: Sequence[OrganisationId | str]) -> Mapping[str, float]:
    """Each organisation's model on the organisation's own set."""
    pairs = list(zip(models, names, strict=True))
    found = {"own_loss": _mean([model.loss[name] for model, name in pairs])}
    if models[0].accuracy is not None:
        found["own_accuracy"] = _mean([(model.accuracy or {})[name] for model, name in pairs])
    return found


def _value(measured: Measured, name: str) -> float:
    return measured.loss[name] if measured.accuracy is None else measured.accuracy[name]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
