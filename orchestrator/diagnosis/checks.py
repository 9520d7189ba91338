"""All checks, in the order they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestrator.diagnosis.finding import Check, from_error
from orchestrator.diagnosis.host import disk, host
from orchestrator.diagnosis.organisation import ipfs, keystore
from orchestrator.errors import LoranchorError
from orchestrator.settings import compose


def diagnose(overrides: Sequence[str], *, home: Path | None, password_file: Path | None = None) -> list[Check]:
    """Run every check that makes sense here.

    Raises:
        ConfigurationError: the overrides, or the home, are wrong: then there is nothing to check.
    """
    settings = compose(overrides, organisation_home=home)
    checks = [*host(), disk(home)]
    try:
        from orchestrator.diagnosis.chains import chains

        checks += chains(settings)
        checks += [ipfs(settings), keystore(settings, password_file)]
    except LoranchorError as error:
        checks.append(from_error("settings", error))
    return checks
