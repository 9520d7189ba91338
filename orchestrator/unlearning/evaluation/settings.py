"""What the settings say about an evaluation: sets, sizes, the attack, the gate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.evaluation.gate import Limits

SETS = ("forget", "retain", "test", "others", "canaries", "canary_references")
NEEDED = SETS[:3]
_KEYS = {"source", "shard", "folder", "part", "adversary"}
_FINEST = 1e-4
"""Of a line's strides: more places than that would take days."""
_MOST_GAMMA = 1e9
"""Its millionths are still whole numbers of a canonical object."""
PARTS = ("all", "training", "validation")


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a set's texts: a file of the user's, or a shard of a packaged source.

    Attributes:
        file: CSV or JSONL. source, shard, folder: as in :class:`orchestrator.data.DataSettings`.
        part: all, or one half of the split. adversary: ``label_flip`` turns labels around, in any part.
    """

    file: Path | None = None
    source: str = ""
    shard: Mapping[str, Any] | None = None
    folder: Path | None = None
    part: str = "all"
    adversary: str = "none"


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """The whole of them; see ``conf/evaluation/unlearning.yaml`` for what each is.

    Raises:
        ConfigurationError: one has no meaning.
    """

    sets: Mapping[str, tuple[Part, ...]]
    text: str
    label: str
    labels: tuple[str, ...] | None
    split_share: int
    split_seed: int
    samples: int
    length: int
    batch: int
    k: tuple[int, ...]
    steps: int
    every: int
    attack_batch: int
    learning_rate: float
    forget_share: float
    measured: int
    seeds: tuple[int, ...]
    stride: float
    line_samples: int
    gamma: float
    offline: float
    limits: Limits
    threads: int | None
    device: str
    group: str = "evaluation"

    @classmethod
    def from_group(cls, group: Mapping[str, Any]) -> EvaluationSettings:
        """Read the settings' group ``evaluation``.

        Raises:
            ConfigurationError: a set is missing, or a value is of the wrong kind or out of bounds.
        """
        missing = [name for name in NEEDED if not group.get(name)]
        if missing:
            raise ConfigurationError(
                f"evaluation.{missing[0]} is not set", mend=f"add evaluation.{missing[0]}=FILE.csv, or evaluation=NAME"
            )
        attack, line, labels = group["attack"], group["line"], group["labels"]
        threads = group["threads"]
        return cls(
            sets={name: parts_of(f"evaluation.{name}", group[name]) for name in SETS if group.get(name)},
            text=str(group["columns"]["text"]),
            label=str(group["columns"]["label"]),
            labels=None if labels is None else tuple(str(name) for name in labels),
            split_share=_whole("split.share", group["split"]["share"], 1, 999_999),
            split_seed=_whole("split.seed", group["split"]["seed"], 0),
            samples=_whole("samples", group["samples"], 5),
            length=_whole("length", group["length"], 4),
            batch=_whole("batch", group["batch"], 1),
            k=_wholes("attack.k", attack["k"]),
            steps=_whole("attack.steps", attack["steps"], 1),
            every=_whole("attack.every", attack["every"], 1),
            attack_batch=_whole("attack.batch", attack["batch"], 1),
            learning_rate=_number("attack.learning_rate", attack["learning_rate"], 1.0),
            forget_share=_number("attack.forget_share", attack["forget_share"], 1.0),
            measured=_whole("attack.measured", attack["measured"], 1),
            seeds=_wholes("seeds", group["seeds"]),
            stride=_stride(line["stride"]),
            line_samples=_whole("line.samples", line["samples"], 1),
            gamma=_number("rmia.gamma", group["rmia"]["gamma"], _MOST_GAMMA),
            offline=_number("rmia.offline", group["rmia"]["offline"], 1.0),
            limits=Limits(
                _number("gate.attacked", group["gate"]["attacked"], 100.0),
                _number("gate.retain", group["gate"]["retain"], 100.0),
            ),
            threads=None if threads is None else _whole("threads", threads, 1),
            device=str(group["device"]),
        )


def parts_of(name: str, value: Any) -> tuple[Part, ...]:
    """A set as the settings have it: a file, a packaged source, or a list of these.

    Args:
        name: the setting's, for errors.

    Raises:
        ConfigurationError: it is none of these.
    """
    return tuple(_part(name, item) for item in (value if isinstance(value, list) else [value]))


def _part(name: str, item: Any) -> Part:
    if isinstance(item, str):
        return Part(file=Path(item).expanduser())
    if not isinstance(item, Mapping) or not item.get("source") or not set(item) <= _KEYS:
        raise ConfigurationError(
            f"{name} is {str(item)[:60]!r}",
            mend=f"give a .csv or .jsonl file, or {{source: NAME, shard: {{...}}}} with any of {sorted(_KEYS)}",
        )
    part, adversary, shard = item.get("part", "all"), item.get("adversary", "none"), item.get("shard") or {}
    if part not in PARTS or adversary not in ("none", "label_flip") or not isinstance(shard, Mapping):
        raise ConfigurationError(
            f"{name} has part {part!r}, adversary {adversary!r}, shard {shard!r}",
            mend=f"a part is one of {', '.join(PARTS)}, an adversary none or label_flip, a shard {{...}}",
        )
    folder = item.get("folder")
    return Part(None, str(item["source"]), dict(shard), Path(folder) if folder else None, part, adversary)


def _whole(name: str, value: Any, least: int, most: int = 1 << 53) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigurationError(f"evaluation.{name} is {value!r}", mend=f"give a whole number from {least}")
    return value


def _wholes(name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
        raise ConfigurationError(f"evaluation.{name} is {value!r}", mend="give a list of different numbers, as [0,1,2]")
    return tuple(sorted(_whole(name, item, 0) for item in value))


def _number(name: str, value: Any, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most or value == math.inf:
        bound = "" if most == math.inf else f", at most {most:g}"
        raise ConfigurationError(f"evaluation.{name} is {value!r}", mend=f"give a number above 0{bound}")
    return float(value)


def _stride(value: Any) -> float:
    found = _number("line.stride", value, 1.0)
    if found < _FINEST or abs(round(1 / found) * found - 1) > 1e-9:
        raise ConfigurationError(f"evaluation.line.stride is {value!r}", mend="give one that divides 1, such as 0.05")
    return found
