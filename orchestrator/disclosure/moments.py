"""Times of a disclosure: whole seconds of UTC, as the public chain counts them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from orchestrator.errors import ConfigurationError

DAY = 86_400
_LATEST = 253_402_300_799
"""The last second of the year 9999, beyond which no date is written."""
_DAYS = re.compile(r"\+([0-9]{1,4})d")
_MEND = "write 2027-01-31, 2027-01-31T12:00Z, or +14d for days after the present end"


def shown(seconds: int) -> str:
    """``2027-01-31T12:00:00Z``. A contract's number may be beyond any calendar."""
    if seconds > _LATEST:
        return f"second {seconds}"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str, present: int) -> int:
    """Seconds of a time that somebody typed; without a zone it is UTC.

    Args:
        present: what ``+Nd`` counts from.

    Raises:
        ConfigurationError: it is none.
    """
    if days := _DAYS.fullmatch(text):
        return present + int(days[1]) * DAY
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"{text!r} is no time", mend=_MEND) from error
    seconds = int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    if seconds < 0:
        raise ConfigurationError(f"{text!r} is before 1970", mend=_MEND)
    return seconds
