"""What members have to act on: reports that nobody answers, and embargoes that end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.disclosure.cases import Case, read_cases
from orchestrator.disclosure.desk import Desk
from orchestrator.disclosure.refusal import UnknownReport
from orchestrator.errors import ConfigurationError


def seen(desk: Desk, id: int | None = None) -> list[Case]:
    """All cases in order, or one.

    Raises:
        UnknownReport: there is none of that number. ChainError: the chain is down.
    """
    cases = read_cases(desk)
    if id is None:
        return list(cases.values())
    if id not in cases:
        raise UnknownReport(f"there is no report {id}", mend=f"the registry has {len(cases)}")
    return [cases[id]]


def reminders(cases: Iterable[Case], now: int, group: Mapping[str, Any]) -> dict[int, str]:
    """Why, by the number of each report that something is due of.

    Args:
        group: the settings ``disclosure``.
    """
    days = {name: _days(group, name) for name in ("answer_days", "due_days")}
    found = {case.id: case.due(now, **days) for case in cases}
    return {id: why for id, why in found.items() if why}


def _days(group: Mapping[str, Any], name: str) -> int:
    value = group[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"disclosure.{name} is {value!r}", mend="give a natural number of days")
    return value
