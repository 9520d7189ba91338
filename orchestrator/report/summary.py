"""``loranchor/summary`` version 1, read and checked: everything but schema, experiment and metric may be absent.

A member that is absent or null is "not recorded" on the page; one that is there must have the right type. Members
that this version does not know are left alone, so a newer writer's additions do no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from orchestrator.errors import FormatError
from orchestrator.report.node import Node
from orchestrator.report.rows import (
    Audit,
    Check,
    HeldOut,
    ReceiptRow,
    ResultRow,
    Revocation,
    RoundRow,
    Summary,
    Tokens,
    UpdateRow,
)

SCHEMA = "loranchor/summary/1"

T = TypeVar("T")


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
    held_out = _table(node, "held_out", _held_out)
    rounds = _list(node, "rounds", _round)
    named = _list(consortium, "organisations", Node.text)
    return Summary(
        experiment=node.need("experiment").text(),
        metric=node.need("metric").one_of("loss", "accuracy"),
        created=node.maybe("created", Node.text),
        consortium_id=consortium.maybe("id", Node.text),
        organisations=_everyone(named, held_out, rounds),
        quorum=consortium.maybe("quorum", Node.count),
        held_out=held_out,
        rounds=rounds,
        revocation=node.maybe("revocation", _revocation),
        tokens=node.maybe("tokens", _tokens),
        bytes_sent=_table(node, "bytes_sent", Node.count),
        bytes_received=_table(node, "bytes_received", Node.count),
        transactions=_table(node, "transactions", _pair),
        audit=node.maybe("audit", _audit),
        seconds=_table(node, "seconds", Node.number),
        environment=_table(node, "environment", _shown),
        notes=_list(node, "notes", Node.text),
    )


def _everyone(named: tuple[str, ...], held_out: dict[str, HeldOut], rounds: tuple[RoundRow, ...]) -> tuple[str, ...]:
    """The consortium's order first, then anybody else who is mentioned."""
    contributors = (update.organisation for row in rounds for update in row.updates)
    return tuple(dict.fromkeys((*named, *held_out, *contributors)))


def _list(node: Node, key: str, read: Callable[[Node], T]) -> tuple[T, ...]:
    found = node.get(key)
    return () if found is None else tuple(read(item) for item in found.items())


def _table(node: Node, key: str, read: Callable[[Node], T]) -> dict[str, T]:
    found = node.get(key)
    return {} if found is None else {name: read(item) for name, item in found.members() if item.value is not None}


def _measured(node: Node) -> float | None:
    return None if node.value is None else node.number()


def _held_out(node: Node) -> HeldOut:
    return HeldOut(
        base=node.maybe("base", Node.number),
        rounds=_list(node, "rounds", _measured),
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
        by_organisation=_table(node, "manifest_digests_by_organisation", Node.text),
        public_head=node.maybe("public_head", Node.text),
        public_tx=node.maybe("public_tx", Node.text),
        gas_public=gas.maybe("public", Node.count),
        gas_private=gas.maybe("private", Node.count),
        updates=_list(node, "updates", _update),
    )


def _revocation(node: Node) -> Revocation:
    descendants = node.get("descendants")
    return Revocation(
        request_id=node.maybe("request_id", Node.text),
        organisation=node.maybe("organisation", Node.text),
        update_ids=_list(node, "update_ids", Node.text),
        mode=node.maybe("mode", Node.text),
        reason=node.maybe("reason", Node.text),
        descendants=None if descendants is None else tuple(item.text() for item in descendants.items()),
        manifest_before=node.maybe("manifest_before", Node.text),
        manifest_after=node.maybe("manifest_after", Node.text),
        certificate_digest=node.maybe("certificate_digest", Node.text),
        certificate_cid=node.maybe("certificate_cid", Node.text),
        sequence=node.maybe("sequence", Node.count),
        public_tx=node.maybe("public_tx", Node.text),
        receipts=_list(node, "shred_receipts", _receipt),
        results=_list(node, "results", _result),
        not_evaluated=_list(node, "not_evaluated", Node.text),
        limits=_list(node, "limits", Node.text),
    )


def _receipt(node: Node) -> ReceiptRow:
    organisation = node.need("organisation").text()
    return ReceiptRow(organisation, node.maybe("receipt_digest", Node.text), node.maybe("receipt_cid", Node.text))


def _result(node: Node) -> ResultRow:
    return ResultRow(
        organisation=node.need("organisation").text(),
        metric=node.maybe("metric", Node.text),
        before=node.maybe("before", Node.number),
        after=node.maybe("after", Node.number),
        samples=node.maybe("samples", Node.count),
    )


def _tokens(node: Node) -> Tokens:
    symbol = node.maybe("symbol", Node.text)
    return Tokens(symbol or "tokens", _table(node, "awarded", Node.decimal), _table(node, "claimed", Node.decimal))


def _pair(node: Node) -> tuple[int | None, int | None]:
    return node.maybe("public", Node.count), node.maybe("private", Node.count)


def _audit(node: Node) -> Audit:
    return Audit(node.need("ok").flag(), _list(node, "checks", _check), _list(node, "not_checked", Node.text))


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
