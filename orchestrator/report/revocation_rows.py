"""The revocations of a summary, read and checked like the rest of it."""

from __future__ import annotations

from orchestrator.report.node import Node, list_of
from orchestrator.report.rows import (
    Again,
    AgainRow,
    ContributionRow,
    EventRow,
    Hardening,
    Lineage,
    ReceiptRow,
    ResultRow,
    Revocation,
    Standing,
)


def revocation_of(node: Node) -> Revocation:
    """One request and all that came of it.

    Raises:
        FormatError: a member has the wrong type; names it.
    """
    descendants, hardening = node.get("descendants"), node.get("hardening")
    return Revocation(
        request_id=node.maybe("request_id", Node.text),
        organisation=node.maybe("organisation", Node.text),
        update_ids=list_of(node, "update_ids", Node.text),
        mode=node.maybe("mode", Node.text),
        reason=node.maybe("reason", Node.text),
        descendants=None if descendants is None else tuple(item.text() for item in descendants.items()),
        manifest_before=node.maybe("manifest_before", Node.text),
        manifest_after=node.maybe("manifest_after", Node.text),
        certificate_digest=node.maybe("certificate_digest", Node.text),
        certificate_cid=node.maybe("certificate_cid", Node.text),
        sequence=node.maybe("sequence", Node.count),
        public_tx=node.maybe("public_tx", Node.text),
        receipts=list_of(node, "shred_receipts", _receipt),
        results=list_of(node, "results", _result),
        not_evaluated=list_of(node, "not_evaluated", Node.text),
        limits=list_of(node, "limits", Node.text),
        scope=node.maybe("scope", Node.text),
        owners=list_of(node, "owners", Node.text),
        approved_by=node.maybe("approved_by", Node.text),
        urgent=node.maybe("urgent", Node.flag),
        awards=node.maybe("awards", Node.text),
        events=list_of(node, "events", _event),
        lineage=node.maybe("lineage", _lineage),
        hardening=None if hardening is None else tuple(_hardening(item) for item in hardening.items()),
        again=node.maybe("trained_again", _again),
        standing=_standing(node),
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


def _event(node: Node) -> EventRow:
    return EventRow(
        step=node.need("step").text(),
        organisation=node.maybe("organisation", Node.text),
        block=node.maybe("block", Node.count),
        time=node.maybe("time", Node.text),
        round=node.maybe("round", Node.count),
    )


def _lineage(node: Node) -> Lineage:
    return Lineage(*(list_of(node, name, _contribution) for name in ("leaves", "stays", "returns")))


def _contribution(node: Node) -> ContributionRow:
    return ContributionRow(
        update_id=node.need("update_id").text(),
        organisation=node.maybe("organisation", Node.text),
        round=node.maybe("round", Node.count),
    )


def _hardening(node: Node) -> Hardening:
    return Hardening(node.maybe("method", Node.text), node.maybe("sigma_nano", Node.count))


def _again(node: Node) -> Again:
    return Again(
        needed=list_of(node, "needed", lambda item: tuple(name.text() for name in item.items())),
        done=list_of(
            node, "done", lambda item: AgainRow(item.need("round").count(), list_of(item, "missing", Node.text))
        ),
        left=node.maybe("left", Node.count),
        problem=node.maybe("problem", Node.text),
    )


def _standing(node: Node) -> Standing:
    return Standing(
        stage=node.maybe("stage", Node.text),
        words=node.maybe("waiting", Node.text),
        members=list_of(node, "waiting_for", Node.text),
        overdue=node.maybe("overdue", Node.count) or 0,
    )
