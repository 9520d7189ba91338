"""The certificate of a revocation: what was asked, what it touched, what became of the model, what it cannot promise.

A pure function of the private chain's records, so that every member builds the same bytes and endorses the same digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.commitment.eip712 import revocation_domain, struct_hash
from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.canonical import Document, canonical_bytes, digest, parse
from orchestrator.ledger.contributions import Tasks, descendants
from orchestrator.ledger.entities import LedgerState, Mode, Revocation
from orchestrator.ledger.manifest import Manifest, build_manifest, governing_task
from orchestrator.ledger.words import word
from orchestrator.types import Address, Digest, RequestId

FORMAT = "loranchor/certificate"
CERTIFICATE_TYPE = "Certificate(bytes32 requestId,bytes32 certificateDigest)"

NOT_EVALUATED = ("retrained_reference", "relearning", "membership")
"""Evidence that this release does not gather; certificates say so."""

LIMITS = (
    "Whoever opened an update before its keys were destroyed may have kept it; this certificate cannot reach that.",
    "Contributions listed as descendants were trained on top of the revoked ones and may hold traces of them.",
    "The figures are the members' own, on data that stays with them; nobody else can measure them again.",
    "Objects that other parties copied from IPFS stay readable for them only as far as they hold the keys.",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a revocation does to the model, recomputed from the records.

    Attributes:
        before, after: manifest digests at the block from which it is effective, without and with it.
        descendants: contributions that had been trained on top of the revoked ones by then.
    """

    before: Digest
    after: Digest
    descendants: tuple[str, ...]


def outcome_of(state: LedgerState, request_id: RequestId, tasks: Tasks) -> Outcome:
    """Recomputes what members record as affected and as replacement.

    Raises:
        ProtocolError: the request is unknown or not effective yet.
    """
    revocation = _effective(state, request_id)
    before, after = manifests_of(state, request_id, tasks)
    followers = descendants(state, revocation.updates, tasks, until=revocation.effective)
    return Outcome(before.digest, after.digest, followers)


def manifests_of(state: LedgerState, request_id: RequestId, tasks: Tasks) -> tuple[Manifest, Manifest]:
    """The manifests where a revocation takes effect, without and with it: what the members' figures are to compare.

    Raises:
        ProtocolError: the request is unknown or not effective yet.
    """
    at = _effective(state, request_id).effective
    task = governing_task(state, tasks, at=at)
    if task is None:
        raise ProtocolError(f"request {request_id} took effect before any round was opened")
    before = build_manifest(state, task, tasks, at=at, ignoring=request_id)
    return before, build_manifest(state, task, tasks, at=at)


def build_certificate(state: LedgerState, request_id: RequestId, tasks: Tasks, *, consortium_id: Digest) -> Document:
    """The certificate's canonical object.

    Args:
        tasks: those of all rounds that were closed by then.

    Raises:
        ProtocolError: nobody has recorded figures yet, or what the mode made of the model cannot be recomputed.
    """
    revocation = _effective(state, request_id)
    if not revocation.mode.recomputable:
        raise ProtocolError(
            f"what mode {revocation.mode} makes of the model cannot be recomputed, so request {request_id} gets no"
            " certificate",
            mend=f"only requests of mode {Mode.DROP} are certified by this version",
        )
    outcome = outcome_of(state, request_id, tasks)  # what a member recorded as replacement is a claim, and stops nobody
    results = results_of(revocation)
    if not results:
        raise ProtocolError(f"request {request_id} has no figures yet", mend="wait for the members' verifications")
    return {
        "format": FORMAT,
        "version": 1,
        "consortium_id": consortium_id,
        "private_chain_id": state.chain_id,
        "request_id": request_id,
        "request": {
            "organisation": revocation.organisation,
            "reason": revocation.reason,
            "mode": revocation.mode.value,
            "updates": sorted(revocation.updates),
            "digest": revocation.request_digest,
        },
        "lineage": {"descendants": list(outcome.descendants)},
        "manifest": {"before": outcome.before, "after": outcome.after},
        "results": results,
        "not_evaluated": list(NOT_EVALUATED),
        "limits": list(LIMITS),
    }


def results_of(revocation: Revocation) -> list[Document]:
    """The members' figures recorded before the first endorsement, by organisation."""
    return [
        {
            "organisation": organisation,
            "metric": figures.metric,
            "before": figures.before,
            "after": figures.after,
            "samples": figures.samples,
        }
        for organisation, figures in sorted(revocation.verifications.items())
        if revocation.verified is None or figures.recorded < revocation.verified
    ]


def certificate_bytes(certificate: Mapping[str, Any]) -> bytes:
    return canonical_bytes(dict(certificate))


def certificate_digest(request_id: RequestId, certificate: Digest, chain_id: int, revocation_ledger: Address) -> bytes:
    """The 32 bytes that a delegate signs to endorse a certificate on the private chain's ``RevocationLedger``."""
    hashed = struct_hash(CERTIFICATE_TYPE, word(request_id), word(certificate))
    return revocation_domain(chain_id, revocation_ledger).digest(hashed)


def digest_of(certificate: Mapping[str, Any]) -> Digest:
    """What members endorse and the chain records."""
    return digest(dict(certificate))


def parse_certificate(data: bytes) -> Document:
    """Reads a certificate's bytes; FormatError when they are not canonical or of another format or version."""
    return parse(data, format=FORMAT)


def check_certificate(
    data: bytes, state: LedgerState, request_id: RequestId, tasks: Tasks, *, consortium_id: Digest
) -> Document:
    """Compares a certificate with the records.

    Raises:
        FormatError: it is not what the records imply; names the first member that differs.
    """
    given = parse_certificate(data)
    expected = build_certificate(state, request_id, tasks, consortium_id=consortium_id)
    for name in sorted(given.keys() | expected.keys()):
        if given.get(name) != expected.get(name):
            raise FormatError(f"the certificate of request {request_id} differs from the records in {name!r}")
    return given


def _effective(state: LedgerState, request_id: RequestId) -> Revocation:
    revocation = state.revocations.get(request_id)
    if revocation is None:
        raise ProtocolError(f"there is no revocation request {request_id}")
    if revocation.effective is None:
        raise ProtocolError(
            f"request {request_id} is not in effect", mend="wait for its approval and for the end of the open round"
        )
    return revocation
