"""All checks, in the order they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from orchestrator.diagnosis.finding import Check, from_error
from orchestrator.diagnosis.home import home_checks
from orchestrator.diagnosis.host import disk, host
from orchestrator.diagnosis.memory import memory
from orchestrator.diagnosis.organisation import ipfs, keystore, signer
from orchestrator.errors import LoranchorError
from orchestrator.settings import Settings, compose


def diagnose(overrides: Sequence[str], *, home: Path | None, password_file: Path | None = None) -> list[Check]:
    """Run every check that makes sense here.

    Raises:
        ConfigurationError: the overrides, or the home, are wrong: then there is nothing to check.
    """
    settings = compose(overrides, organisation_home=home)
    checks = [*host(), disk(home)]
    if home is not None:
        checks += [*home_checks(home, password_file), *memory(home)]
    checks += _gathered("settings", _of_settings(settings))
    checks += [ipfs(settings), keystore(settings, password_file)]
    if home is not None:
        checks.append(signer(settings))
    return checks


def _of_settings(settings: Settings) -> Iterator[Check]:
    from orchestrator.diagnosis.chains import chains
    from orchestrator.diagnosis.setup import setup
    from orchestrator.diagnosis.work import work

    yield from setup(settings)
    yield from chains(settings)
    yield from work(settings)


def _gathered(name: str, checks: Iterable[Check]) -> list[Check]:
    """The checks up to a setting that cannot be read at all."""
    found: list[Check] = []
    try:
        for check in checks:
            found.append(check)
    except LoranchorError as error:
        found.append(from_error(name, error))
    return found
