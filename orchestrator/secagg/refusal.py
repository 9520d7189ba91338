"""Why something of a secure aggregation is refused, by a name that programs and people can tell apart."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.errors import ProtocolError


class Reason(StrEnum):
    """Reason codes, at most 31 characters each, so that they fit into a verdict or a dispute on the chain."""

    BAD_TERMS = "BAD_TERMS"
    OVERFLOW = "OVERFLOW"
    BAD_FORMAT = "BAD_FORMAT"
    NOT_A_MEMBER = "NOT_A_MEMBER"
    REPLAYED = "REPLAYED"
    FORGED = "FORGED"
    BAD_KEY = "BAD_KEY"
    BAD_DEAL = "BAD_DEAL"
    WRONG_SHARE = "WRONG_SHARE"
    WRONG_DEALERS = "WRONG_DEALERS"
    WRONG_SURVIVORS = "WRONG_SURVIVORS"
    BOTH_SECRETS = "BOTH_SECRETS"
    SAID_OTHERWISE = "SAID_OTHERWISE"
    TOO_FEW = "TOO_FEW"
    OUT_OF_RANGE = "OUT_OF_RANGE"


class SecaggRefused(ProtocolError):
    """Something that no honest member of a secure aggregation takes, makes or reveals.

    Args:
        reason: its code.
        message: what is wrong, with the offending name or value.
    """

    def __init__(self, reason: Reason, message: str, *, mend: str = "") -> None:
        super().__init__(f"{reason}: {message}", mend=mend)
        self.reason = reason
