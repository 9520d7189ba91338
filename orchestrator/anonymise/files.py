"""Anonymises a file into another one. A file without personal data comes out with the same bytes."""

from __future__ import annotations

from pathlib import Path

from orchestrator.anonymise.anonymiser import Anonymiser
from orchestrator.errors import ConfigurationError, DataError
from orchestrator.files import write_atomic

PRIVATE = 0o600
"""What no pattern recognises is still in it."""


def rewrite(file: Path, to: Path, anonymiser: Anonymiser) -> None:
    """Read UTF-8 text, take out what is found, and write a new file that only its owner can read.

    Raises:
        ConfigurationError: ``to`` is there already, or cannot be written.
        DataError: ``file`` cannot be read or is not UTF-8.
    """
    if to.exists():
        raise ConfigurationError(f"{to} is there already", mend="name a new file")
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 from byte {error.start} on", mend="convert it first") from error
    data = anonymiser.clean(text).encode("utf-8")
    try:
        write_atomic(to, data, mode=PRIVATE)
    except OSError as error:
        raise ConfigurationError(f"cannot write {to}: {error.strerror}") from error
