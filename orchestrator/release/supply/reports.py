"""Whether a report of a release check was made for a model: one passed for another says nothing of this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.canonical import MAX_BYTES
from orchestrator.release.report import ReleaseReport
from orchestrator.release.signed import SignedReport
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.types import Digest


def check_report(path: Path, manifest: Digest) -> dict[str, Any]:
    """The report, if it is of that manifest; its verdict follows from its rows, and is the reader's to judge.

    Args:
        path: as `loranchor release check` writes it, signed or not. A signature must be one; whose it is is compared
            by `loranchor release` verbs, which know the members' keys: here nothing is known but the folder.

    Raises:
        ModelRefused: no report, or one of another manifest.
    """
    try:
        report = _parsed(path)
    except OSError as error:
        raise ModelRefused(Reason.BAD_REPORT, f"cannot read the report {path}: {error.strerror}") from error
    except (FormatError, ProtocolError) as error:
        raise ModelRefused(Reason.BAD_REPORT, f"{path} is no report: {error.message}") from error
    if report.manifest != manifest:
        raise ModelRefused(
            Reason.REPORT_OF_ANOTHER,
            f"{path} was made for manifest {report.manifest}, and this model is of {manifest}",
            mend="ask for the report of this model",
        )
    return report.document()


def _parsed(path: Path) -> ReleaseReport:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 2).removesuffix(b"\n")
    if b"loranchor/signed-release-report" not in data:
        return ReleaseReport.from_bytes(data)
    signed = SignedReport.from_bytes(data)
    signed.signer()
    return signed.report
