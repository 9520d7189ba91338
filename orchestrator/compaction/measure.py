"""The part of a comparison that computes: an order on standard input, what was found on standard output.

A process of its own, so that a daemon needs no torch, and gives the memory back: ``python -m
orchestrator.compaction.measure``. Keys come through the pipe; of the contents nothing is written anywhere.
"""

from __future__ import annotations

import base64
import json
import sys
from contextlib import ExitStack
from pathlib import Path

from orchestrator.aggregation import DeltaSource, FoldEntry, Source, strategy_named
from orchestrator.aggregation.terms import prove
from orchestrator.aggregation.tiles import Workers
from orchestrator.compaction.comparing import compare
from orchestrator.compaction.document import Content
from orchestrator.compaction.exact import ExactSum
from orchestrator.compaction.gathering import Order
from orchestrator.compaction.opening import mapped
from orchestrator.compaction.sealed import SealedCompaction
from orchestrator.compaction.verdict import Compared, Fault
from orchestrator.contribution import ContributionRefused
from orchestrator.envelope import Commitments, Context
from orchestrator.envelope.access import SealedPayload
from orchestrator.errors import EnvelopeError, LoranchorError
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest, OrganisationId, UpdateId


def measured(order: Order) -> Compared:
    """Make the sum of the originals and compare the object with it.

    Raises:
        EnvelopeError, ProtocolError: an original is not what was recorded, or does not fit.
    """
    with ExitStack() as stack:
        originals = {UpdateId(item["update_id"]): _source(item) for item in order["originals"]}
        for source in originals.values():
            stack.callback(source.close)
        with Workers() as workers:
            prove(originals.values(), workers)
        strategy = strategy_named(order["strategy"]["name"], **order["strategy"]["settings"])
        exact = ExactSum(Digest(order["base"]), _entries(order), originals, strategy)
        try:
            candidate = _candidate(order["object"])
            stack.callback(candidate.close)
            candidate.prove()
            return compare(exact, candidate, Digest(order["subject"]), rank=order["rank"])
        except EnvelopeError:
            return Compared(fault=Fault.DAMAGED_OBJECT)
        except ContributionRefused:
            return Compared(fault=Fault.WRONG_FORM)


def main() -> int:
    """Answer one order; an error is one line on standard error."""
    try:
        found = measured(json.load(sys.stdin))
    except LoranchorError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return error.exit_code
    json.dump({"deviation": found.deviation, "least": found.least, "fault": found.fault}, sys.stdout)
    return 0


def _entries(order: Order) -> list[FoldEntry]:
    return [
        FoldEntry(UpdateId(item["update_id"]), item["round"], OrganisationId(item["organisation"]), item["weight"])
        for item in order["originals"]
    ]


def _source(item: Order) -> Source:
    header, key = base64.b64decode(item["header"]), bytes.fromhex(item["key"])
    context, commitments = Context(**item["context"]), Commitments(**item["commitments"])
    payload = mapped(Path(item["payload"]))
    return DeltaSource(SealedPayload(header, payload, key, context=context, commitments=commitments))


def _candidate(item: Order) -> Source:
    content = Content.read(Reader(item["content"], "content"))
    payload, key = mapped(Path(item["payload"])), bytes.fromhex(item["key"])
    return DeltaSource(SealedCompaction(content, payload, key, context=Context(**item["context"])))


if __name__ == "__main__":
    sys.exit(main())
