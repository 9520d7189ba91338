"""What the settings say about a release check: sets, sizes, intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.types import OrganisationId
from orchestrator.unlearning.evaluation.settings import Part, parts_of

SETS = ("members", "others", "population", "canaries", "canary_references")


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """The whole of them; see ``conf/release/figures.yaml`` for what each is.

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
    prefix: int
    suffix: int
    gamma: float
    offline: float
    draws: int
    level: float
    seed: int
    threads: int | None
    device: str
    statements: tuple[Path, ...] = ()
    data_sets: int | None = None
    folds: Mapping[OrganisationId, str] = field(default_factory=dict)
    key: Path | None = None
    group: str = "release"

    @classmethod
    def from_group(cls, group: Mapping[str, Any]) -> ReleaseSettings:
        """Read the settings' group ``release``.

        Raises:
            ConfigurationError: a value is of the wrong kind or out of bounds; names it.
        """
        labels, threads, bootstrap = group["labels"], group["threads"], group["bootstrap"]
        return cls(
            sets={name: parts_of(f"release.{name}", group[name]) for name in SETS if group.get(name)},
            text=str(group["columns"]["text"]),
            label=str(group["columns"]["label"]),
            labels=None if labels is None else tuple(str(name) for name in labels),
            split_share=_whole("split.share", group["split"]["share"], 1, 999_999),
            split_seed=_whole("split.seed", group["split"]["seed"], 0),
            samples=_whole("samples", group["samples"], 4),
            length=_whole("length", group["length"], 4),
            batch=_whole("batch", group["batch"], 1),
            prefix=_whole("prefix", group["prefix"], 1),
            suffix=_whole("suffix", group["suffix"], 1),
            gamma=_number("rmia.gamma", group["rmia"]["gamma"], 1e9),
            offline=_number("rmia.offline", group["rmia"]["offline"], 1.0),
            draws=_whole("bootstrap.draws", bootstrap["draws"], 100, 100_000),
            level=_number("bootstrap.level", bootstrap["level"], 0.999),
            seed=_whole("bootstrap.seed", bootstrap["seed"], 0),
            threads=None if threads is None else _whole("threads", threads, 1),
            device=str(group["device"]),
            statements=_paths(group["statements"]),
            data_sets=None if group["data_sets"] is None else _whole("data_sets", group["data_sets"], 1),
            folds=_folds(group["folds"]),
            key=None if group["key"] is None else Path(str(group["key"])).expanduser(),
        )


def _whole(name: str, value: Any, least: int, most: int = 1 << 53) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ConfigurationError(f"release.{name} is {value!r}", mend=f"give a whole number from {least}")
    return value


def _number(name: str, value: Any, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise ConfigurationError(f"release.{name} is {value!r}", mend=f"give a number above 0, at most {most:g}")
    return float(value)


def _paths(value: Any) -> tuple[Path, ...]:
    given = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(item, str) and item for item in given):
        raise ConfigurationError(f"release.statements is {value!r}", mend="give a file, or a list of files")
    return tuple(Path(item).expanduser() for item in given)


def _folds(value: Any) -> dict[OrganisationId, str]:
    given = {} if value is None else value
    if not isinstance(given, Mapping) or not all(isinstance(folder, str) for folder in given.values()):
        raise ConfigurationError(f"release.folds is {value!r}", mend="give {ORGANISATION: FOLDER, ...}")
    if len(given) == 1:
        raise ConfigurationError(
            "release.folds names one organisation: without the only one nothing is left to compare with",
            mend="give the fold without each organisation",
        )
    return {OrganisationId(str(name)): folder for name, folder in given.items()}
