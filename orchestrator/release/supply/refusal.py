"""Why a model's folder is refused, in words for people and by a name for programs."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.errors import ProtocolError


class Reason(StrEnum):
    """What is wrong with a folder. The first nine a scan finds, without any key."""

    NOT_A_FOLDER = "not-a-folder"
    SYMLINK = "symlink"
    HIDDEN = "hidden-file"
    SUBFOLDER = "subfolder"
    PICKLE = "pickle"
    CODE = "code"
    UNKNOWN_KIND = "unknown-kind"
    DAMAGED_WEIGHTS = "damaged-weights"
    DAMAGED_TEXT = "damaged-text"
    UNSIGNED = "unsigned"
    ANOTHER_KEY = "another-key"
    BAD_SIGNATURE = "bad-signature"
    CHANGED = "changed-file"
    MISSING = "missing-file"
    EXTRA = "extra-file"
    BAD_RECORD = "bad-record"
    BAD_BOM = "bad-bom"
    BOM_LACKS = "bom-lacks-contribution"
    BOM_DIFFERS = "bom-differs"
    ANOTHER_MANIFEST = "another-manifest"
    BAD_REPORT = "bad-report"
    REPORT_OF_ANOTHER = "report-of-another-manifest"
    BAD_NOTICE = "bad-notice"
    WITHDRAWN = "withdrawn"


class ModelRefused(ProtocolError):
    """A folder that must not be loaded.

    Args:
        reason: the name of what is wrong.
        message: what is wrong, with the file that it is wrong with.
        mend: what the receiver can do.
    """

    def __init__(self, reason: Reason, message: str, *, mend: str = "") -> None:
        super().__init__(f"{reason}: {message}", mend=mend or "do not load it; ask who gave it to you for a whole copy")
        self.reason = reason
