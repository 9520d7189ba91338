"""What a report says, in which order: the first page for who decides, the rest for who examines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator import __version__
from orchestrator.audit.paper.blocks import (
    Bar,
    Bars,
    Block,
    Bullets,
    Cell,
    Heading,
    Paper,
    Paragraph,
    Table,
    Tiles,
    Title,
    Verdict,
)
from orchestrator.audit.paper.facts import Facts, RevocationFact, RoundFact
from orchestrator.audit.paper.words import Words, words_of
from orchestrator.audit.report import AuditReport

ROUNDS = 24
"""Rounds in the chart; of more, the last ones."""
FINDINGS = 40
UNIT = 10**18
"""The token's smallest units in a token."""


@dataclass(frozen=True)
class Told:
    """What a report is made from.

    Attributes:
        result: the audit's verdicts. facts: its figures, where chains were read.
        read_at: time of the last public block, Unix seconds; None where it is not known.
    """

    result: AuditReport
    facts: Facts | None = None
    read_at: int | None = None


def paper_of(told: Told, language: str = "en") -> Paper:
    """The report: the same bytes for the same audit.

    Raises:
        ConfigurationError: no such language.
    """
    words, scope = words_of(language), told.result.scope
    as_of = _as_of(told, words)
    footer = words.say("footer", id=shortened(_consortium(scope)), as_of=as_of)
    return Paper(language, words.say("title"), footer, tuple(_blocks(told, words)))


def _blocks(told: Told, words: Words) -> Iterator[Block]:
    facts, result = told.facts, told.result
    yield _title(told, words)
    yield _verdict(told, words)
    if facts is not None:
        yield _tiles(facts, words)
        if facts.equivocations:
            yield Paragraph(words.say("equivocation", names=", ".join(facts.equivocations)), "bad")
    yield Heading(words.say("meaning"))
    yield Bullets(words.items("meaning_items"))
    yield Heading(words.say("not_proved"))
    yield Bullets(words.items("not_proved_items"))
    yield from _findings(result, words)
    yield Heading(words.say("checked"), fresh=True)
    yield Paragraph(words.say("checked_text"))
    yield _checks(told, words)
    yield from _history(facts, words)
    yield Heading(words.say("open_points"), fresh=True)
    yield Paragraph(words.say("open_points_text"))
    yield Bullets(result.not_checked)
    yield Heading(words.say("evidence"))
    yield Paragraph(words.say("evidence_text"))
    yield _evidence(result, words)
    yield Heading(words.say("words"))
    yield Bullets(words.items("words_items"))


def shortened(digest: str) -> str:
    """A digest as it is told in passing."""
    return f"{digest[:10]}…{digest[-6:]}" if len(digest) > 20 else digest


def tokens(amount: int) -> str:
    """Tokens to three places, rounded."""
    thousandths = (amount * 1000 + UNIT // 2) // UNIT
    return f"{thousandths // 1000:,}.{thousandths % 1000:03}"


# -- the first page


def _title(told: Told, words: Words) -> Title:
    rows = [(words.say("consortium"), _consortium(told.result.scope))]
    if told.facts is not None:
        facts, names = told.facts, ", ".join(told.facts.members)
        members = words.say("members_value", names=names, quorum=facts.quorum, epoch=facts.epoch)
        rows.append((words.say("members"), members))
    rows += [(words.say("as_of"), _as_of(told, words)), (words.say("software"), f"LoRAnchor {__version__}")]
    return Title(words.say("brand"), words.say("title"), tuple(rows))


def _as_of(told: Told, words: Words) -> str:
    if told.read_at is not None:
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(told.read_at))
        return words.say("as_of_value", time=when)
    return words.say("as_of_block", block=_side(told.result.scope, "public").get("block", "?"))


def _verdict(told: Told, words: Words) -> Verdict:
    result, text = told.result, "good_stored" if told.facts is None else "good_text"
    compared, found = sum(item.count for item in result.results), len(result.findings)
    if result.ok:
        return Verdict("good", words.say("good"), words.say(text, count=f"{compared:,}"))
    return Verdict("bad", words.say("bad", count=found), words.say("bad_text", compared=f"{compared:,}"))


def _tiles(facts: Facts, words: Words) -> Tiles:
    by_status = {name: sum(item.status == name for item in facts.rounds) for name in ("closed", "failed", "open")}
    live, removed = sum(item.live for item in facts.rounds), sum(item.removed for item in facts.rounds)
    certified = [item for item in facts.revocations if item.certified]
    shredded = sum(item.shredded for item in certified)
    figures = (
        ("rounds", len(facts.rounds), by_status),
        ("live", live, {"removed": removed}),
        ("anchored", facts.anchored, {"due": facts.due}),
        ("deleted", len(certified), {"shredded": shredded}),
    )
    return Tiles(
        tuple(
            (words.say(f"tile_{name}"), f"{value:,}", words.say(f"tile_{name}_note", **note))
            for name, value, note in figures
        )
    )


# -- the rest


def _findings(result: AuditReport, words: Words) -> Iterator[Block]:
    if result.ok:
        return
    yield Heading(words.say("findings"), fresh=True)
    yield Paragraph(words.say("findings_text"))
    shown = result.findings[:FINDINGS]
    rows = tuple((Cell(item.subject), Cell(item.message)) for item in shown)
    yield Table((words.say("finding_about"), words.say("finding_text")), rows, (0.32, 0.68))
    if len(result.findings) > FINDINGS:
        yield Paragraph(words.say("findings_more", count=len(result.findings) - FINDINGS))


def _checks(told: Told, words: Words) -> Table:
    """Each check's question; its own title where the result was stored, since a bundle's checks ask other things."""
    rows = []
    for item in told.result.results:
        if not item.ok:
            answer = Cell(words.say("differs"), "bad")
        elif item.count:
            answer = Cell(words.say("agrees"), "good")
        else:
            answer = Cell(words.say("nothing"), "mark")
        asked = item.title if told.facts is None else words.question(item.name, item.title)
        question = Cell(asked, small="; ".join(item.notes[-2:]))
        rows.append((question, answer, Cell(f"{item.count:,}")))
    head = (words.say("check_question"), words.say("check_answer"), words.say("check_count"))
    return Table(head, tuple(rows), (0.68, 0.19, 0.13), right=frozenset({2}))


def _history(facts: Facts | None, words: Words) -> Iterator[Block]:
    if facts is None:
        yield Paragraph(words.say("no_facts"), "mark")
        return
    yield Heading(words.say("rounds"), fresh=True)
    yield Paragraph(words.say("rounds_text"))
    if facts.rounds:
        yield _rounds_chart(facts, words)
    if len(facts.rounds) > ROUNDS:
        yield Paragraph(words.say("rounds_shown", shown=ROUNDS, count=len(facts.rounds)))
    yield Heading(words.say("tokens"))
    yield Paragraph(words.say("tokens_text"))
    yield _tokens_chart(facts, words)
    yield Heading(words.say("deletions"))
    yield Paragraph(words.say("deletions_text"))
    if not facts.revocations:
        yield Paragraph(words.say("deletions_none"))
        return
    yield _deletions(facts, words)
    yield Paragraph(words.say("deletions_limit"), "mark")


def _rounds_chart(facts: Facts, words: Words) -> Bars:
    bars = tuple(_round_bar(item, words) for item in facts.rounds[-ROUNDS:])
    totals = {name: sum(getattr(item, name) for item in facts.rounds) for name in ("live", "removed", "refused")}
    described = words.say("rounds_described", rounds=len(facts.rounds), **totals)
    return Bars(words.say("rounds_chart"), _series(words, "live", "removed", "refused"), bars, described)


def _round_bar(item: RoundFact, words: Words) -> Bar:
    label = "" if item.status == "closed" else words.say(f"round_{item.status}")
    return Bar(words.say("round_name", id=item.id), (item.live, item.removed, item.refused), label)


def _tokens_chart(facts: Facts, words: Words) -> Bars:
    bars = []
    for item in facts.tokens:
        label = words.say("tokens_label", claimed=tokens(item.claimed), awarded=tokens(item.awarded))
        waiting = max(item.awarded - item.claimed, 0)
        bars.append(Bar(item.organisation, (item.claimed / UNIT, waiting / UNIT), label))
    sums = {name: tokens(sum(getattr(item, name) for item in facts.tokens)) for name in ("claimed", "awarded")}
    described = words.say("tokens_described", **sums)
    return Bars(words.say("tokens_chart"), _series(words, "claimed", "waiting"), tuple(bars), described)


def _series(words: Words, *names: str) -> tuple[str, ...]:
    return tuple(words.say(f"series_{name}") for name in names)


def _deletions(facts: Facts, words: Words) -> Table:
    rows = []
    for item in facts.revocations:
        owners = ", ".join(item.owners)
        asked = words.say("request_by", by=item.by, contributions=item.contributions, owners=owners)
        small = f"{words.say('request_mode', mode=item.mode)} · {shortened(item.id)}"
        rows.append((Cell(asked, small=small), _certificate(item, words), _receipts(item, words)))
    head = (words.say("request"), words.say("certificate"), words.say("receipts"))
    return Table(head, tuple(rows), (0.5, 0.22, 0.28))


def _certificate(item: RevocationFact, words: Words) -> Cell:
    if item.certified:
        return Cell(words.say("certified"), "good")
    return Cell(words.say("approved" if item.approved else "requested"), "mark")


def _receipts(item: RevocationFact, words: Words) -> Cell:
    if not item.certified:
        return Cell(words.say("receipts_none"))
    if item.shredded:
        return Cell(words.say("receipts_all", count=len(item.receipts)), "good")
    return Cell(words.say("receipts_missing", names=", ".join(item.missing)), "mark")


def _evidence(result: AuditReport, words: Words) -> Table:
    """What is known of where it was read; a bundle knows less of the private chain."""
    scope = result.scope
    rows: list[tuple[str, object]] = []
    for side in ("public", "private"):
        found, name = _side(scope, side), words.say(f"row_{side}")
        chain_id = found.get("chain_id")
        rows.append((name, None if chain_id is None else words.say("chain_value", id=chain_id)))
        rows.append((words.say("row_block", chain=name), found.get("block")))
        rows.append((words.say("row_hash"), found.get("block_hash")))
    rows.append((words.say("row_head"), scope.get("head")))
    rows.append((words.say("row_records"), scope.get("records")))
    used = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in result.usage.items())
    rows.append((words.say("row_used"), used or None))
    cells = tuple((Cell(name), Cell(str(value))) for name, value in rows if value is not None)
    return Table((words.say("what"), words.say("value")), cells, (0.3, 0.7), code=frozenset({1}))


def _consortium(scope: Mapping[str, Any]) -> str:
    return str(scope.get("consortium_id") or "?")


def _side(scope: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    found = scope.get(side)
    return found if isinstance(found, Mapping) else {}
