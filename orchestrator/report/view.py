"""What the page says beyond the bare figures: tiles, order of events, plots, one row an organisation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.report import text
from orchestrator.report.bars import BarChart, bar_chart
from orchestrator.report.lines import COLOURS, LineChart, held_out_chart
from orchestrator.report.rows import Revocation, RoundRow, Summary

MODES = {
    "drop": "The updates are left out and the model is folded again. What others trained on top of them stays.",
    "heal": "The updates are left out; rounds of recovery and hardening of the weights follow.",
    "replay": "The updates and what was trained after them are left out; those rounds are trained again without them.",
}
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
NOT_EVALUATED = {
    "retrained_reference": (
        "The members trained no model again without the revoked updates, so the certificate cannot say how far this one"
        " is from such a model."
    ),
    "relearning": "The members did not try whether the revoked content comes back when the model is trained further.",
    "membership": "The members did not try whether the model still shows that the revoked data was once trained on.",
}


@dataclass(frozen=True, slots=True)
class Tile:
    title: str
    value: str
    note: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    name: str
    colour: int
    base: float | None
    last: float | None
    after: float | None
    accepted: int | None
    awarded: int | None
    claimed: int | None
    sent: int | None
    received: int | None
    public: int | None
    private: int | None


def tiles(summary: Summary) -> Iterator[Tile]:
    """The run in four figures."""
    yield _learned(summary)
    yield _anchored(summary)
    yield _revoked(summary)
    yield _audited(summary)


def _learned(summary: Summary) -> Tile:
    title = f"Held-out {summary.metric}, mean"
    last = max((len(one.rounds) for one in summary.held_out.values()), default=0)
    whole = [one for one in summary.held_out.values() if one.base is not None and last and len(one.rounds) == last]
    pairs = [(one.base, one.rounds[-1]) for one in whole if one.base is not None and one.rounds[-1] is not None]
    if not pairs:
        return Tile(title, text.NOT_RECORDED, "")
    base = sum(pair[0] for pair in pairs) / len(pairs)
    trained = sum(pair[1] for pair in pairs if pair[1] is not None) / len(pairs)
    write, better = text.figure(summary.metric), "higher" if summary.metric == "accuracy" else "lower"
    note = f"base model to round {last}: {text.change(summary.metric, base, trained)}; {better} is better"
    return Tile(title, f"{write(base)} → {write(trained)}", note)


def _anchored(summary: Summary) -> Tile:
    if not summary.rounds:
        return Tile("Rounds", text.NOT_RECORDED, "")
    anchored = sum(1 for row in summary.rounds if row.public_tx)
    members = len(summary.organisations)
    quorum = f"; {summary.quorum} of {members} must sign" if summary.quorum else ""
    return Tile("Rounds", str(len(summary.rounds)), f"{anchored} anchored on the public chain{quorum}")


def _revoked(summary: Summary) -> Tile:
    found = summary.revocations
    if not found:
        return Tile("Revocation", "none", "no contribution was taken out in this run")
    number = sum(len(one.update_ids) for one in found)
    what = f"{number} update{'' if number == 1 else 's'}"
    late = [one for one in found if one.overdue]
    if late:
        return Tile("Revocation", what, f"{len(late)} of {len(found)} requests overdue", "bad")
    if len(found) > 1:
        return Tile("Revocation", what, f"{len(found)} requests")
    note = f"of {found[0].organisation or text.NOT_RECORDED}, mode {found[0].mode or text.NOT_RECORDED}"
    return Tile("Revocation", what, note)


def _audited(summary: Summary) -> Tile:
    audit = summary.audit
    if audit is None:
        return Tile("Audit", text.NOT_RECORDED, "the run was not audited, or ended before")
    if audit.agrees:
        return Tile("Audit", "passed", f"{len(audit.checks)} kinds of check, all agree", "good")
    return Tile("Audit", "failed", f"{len(audit.failed)} of {len(audit.checks)} kinds of check do not agree", "bad")


def events(summary: Summary) -> Sequence[RoundRow | Revocation]:
    """Rounds and revocations as the chain numbered them; a revocation without a number comes last."""
    happened: list[RoundRow | Revocation] = [*summary.rounds, *summary.revocations]
    if any(one.sequence is None for one in summary.rounds):
        return happened
    return sorted(happened, key=lambda one: (one.sequence is None, one.sequence or 0))


def organisation_rows(summary: Summary) -> Iterator[OrganisationRow]:
    """Every organisation's part in the run."""
    for index, name in enumerate(summary.organisations):
        held = summary.held_out.get(name)
        updates = [update for row in summary.rounds for update in row.updates if update.organisation == name]
        known = [update.accepted for update in updates if update.accepted is not None]
        public, private = summary.transactions.get(name, (None, None))
        yield OrganisationRow(
            name=name,
            colour=index % COLOURS,
            base=held.base if held else None,
            last=held.rounds[-1] if held and held.rounds else None,
            after=held.after if held else None,
            accepted=sum(known) if known else None,
            awarded=summary.tokens.awarded.get(name) if summary.tokens else None,
            claimed=summary.tokens.claimed.get(name) if summary.tokens else None,
            sent=summary.bytes_sent.get(name),
            received=summary.bytes_received.get(name),
            public=public,
            private=private,
        )


def network_command(summary: Summary) -> str:
    """The command that starts the run's nodes. Names go into it only if they are harmless in a shell."""
    command = "loranchor network up --run-dir runs/demo/network"
    named = summary.organisations and all(_NAME.fullmatch(name) for name in summary.organisations)
    return f"{command} --organisations {','.join(summary.organisations)}" if named else command


def held_out(summary: Summary) -> tuple[LineChart | None, LineChart | None]:
    """The held-out plot for a wide and for a narrow screen."""
    return (
        held_out_chart(summary, id="held-out-wide", width=920, height=360),
        held_out_chart(summary, id="held-out-narrow", width=350, height=300),
    )


def token_chart(summary: Summary) -> BarChart | None:
    tokens = summary.tokens
    if tokens is None:
        return None
    names = [name for name in summary.organisations if name in tokens.awarded or name in tokens.claimed]
    names += [name for name in (*tokens.awarded, *tokens.claimed) if name not in names]
    rows = {name: (tokens.awarded.get(name), tokens.claimed.get(name)) for name in names}
    return bar_chart(
        rows,
        id="tokens",
        title=f"{tokens.symbol} by organisation",
        series=("awarded", "claimed"),
        write=lambda wei: text.tokens(int(wei)),
        tick=lambda wei: text.compact(wei / 10**18),
    )


def gas_chart(summary: Summary) -> BarChart | None:
    rows = {f"round {row.round}": (row.gas_public, row.gas_private) for row in summary.rounds}
    series = ("public chain", "private chain")
    return bar_chart(rows, id="gas", title="Gas by round", series=series, write=text.count, tick=text.compact)


def bytes_chart(summary: Summary) -> BarChart | None:
    names = [name for name in summary.organisations if name in summary.bytes_sent or name in summary.bytes_received]
    rows = {name: (summary.bytes_sent.get(name), summary.bytes_received.get(name)) for name in names}
    return bar_chart(
        rows, id="bytes", title="Bytes by organisation", series=("sent", "received"), write=text.size, tick=text.size
    )


def seconds_chart(summary: Summary) -> BarChart | None:
    rows = {text.words(name): (value,) for name, value in summary.seconds.items()}
    return bar_chart(
        rows, id="seconds", title="Time by stage", series=("seconds",), write=text.duration, tick=text.seconds
    )
