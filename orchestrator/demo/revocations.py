"""The revocations of ``summary.json``: what each asked, its time line with blocks and times, and how far it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.port import LogSource
from orchestrator.chain.public_events import Anchored
from orchestrator.commitment.certificate import (
    LIMITS,
    LIMITS_OF_MODE,
    NOT_EVALUATED,
    manifests_of,
)
from orchestrator.commitment.certificate_parts import change_of, request_part, takes_part
from orchestrator.commitment.consequences import awards_of_revoked
from orchestrator.demo.chains import Seen
from orchestrator.disputes.again import progress_of
from orchestrator.disputes.revocations import waiting_of
from orchestrator.ledger.contributions import Tasks
from orchestrator.ledger.entities import LedgerState, Revocation
from orchestrator.types import MILLION

STEPS = {
    "RevocationRequested": "requested",
    "RevocationSupported": "supported",
    "RevocationApproved": "approved",
    "UpdatesAffected": "affected",
    "ManifestReplaced": "replaced",
    "VerificationRecorded": "verified",
    "CertificateEndorsed": "endorsed",
    "RevocationCertified": "certified",
    "ShredReceiptRecorded": "shredded",
}
"""What an event of the private chain means on the page."""


def revocations_of(
    seen: Seen, tasks: Tasks, private: PrivateContracts, public: PublicContracts
) -> list[dict[str, Any]]:
    """Every request, oldest first, as ``summary.json`` tells it.

    Args:
        tasks: those of all rounds that were closed. private, public: asked for times, deadlines and stages.
    """
    again = progress_of(seen.state, lambda: tasks)
    return [
        {
            **_asked(found, seen.state, tasks),
            **_changed(found, seen.state, tasks),
            **_evidence(found, seen),
            **_standing(found, seen, private),
            "trained_again": again.get(found.id),
            "events": _timed(_events(found, seen), private, public),
        }
        for found in seen.state.revocations.values()
    ]


def _asked(found: Revocation, state: LedgerState, tasks: Tasks) -> dict[str, Any]:
    request = request_part(state, found, tasks)
    told = {name: request[name] for name in ("organisation", "owners", "scope", "reason", "mode", "urgent")}
    return {
        "request_id": found.id,
        **told,
        "approved_by": None if found.approved is None else request["approved_by"],
        "update_ids": list(found.updates),
        "awards": awards_of_revoked(state, found, tasks)["consequence"],
    }


def _changed(found: Revocation, state: LedgerState, tasks: Tasks) -> dict[str, Any]:
    """What it does to the model; nothing is known of that before it takes effect."""
    if found.effective is None:
        return {}
    change = change_of(state, found, found.effective, tasks, manifests_of(state, found.id, tasks))
    before = set(change.before.updates)
    entries = takes_part(state, found, change, tasks)["hardening"]
    return {
        "descendants": list(change.descendants),
        "manifest_before": change.before.digest,
        "manifest_after": change.after.digest,
        "lineage": {
            "leaves": _contributions(state, change.leaves),
            "stays": _contributions(state, (item for item in change.descendants if item in change.since)),
            "returns": _contributions(state, (item for item in change.after.updates if item not in before)),
        },
        "hardening": [{"method": entry["method"], "sigma_nano": entry["sigma_nano"]} for entry in entries],
    }


def _contributions(state: LedgerState, updates: Iterable[Any]) -> list[dict[str, Any]]:
    known = (state.updates[item] for item in updates)
    return [{"update_id": item.id, "organisation": item.organisation, "round": item.round} for item in known]


def _evidence(found: Revocation, seen: Seen) -> dict[str, Any]:
    """Certificate, where it is anchored, receipts and figures."""
    endorsed = (item for item in found.endorsements.values() if item.certificate_digest == found.certificate)
    anchored = _anchored(found, seen)
    return {
        "certificate_digest": found.certificate,
        "certificate_cid": next((item.certificate_cid for item in endorsed), None),
        "sequence": None if anchored is None else anchored.sequence,
        "public_tx": None if anchored is None else anchored.place.transaction,
        "shred_receipts": [
            {"organisation": name, "receipt_digest": item.receipt_digest, "receipt_cid": item.receipt_cid}
            for name, item in sorted(found.receipts.items())
        ],
        "results": [
            {
                "organisation": name,
                "metric": item.metric,
                "before": item.before / MILLION,
                "after": item.after / MILLION,
                "samples": item.samples,
            }
            for name, item in sorted(found.verifications.items())
        ],
        "not_evaluated": list(NOT_EVALUATED),
        "limits": [*LIMITS, *LIMITS_OF_MODE[found.mode]],
    }


def _standing(found: Revocation, seen: Seen, private: PrivateContracts) -> dict[str, Any]:
    """Where it stands now, and whom it waits for."""
    block = private.revocations.chain.block_number()
    waiting = waiting_of(private, seen.state, found, block)
    return {
        "stage": private.revocations.stage_of(found.id, block=block).name.lower(),
        "waiting": waiting.words,
        "waiting_for": list(waiting.members),
        "overdue": waiting.overdue,
    }


def _anchored(found: Revocation, seen: Seen) -> Anchored | None:
    due = next((item for item in seen.state.due if str(item.subject) == found.id), None)
    return next((item for item in seen.anchored if due is not None and item.sequence == due.sequence), None)


def _events(found: Revocation, seen: Seen) -> Iterator[dict[str, Any]]:
    for record in seen.records:
        if record.fields.get("request_id") == found.id and record.kind in STEPS:
            yield {"step": STEPS[record.kind], "organisation": record.sender, "block": record.position.block}
    if found.effective is not None:
        yield {"step": "effective", "block": found.effective.block, "round": found.void_round}
    anchored = _anchored(found, seen)
    if anchored is not None:
        yield {"step": "anchored", "block": anchored.place.block}


def _timed(
    events: Iterable[dict[str, Any]], private: PrivateContracts, public: PublicContracts
) -> list[dict[str, Any]]:
    """With the time that the node of each block wrote into it."""
    found = list(events)
    anchored = [event for event in found if event["step"] == "anchored"]
    others = [event for event in found if event["step"] != "anchored"]
    for chain, told in ((private.rounds.chain, others), (public.anchor.chain, anchored)):
        times = _times(chain, [event["block"] for event in told])
        for event in told:
            event["time"] = times[event["block"]]
    return found


def _times(chain: LogSource, numbers: Sequence[int]) -> dict[int, str]:
    blocks = chain.blocks(sorted(set(numbers))) if numbers else []
    return {item.number: datetime.fromtimestamp(item.timestamp, UTC).isoformat(timespec="seconds") for item in blocks}
