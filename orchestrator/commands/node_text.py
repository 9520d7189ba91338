"""The API's answers for people, at a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

Row = Mapping[str, Any]
ROUND = ("round", "status", "opener", "submitted", "released", "revealed", "active", "failure")
CONTRIBUTION = ("update", "round", "organisation", "state", "samples", "epsilon", "acceptances", "unopened")
REVOCATION = ("request", "organisation", "mode", "step", "waits_for", "reason")


def status_lines(found: Row) -> list[str]:
    """A daemon's status, a line for each thing."""
    flags = [name for name, there in (("paused", found["paused"]), ("dry run", found["dry_run"])) if there]
    words = ["ready" if found["ready"] else "NOT READY", "mode " + found["mode"], *flags]
    lines = [f"{found['organisation']}: {', '.join(words)}"]
    lines += [f"  not ready: {reason}" for reason in found["reasons"]]
    lines += [f"  ALARM {alarm_line(alarm)}" for alarm in found["alarms"]]
    lines += [_chain("private chain", found["private"]), _chain("public chain", found["public"])]
    lines += [_round(found["round"]), _checkpoint(found["checkpoint"])]
    member = "" if found["member"] else ", and this organisation is none of them"
    lines.append(
        f"members        {len(found['members'])}, quorum {found['quorum']}, epoch {found['epoch']}{member};"
        f" {found['prekeys']} own prekeys unused"
    )
    if found["unopened"]:
        lines.append(f"not opened yet {found['unopened']} of what counts; see `loranchor contribution missing`")
    many = "effect" if found["waiting"] == 1 else "effects"
    waiting = f"{found['waiting']} {many}; see `loranchor node pending`" if found["waiting"] else "nothing"
    lines.append(f"waits for you  {waiting}")
    lines.append(f"under way      {', '.join(found['in_flight']) or 'nothing'}")
    return lines


def alarm_line(alarm: Row) -> str:
    return f"{alarm['name']} since {_utc(alarm['since'])}: {alarm['text']}"


def effect_line(row: Row) -> str:
    error = f"; {row['code']}: {row['error']}" if row["code"] else ""
    return f"{_utc(row['begun'])}  {row['effect']}  {row['state']}, attempt {row['attempts']}{error}"


def table(rows: Sequence[Row], columns: Sequence[str]) -> Table:
    """The rows under the names of their members."""
    from rich.table import Column, Table

    made = Table(*(Column(name.replace("_", " "), overflow="fold") for name in columns), box=None, pad_edge=False)
    for row in rows:
        made.add_row(*(_cell(row[name]) for name in columns))
    return made


def _chain(name: str, chain: Row) -> str:
    behind = "" if chain["followed"] >= chain["head"] else f", followed to {chain['followed']}"
    age = "" if chain["head_age"] is None else f", seen {chain['head_age']:.0f} s ago"
    pending = "" if chain["pending_age"] is None else f"; a transaction waits for {chain['pending_age']:.0f} s"
    return f"{name:<15}block {chain['head']}{behind}{age}{pending}"


def _round(clock: Row | None) -> str:
    if clock is None:
        return "round          none is open"
    left = clock["blocks_left"]
    when = f"{left} blocks left" if left >= 0 else f"late by {-left} blocks"
    warning = f"; NEARLY LATE: {clock['own_act']}" if clock["pressing"] else ""
    name = clock["phase"].replace("_", " ")
    return f"round          {clock['round']}, {name}: {when} (block {clock['deadline']}){warning}"


def _checkpoint(found: Row) -> str:
    head = f"checkpoints    {found['last_anchored']} of {found['due']} anchored"
    if found["due"] == found["last_anchored"]:
        return head
    signed = ", ".join(found["signed"]) or "nobody"
    return (
        f"{head}; the next waits for {found['waiting_blocks']} blocks: signed by {signed}, {found['missing']} missing"
    )


def _cell(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "–"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _utc(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))
