"""A whole summary for the tests. Its figures are made up and belong to no run."""

from __future__ import annotations

import hashlib
from typing import Any

ORGANISATIONS = ("aurora", "borealis", "cumulus")
CHECKS = ("records", "checkpoints", "signatures", "manifests", "awards")
_BASE = {"aurora": 3.78, "borealis": 3.85, "cumulus": 3.5}


def digest(text: str) -> str:
    """A digest of its own for each word."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


def cid(text: str) -> str:
    return "Qm" + hashlib.sha512(text.encode()).hexdigest()[:44]


def summary() -> dict[str, Any]:
    """Every member present, three organisations, two rounds, one revocation, a passed audit."""
    revocation = _revocation()
    return {
        "schema": "loranchor/summary/1",
        "experiment": "sotu_smollm2",
        "metric": "loss",
        "created": "2025-01-02T03:04:05Z",
        "consortium": {"id": digest("consortium"), "organisations": [*ORGANISATIONS], "quorum": 2},
        "held_out": {name: _held_out(base) for name, base in _BASE.items()},
        "rounds": [_round(1), _round(2)],
        "revocation": revocation,
        "revocations": [revocation],
        "tokens": {
            "symbol": "LORA",
            "awarded": dict(
                zip(ORGANISATIONS, ("81250000000000000001", "7" + 19 * "0", "48749999999999999999"), strict=True)
            ),
            "claimed": dict(zip(ORGANISATIONS, ("81250000000000000001", "7" + 19 * "0", "0"), strict=True)),
        },
        "bytes_sent": {"aurora": 11_600_000, "borealis": 11_500_000, "cumulus": 10_900_000},
        "bytes_received": {"aurora": 7_700_000, "borealis": 7_700_000, "cumulus": 7_600_000},
        "transactions": {name: {"public": 2, "private": 19} for name in ORGANISATIONS},
        "audit": {
            "ok": True,
            "checks": [_check(name) for name in CHECKS],
            "not_checked": ["what is inside sealed updates"],
        },
        "seconds": {"network": 9.1, "deploy": 14.2, "round_1": 96.4, "round_2": 91.0, "revocation": 41.7, "audit": 6.3},
        "environment": {"python": "3.11.2", "torch": "2.13.0", "cpu": "a processor", "cores": 2, "loranchor": "0.1.0"},
        "notes": ["The base model's weights are dequantised 4-bit ones."],
    }


def _held_out(base: float) -> dict[str, Any]:
    rounds = [round(base * 0.955, 4), round(base * 0.93, 4)]
    return {"base": base, "rounds": rounds, "before_revocation": rounds[-1], "after_revocation": round(base * 0.945, 4)}


def _round(number: int) -> dict[str, Any]:
    manifest = digest(f"manifest {number}")
    return {
        "round": number,
        "sequence": number,
        "manifest_digest": manifest,
        "manifest_digests_by_organisation": dict.fromkeys(ORGANISATIONS, manifest),
        "public_head": digest(f"head {number}"),
        "public_tx": digest(f"transaction {number}"),
        "gas": {"public": 71_234, "private": 2_345_678},
        "updates": [
            {
                "organisation": name,
                "update_id": digest(f"update {name} {number}"),
                "cid": cid(f"{name} {number}"),
                "weight": 1 / 3,
                "score": 0.0123 - 0.01 * index,
                "accepted": True,
            }
            for index, name in enumerate(ORGANISATIONS)
        ],
    }


def _revocation() -> dict[str, Any]:
    return {
        "request_id": digest("request"),
        "organisation": "cumulus",
        "update_ids": [digest("update cumulus 1"), digest("update cumulus 2")],
        "mode": "drop",
        "reason": "consent withdrawn",
        "descendants": [digest("update aurora 2"), digest("update borealis 2")],
        "manifest_before": digest("manifest 2"),
        "manifest_after": digest("manifest 3"),
        "certificate_digest": digest("certificate"),
        "certificate_cid": cid("certificate"),
        "sequence": 3,
        "public_tx": digest("transaction 3"),
        "shred_receipts": [
            {"organisation": name, "receipt_digest": digest(f"receipt {name}"), "receipt_cid": cid(f"receipt {name}")}
            for name in ORGANISATIONS
        ],
        "results": [_result(name, base) for name, base in _BASE.items()],
        "not_evaluated": ["retrained_reference", "relearning", "membership"],
        "limits": ["Whoever opened a revoked update before its revocation is out of this certificate's reach."],
        "scope": "organisation",
        "owners": ["cumulus"],
        "approved_by": "owner",
        "urgent": False,
        "awards": "vested",
        "lineage": {
            "leaves": [_contribution("cumulus", 1), _contribution("cumulus", 2)],
            "stays": [_contribution("aurora", 2), _contribution("borealis", 2)],
            "returns": [],
        },
        "hardening": [],
        "trained_again": None,
        "stage": "shredded",
        "waiting": "done",
        "waiting_for": [],
        "overdue": 0,
        "events": [
            *_beginning("cumulus"),
            *_certified(),
            *(_event("shredded", 60 + i, name) for i, name in _members()),
        ],
    }


def late_replay() -> dict[str, Any]:
    """A second request: another's contribution, by quorum, in mode ``replay``; one receipt is overdue."""
    return {
        **_revocation(),
        "request_id": digest("request 2"),
        "organisation": "aurora",
        "update_ids": [digest("update borealis 1")],
        "owners": ["borealis"],
        "scope": "contributions",
        "mode": "replay",
        "reason": "POISONED",
        "approved_by": "quorum",
        "urgent": True,
        "awards": "void",
        "sequence": 4,
        "lineage": {
            "leaves": [_contribution("borealis", 1), _contribution("aurora", 2), _contribution("borealis", 2)],
            "stays": [],
            "returns": [_contribution("cumulus", 1)],
        },
        "hardening": [{"method": "weight-distortion", "sigma_nano": 10_000_000}],
        "trained_again": {
            "needed": [["aurora", "borealis"], ["aurora"]],
            "done": [{"round": 3, "missing": ["borealis"]}],
            "left": 1,
        },
        "shred_receipts": [
            {
                "organisation": name,
                "receipt_digest": digest(f"receipt 2 {name}"),
                "receipt_cid": cid(f"receipt 2 {name}"),
            }
            for name in ("aurora", "cumulus")
        ],
        "stage": "certified",
        "waiting": "shred receipts (2 of 3) from borealis (overdue by 12 blocks)",
        "waiting_for": ["borealis"],
        "overdue": 12,
        "events": [
            *_beginning("aurora", supporter="cumulus"),
            *_certified(),
            *(_event("shredded", 60 + i, name) for i, name in _members() if name != "borealis"),
        ],
    }


def _members() -> list[tuple[int, str]]:
    return list(enumerate(ORGANISATIONS))


def _beginning(organisation: str, supporter: str | None = None) -> list[dict[str, Any]]:
    supported = [] if supporter is None else [_event("supported", 41, supporter)]
    return [
        _event("requested", 40, organisation),
        *supported,
        _event("approved", 41, supporter or organisation),
        {**_event("effective", 44, None), "round": 2},
        _event("affected", 45, "aurora"),
        _event("replaced", 46, "aurora"),
    ]


def _certified() -> list[dict[str, Any]]:
    measured = [_event("verified", 47 + place, name) for place, name in _members()]
    endorsed = [
        _event("endorsed", 50, "aurora"),
        _event("endorsed", 51, "borealis"),
        _event("certified", 51, "borealis"),
    ]
    return [*measured, *endorsed, {**_event("anchored", 31, None), "time": "2025-01-02T03:03:51+00:00"}]


def _event(step: str, block: int, organisation: str | None) -> dict[str, Any]:
    time = f"2025-01-02T03:0{block // 60}:{block % 60:02d}+00:00"
    return {"step": step, "organisation": organisation, "block": block, "time": time}


def _contribution(name: str, number: int) -> dict[str, Any]:
    return {"update_id": digest(f"update {name} {number}"), "organisation": name, "round": number}


def _result(name: str, base: float) -> dict[str, Any]:
    before, after = round(base * 0.93, 4), round(base * 0.945, 4)
    return {"organisation": name, "metric": "loss", "before": before, "after": after, "samples": 48}


def _check(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": f"The {name} agree",
        "ok": True,
        "count": 12,
        "detail": "recomputed from the private chain",
    }
