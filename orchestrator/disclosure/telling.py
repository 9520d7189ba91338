"""Cases in words, for terminals. What strangers wrote on the chain is shown only where its form is known."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.disclosure.cases import Case, Happening
from orchestrator.disclosure.moments import DAY, shown
from orchestrator.errors import StorageError
from orchestrator.storage.cid import check_cid

_STATES = {
    "waiting": "waits for a member to acknowledge it",
    "acknowledged": "is acknowledged",
    "over": "may be published by whoever has it",
    "published": "is public",
}


def case_line(case: Case, now: int) -> str:
    """One line of a case."""
    state = case.state(now)
    told = f"report {case.id} {_STATES[state]}"
    if state in ("waiting", "acknowledged"):
        told += f"; embargo until {shown(case.ends)} ({(case.ends - now) // DAY} days)"
    elif state == "published" and case.published is not None:
        told += f": {_where(case.published)}"
    if case.copy_of is not None:
        told += f"; the same commitment as report {case.copy_of}"
    return told


def case_lines(case: Case, now: int) -> list[str]:
    """All of a case."""
    lines = [case_line(case, now), f"  reporter {case.reporter}, commitment {case.commitment}"]
    lines.append(
        f"  sealed report: {case.sealed}" if case.sealed else "  the chain does not say where the sealed report is"
    )
    lines += [f"  {shown(item.at)} {_told(item)} (block {item.block})" for item in case.happenings]
    return [*lines, *_proposals(case)]


def _proposals(case: Case) -> Iterable[str]:
    for by_reporter, who in ((True, "its reporter"), (False, "a member")):
        if (ends := case.proposed(by_reporter=by_reporter)) is not None:
            other = "a member agrees" if by_reporter else "its reporter agrees"
            yield f"  {who} proposes {shown(ends)}; {other} with `loranchor disclosure extend {case.id} --agree`"


def _told(item: Happening) -> str:
    who = item.organisation or "the reporter"
    ends = "" if item.ends is None else shown(item.ends)
    match item.what:
        case "committed":
            return f"committed to; embargo until {ends}"
        case "acknowledged":
            return f"acknowledged by {who}; embargo until {ends}"
        case "proposed":
            return f"{who} proposes an embargo until {ends}"
        case "extended":
            return f"both agree; embargo until {ends}"
        case _:
            return f"published: {_where(item)}"


def _where(item: Happening) -> str:
    try:
        return f"{check_cid(str(item.cid))}, digest {item.digest}"
    except StorageError:
        return f"at no IPFS address, digest {item.digest}"
