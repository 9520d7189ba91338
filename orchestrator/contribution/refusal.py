"""Why an update is refused, in words for people and in a code that fits into a verdict."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.errors import FormatError


class Reason(StrEnum):
    """Reason codes of verdicts: upper-case ASCII, at most 31 characters, so that each fits into a bytes32."""

    NOT_SAFETENSORS = "NOT_SAFETENSORS"
    WRONG_FORMAT = "WRONG_FORMAT"
    TOO_LARGE = "TOO_LARGE"
    EMPTY = "EMPTY"
    WRONG_BASE = "WRONG_BASE"
    WRONG_PARENT = "WRONG_PARENT"
    NOT_FINITE = "NOT_FINITE"
    BAD_SHAPE = "BAD_SHAPE"
    BAD_RANK = "BAD_RANK"
    BAD_MODULE = "BAD_MODULE"
    BAD_SCALE = "BAD_SCALE"
    WRONG_FACTOR = "WRONG_FACTOR"
    OFF_GRID = "OFF_GRID"
    OVERFLOW = "OVERFLOW"
    DORA = "DORA"
    BIAS = "BIAS"
    MODULES_TO_SAVE = "MODULES_TO_SAVE"
    CHANGES_BASE = "CHANGES_BASE"
    UNSUPPORTED = "UNSUPPORTED"
    NORM_TOO_LARGE = "NORM_TOO_LARGE"
    COPY_OF_ANOTHER = "COPY_OF_ANOTHER"
    SCORE_TOO_LOW = "SCORE_TOO_LOW"


class ContributionRefused(FormatError):
    """An update that no honest member accepts.

    Args:
        reason: the code that goes into the verdict.
        message: what is wrong, with the offending name or value.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
