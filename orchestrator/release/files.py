"""Reading a signed release report from a file."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.canonical import MAX_BYTES
from orchestrator.release.signed import SignedReport


def read_signed(path: Path) -> SignedReport:
    """The report of a file, its digest and its verdict checked; not yet who signed it.

    Raises:
        ConfigurationError: the file cannot be read. FormatError: it is no signed release report; names what is wrong.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 2)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}", mend="give the release-report.signed.json of a release check"
        ) from error
    return SignedReport.from_bytes(data.removesuffix(b"\n"))
