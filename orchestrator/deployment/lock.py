"""One deployment at a time for a folder of deployment files."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import ConfigurationError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; the lock ends with the process, however it ends.

    Raises:
        ConfigurationError: another run holds it, or the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass  # told now, not after the first transaction
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write into the folder {folder}: {error.strerror}", mend="check LORANCHOR_DEPLOYMENTS"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(
                f"another deployment works on the folder {folder}", mend="let it end, then run this again"
            ) from error
        yield
    finally:
        os.close(handle)
