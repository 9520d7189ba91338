"""Hydra's composition, with its errors told in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from orchestrator.errors import ConfigurationError


def composed(folder: Path, overrides: Sequence[str]) -> Mapping[str, Any]:
    """``config.yaml`` of ``folder`` under these overrides, resolved, as plain dictionaries.

    Raises:
        ConfigurationError: names the value that is wrong and what would be right.
    """
    for text in overrides:
        _check(folder, text)
    try:
        with initialize_config_dir(config_dir=str(folder.resolve()), version_base="1.3"):
            config = compose("config", overrides=list(overrides))
            return cast("Mapping[str, Any]", OmegaConf.to_container(config, resolve=True, throw_on_missing=True))
    except (HydraException, OmegaConfBaseException) as error:
        raise _explained(folder, overrides, error) from error


def _check(folder: Path, text: str) -> Override:
    try:
        override = OverridesParser.create().parse_override(text)
    except HydraException as error:
        raise ConfigurationError(f"{text!r} is no setting", mend="write key=value, such as training.steps=4") from error
    if override.is_sweep_override():
        raise ConfigurationError(f"{text!r} gives several values", mend="give one, in quotes if it holds a comma")
    group = override.key_or_group
    valid = sorted(path.stem for path in (folder / group).glob("*.yaml"))
    if group in _groups(folder) and override.value() is not None and override.value() not in valid:
        raise ConfigurationError(
            f"there is no {group} {override.value()!r}",
            mend=f"choose one of {', '.join(valid)}" if valid else f"this version packages no {group}",
        )
    return override


def _groups(folder: Path) -> list[str]:
    """Names in the defaults list of ``config.yaml``."""
    defaults = cast("DictConfig", OmegaConf.load(folder / "config.yaml"))["defaults"]
    return [str(next(iter(entry))) for entry in defaults if not isinstance(entry, str)]


def _explained(folder: Path, overrides: Sequence[str], error: Exception) -> ConfigurationError:
    """Find the first override that cannot be applied after those before it, and say what would do."""
    for count, text in enumerate(overrides, start=1):
        if _composes(folder, overrides[:count]):
            continue
        key = _check(folder, text).key_or_group
        parent, _, name = key.rpartition(".")
        known = _neighbours(folder, overrides[: count - 1], parent)
        if known is None:
            choose = f"choose {parent}=… first" if parent in _groups(folder) else f"{parent} has no settings of its own"
            return ConfigurationError(f"there is no setting {key!r}", mend=choose)
        if name not in known:
            return ConfigurationError(
                f"there is no setting {key!r}", mend=f"{parent or 'the top level'} has {', '.join(known) or 'none'}"
            )
        return ConfigurationError(f"{text!r} cannot be set", mend=_first_line(error))
    return ConfigurationError(f"the settings do not compose: {_first_line(error)}", mend="check the files in conf/")


def _composes(folder: Path, overrides: Sequence[str]) -> bool:
    try:
        _compose_raw(folder, overrides)
    except (HydraException, OmegaConfBaseException):
        return False
    return True


def _compose_raw(folder: Path, overrides: Sequence[str]) -> DictConfig:
    with initialize_config_dir(config_dir=str(folder.resolve()), version_base="1.3"):
        return compose("config", overrides=list(overrides))


def _neighbours(folder: Path, overrides: Sequence[str], parent: str) -> list[str] | None:
    """Settings under ``parent``; None when it is no group of settings."""
    config = _compose_raw(folder, overrides)
    entry = OmegaConf.select(config, parent) if parent else config
    names = [str(name) for name in entry] if isinstance(entry, DictConfig) else None
    return names if parent or names is None else sorted({*names, *_groups(folder)})


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].strip() if str(error).strip() else type(error).__name__


def assignments(overrides: Sequence[str]) -> dict[str, Any]:
    """Override texts as key → value; for those that have been checked."""
    parsed = [OverridesParser.create().parse_override(text) for text in overrides]
    return {override.key_or_group: override.value() for override in parsed}
