"""``summary.json`` (schema ``loranchor/summary/1``): what happened in a run, from chains and the members' figures."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from orchestrator import __version__
from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.public_events import Anchored
from orchestrator.demo.chains import Seen
from orchestrator.demo.revocations import revocations_of
from orchestrator.ledger.awards import awards
from orchestrator.ledger.contributions import Tasks, accepted_updates, task_of
from orchestrator.ledger.entities import Revocation, Round, RoundStatus
from orchestrator.ledger.manifest import build_manifest
from orchestrator.ledger.weights import ONE, settled_score
from orchestrator.types import MILLION

SCHEMA = "loranchor/summary/1"


def summarise(
    *,
    experiment: str,
    metric: str,
    seen: Seen,
    tasks: Tasks,
    homes: Mapping[str, Path],
    private: PrivateContracts,
    public: PublicContracts,
    seconds: Mapping[str, float],
    audit: Mapping[str, Any],
    notes: list[str],
) -> dict[str, Any]:
    """The whole summary as a JSON object; ``revocation`` is the first of ``revocations``."""
    figures = {name: json.loads((home / "figures.json").read_text()) for name, home in homes.items()}
    revocation = next(iter(seen.state.revocations.values()), None)
    told = revocations_of(seen, tasks, private, public)
    closed = [item for item in seen.state.rounds.values() if item.status is RoundStatus.CLOSED]
    return {
        "schema": SCHEMA,
        "experiment": experiment,
        "metric": metric,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "consortium": {
            "id": private.deployment.consortium_id,
            "organisations": list(seen.state.members.seats),
            "quorum": seen.state.members.quorum,
        },
        "held_out": {name: _held_out(found, closed, revocation) for name, found in figures.items()},
        "rounds": [_round(item, seen, tasks, figures, private, public) for item in closed],
        "revocation": told[0] if told else None,
        "revocations": told,
        "tokens": _tokens(seen, tasks, public),
        "bytes_sent": {name: found["traffic"]["bytes_sent"] for name, found in figures.items()},
        "bytes_received": {name: found["traffic"]["bytes_received"] for name, found in figures.items()},
        "transactions": {
            name: {side: found["traffic"][side] for side in ("public", "private")} for name, found in figures.items()
        },
        "audit": dict(audit),
        "seconds": dict(seconds),
        "environment": environment(),
        "notes": notes,
    }


def environment() -> dict[str, Any]:
    """Versions and the machine, without anything that tells whose it is."""
    return {
        "loranchor": __version__,
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "transformers": metadata.version("transformers"),
        "peft": metadata.version("peft"),
        "cpu": platform.machine(),
        "cores": os.cpu_count(),
    }


def _held_out(figures: Mapping[str, Any], closed: Sequence[Round], revocation: Revocation | None) -> dict[str, Any]:
    found = figures["held_out"]

    def value(label: str) -> float | None:
        return found[label]["value"] if label in found else None

    return {
        "base": value("base"),
        "rounds": [value(f"round/{item.id}") for item in closed],
        "before_revocation": None if revocation is None else value(f"revocation/{revocation.id}/before"),
        "after_revocation": None if revocation is None else value(f"revocation/{revocation.id}/after"),
    }


def _round(
    found: Round,
    seen: Seen,
    tasks: Tasks,
    figures: Mapping[str, Any],
    private: PrivateContracts,
    public: PublicContracts,
) -> dict[str, Any]:
    anchored = _anchored_for(seen, f"0x{found.id:064x}")
    accepted = set(accepted_updates(seen.state, found.id))
    assert found.ended is not None
    manifest = build_manifest(seen.state, task_of(found, tasks), tasks, at=found.ended)
    weights = {entry.update_id: entry.weight / ONE for entry in manifest.originals}
    records = [record for record in seen.records if record.fields.get("round_id") == found.id]
    return {
        "round": found.id,
        "sequence": anchored.sequence,
        "manifest_digest": manifest.digest,
        "manifest_digests_by_organisation": {
            name: item["manifests"].get(str(found.id)) for name, item in figures.items()
        },
        "public_head": anchored.head,
        "public_tx": anchored.place.transaction,
        "gas": {
            "public": _gas(public, {anchored.place.transaction}),
            "private": _gas(private, {record.transaction for record in records}),
        },
        "updates": [
            {
                "organisation": update.organisation,
                "update_id": update.id,
                "cid": update.payload_cid,
                "weight": weights.get(update.id, 0.0),
                "score": settled_score(update) / MILLION,
                "accepted": update.id in accepted,
            }
            for update in (seen.state.updates[item] for item in found.submissions)
        ],
    }


def _gas(contracts: PrivateContracts | PublicContracts, transactions: set[Any]) -> int:
    chain = contracts.consortium.chain
    receipts = (chain.receipt(transaction) for transaction in transactions)
    return sum(receipt.gas_used for receipt in receipts if receipt is not None)


def _anchored_for(seen: Seen, subject: str) -> Anchored:
    due = next(item for item in seen.state.due if str(item.subject) == subject)
    return next(item for item in seen.anchored if item.sequence == due.sequence)


def _tokens(seen: Seen, tasks: Tasks, public: PublicContracts) -> dict[str, Any]:
    owners = {update.id: update.organisation for update in seen.state.updates.values()}
    awarded: dict[str, int] = dict.fromkeys(seen.state.members.seats, 0)
    claimed: dict[str, int] = dict(awarded)
    for found in seen.state.rounds.values():
        if found.status is RoundStatus.CLOSED:
            for award in awards(seen.state, found.id, task_of(found, tasks).per_round):
                awarded[owners[award.update_id]] += award.amount
    for claim in seen.claims:
        claimed[owners[claim.update_id]] += claim.amount
    return {
        "symbol": public.token.symbol(),
        "awarded": {name: str(amount) for name, amount in awarded.items()},
        "claimed": {name: str(amount) for name, amount in claimed.items()},
    }
