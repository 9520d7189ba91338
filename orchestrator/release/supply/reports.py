"""Whether a report of a release check was made for a model: one passed for another says nothing of this one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import check_nesting
from orchestrator.release.supply.refusal import ModelRefused, Reason
from orchestrator.types import Digest

REPORT, SIGNED = "loranchor/release-report", "loranchor/signed-release-report"
MOST = 64 << 20
_DIGEST = re.compile(r"0x[0-9a-f]{64}")


def check_report(path: Path, manifest: Digest) -> dict[str, Any]:
    """The report, if it is of that manifest; its verdict is the reader's to judge.

    Args:
        path: as `loranchor release check` writes it, signed or not. Whose signature it bears is compared by
            `loranchor release` verbs, which know the members' keys; here nothing is known but the folder.

    Raises:
        ModelRefused: no report, or one of another manifest.
    """
    try:
        document = _parsed(path)
    except OSError as error:
        raise ModelRefused(Reason.BAD_REPORT, f"cannot read the report {path}: {error.strerror}") from error
    except FormatError as error:
        raise ModelRefused(Reason.BAD_REPORT, f"{path} is no report: {error.message}") from error
    found = document["manifest"]
    if found != manifest:
        raise ModelRefused(
            Reason.REPORT_OF_ANOTHER, f"{path} was made for manifest {found}, and this model is of {manifest}",
            mend="ask for the report of this model",
        )  # fmt: skip
    return document


def _parsed(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise FormatError(f"more than {MOST} bytes")
    check_nesting(data, "report")
    try:
        found = json.loads(data.decode())
    except ValueError as error:
        raise FormatError("no JSON") from error
    if isinstance(found, dict) and found.get("format") == SIGNED:
        found = found.get("report")
    if not isinstance(found, dict) or found.get("format") != REPORT:
        raise FormatError(f"it is no {REPORT}")
    if not _DIGEST.fullmatch(str(found.get("manifest"))):
        raise FormatError("it names no manifest")
    return found
