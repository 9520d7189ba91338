"""Where a home's daemon listens: ``api/address.json``, written when it serves and removed when it stops."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.daemon.api.tokens import FOLDER
from orchestrator.errors import EnvironmentMissing

ADDRESS = "address.json"


def address_path(home: Path) -> Path:
    """Where a running daemon's address is written."""
    return home / FOLDER / ADDRESS


def address_of(home: Path) -> str:
    """Where the daemon of a home listens.

    Raises:
        EnvironmentMissing: none says that it runs.
    """
    try:
        return str(json.loads(address_path(home).read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnvironmentMissing(
            f"no daemon of {home} says where it listens", mend="start it with `loranchor daemon run`"
        ) from error
