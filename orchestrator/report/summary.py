"""``loranchor/summary`` version 1, read and checked: everything but schema, experiment and metric may be absent.

A member that is absent or null is "not recorded" on the page; one that is there must have the right type. Members
that this version does not know are left alone, so a newer writer's additions do no harm.
"""

from __future__ import annotations

from typing import Any

from orchestrator.errors import FormatError
from orchestrator.report.node import Node, list_of, table_of
from orchestrator.report.revocation_rows import revocation_of
from orchestrator.report.rows import Audit, Check, HeldOut, Revocation, RoundRow, Summary, Tokens, UpdateRow

SCHEMA = "loranchor/summary/1"


def parse(document: Any) -> Summary:
    """Check a summary and give it types.

    Raises:
        FormatError: it is of another schema, or a member is missing or has the wrong type; names the member.
    """
    node = Node(document)
    schema = node.need("schema").text()
    if schema != SCHEMA:
        message = f"summary: schema is {schema!r}, this version reads {SCHEMA!r}"
        raise FormatError(message, mend="use a matching version")
    consortium = node.get("consortium") or Node({}, "consortium")
    held_out = table_of(node, "held_out", _held_out)
    rounds = list_of(node, "rounds", _round)
    named = list_of(consortium, "organisations", Node.text)
    return Summary(
        experiment=node.need("experiment").text(),
        metric=node.need("metric").one_of("loss", "accuracy"),
        created=node.maybe("created", Node.text),
        consortium_id=consortium.maybe("id", Node.text),
        organisations=_everyone(named, held_out, rounds),
        quorum=consortium.maybe("quorum", Node.count),
        held_out=held_out,
        rounds=rounds,
        revocations=_revocations(node),
        tokens=node.maybe("tokens", _tokens),
        bytes_sent=table_of(node, "bytes_sent", Node.count),
        bytes_received=table_of(node, "bytes_received", Node.count),
        transactions=table_of(node, "transactions", _pair),
        audit=node.maybe("audit", _audit),
        seconds=table_of(node, "seconds", Node.number),
        environment=table_of(node, "environment", _shown),
        notes=list_of(node, "notes", Node.text),
    )


def _everyone(named: tuple[str, ...], held_out: dict[str, HeldOut], rounds: tuple[RoundRow, ...]) -> tuple[str, ...]:
    """The consortium's order first, then anybody else who is mentioned."""
    contributors = (update.organisation for row in rounds for update in row.updates)
    return tuple(dict.fromkeys((*named, *held_out, *contributors)))


def _measured(node: Node) -> float | None:
    return None if node.value is None else node.number()


def _held_out(node: Node) -> HeldOut:
    return HeldOut(
        base=node.maybe("base", Node.number),
        rounds=list_of(node, "rounds", _measured),
        before=node.maybe("before_revocation", Node.number),
        after=node.maybe("after_revocation", Node.number),
    )


def _update(node: Node) -> UpdateRow:
    return UpdateRow(
        organisation=node.need("organisation").text(),
        update_id=node.maybe("update_id", Node.text),
        cid=node.maybe("cid", Node.text),
        weight=node.maybe("weight", Node.number),
        score=node.maybe("score", Node.number),
        accepted=node.maybe("accepted", Node.flag),
    )


def _round(node: Node) -> RoundRow:
    gas = node.get("gas") or Node({}, f"{node.path}.gas")
    return RoundRow(
        round=node.need("round").count(),
        sequence=node.maybe("sequence", Node.count),
        manifest_digest=node.maybe("manifest_digest", Node.text),
        by_organisation=table_of(node, "manifest_digests_by_organisation", Node.text),
        public_head=node.maybe("public_head", Node.text),
        public_tx=node.maybe("public_tx", Node.text),
        gas_public=gas.maybe("public", Node.count),
        gas_private=gas.maybe("private", Node.count),
        updates=list_of(node, "updates", _update),
    )


def _revocations(node: Node) -> tuple[Revocation, ...]:
    """All of them; of an older writer the one that it told."""
    one = node.maybe("revocation", revocation_of)
    every = list_of(node, "revocations", revocation_of)
    return every or (() if one is None else (one,))


def _tokens(node: Node) -> Tokens:
    symbol = node.maybe("symbol", Node.text)
    return Tokens(symbol or "tokens", table_of(node, "awarded", Node.decimal), table_of(node, "claimed", Node.decimal))


def _pair(node: Node) -> tuple[int | None, int | None]:
    return node.maybe("public", Node.count), node.maybe("private", Node.count)


def _audit(node: Node) -> Audit:
    return Audit(node.need("ok").flag(), list_of(node, "checks", _check), list_of(node, "not_checked", Node.text))


def _check(node: Node) -> Check:
    return Check(
        name=node.need("name").text(),
        title=node.maybe("title", Node.text),
        ok=node.need("ok").flag(),
        count=node.maybe("count", Node.count),
        detail=node.maybe("detail", Node.text),
    )


def _shown(node: Node) -> str:
    """A figure of the environment, as it is written: text, number or flag."""
    if not isinstance(node.value, str | int | float):
        raise node.fail("a text or a number")
    return str(node.value)
