"""One finding of a check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from orchestrator.errors import LoranchorError

Status = Literal["ok", "absent", "warning", "broken"]


@dataclass(frozen=True, slots=True)
class Check:
    """A finding. ``absent`` is information: that part is not set up here, and may not be needed."""

    name: str
    status: Status
    detail: str
    mend: str = ""


def from_error(name: str, error: LoranchorError, status: Status = "broken") -> Check:
    return Check(name, status, error.message, error.mend)


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """A check's finding, or what kept it from one."""
    try:
        return check()
    except LoranchorError as error:
        return from_error(name, error)
