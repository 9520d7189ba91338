"""The certificate of a revocation: what was asked, what it touched, what became of the model, what it cannot promise.

A pure function of the private chain's records, so that every member builds the same bytes and endorses the same digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.commitment.certificate_parts import (
    change_of,
    effect_part,
    lineage_part,
    manifest_part,
    request_part,
    takes_part,
)
from orchestrator.commitment.certificate_v1 import certificate_v1
from orchestrator.commitment.consequences import awards_of_revoked
from orchestrator.commitment.eip712 import TypedDigest, revocation_domain, struct_hash
from orchestrator.commitment.figures import figures_of, results_of
from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.canonical import Document, canonical_bytes, digest, parse
from orchestrator.ledger.contributions import Tasks, descendants
from orchestrator.ledger.entities import LedgerState, Mode, Revocation
from orchestrator.ledger.manifest import Manifest, build_manifest, governing_task
from orchestrator.ledger.task import TaskSpec
from orchestrator.ledger.words import word
from orchestrator.types import Address, Digest, RequestId

FORMAT = "loranchor/certificate"
VERSION = 2
READABLE = frozenset({1, VERSION})
"""Versions that were ever certified; only the newest is endorsed."""
FOLD = 1
"""Version of the fold's rules by which the members measured: ``aggregation.FOLD_VERSION``, as a test compares."""
CERTIFICATE_TYPE = "Certificate(bytes32 requestId,bytes32 certificateDigest)"

NOT_EVALUATED = ("retrained_reference", "relearning", "membership")
"""Evidence that members do not gather in service; certificates say so."""

LIMITS = (
    "Whoever opened an update before its keys were destroyed may have kept it; this certificate cannot reach that.",
    "Contributions listed as descendants were trained on top of the revoked ones and may hold traces of them.",
    "The figures are the members' own, on data that stays with them; nobody else can measure them again.",
    "Objects that other parties copied from IPFS stay readable for them only as far as they hold the keys.",
    "Copies of the model that left a member, exported ones among them, are as they were.",
)
LIMITS_OF_MODE = {
    Mode.DROP: (),
    Mode.HEAL: (
        "Hardening protects models that are exported with it; a member can leave it out of its own copy.",
        "Rounds of recovery are ordinary rounds and may still be to come.",
    ),
    Mode.REPLAY: (
        "Rounds that are to be trained again may still be to come, and members may be missing in them.",
        "A round trained again has the bits of one that never saw the revoked contributions only on one device type and"
        " library version.",
    ),
}


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
    at, task = _effective(state, request_id).effective, _task(state, request_id, tasks)
    before = build_manifest(state, task, tasks, at=at, ignoring=request_id)
    return before, build_manifest(state, task, tasks, at=at)


def _task(state: LedgerState, request_id: RequestId, tasks: Tasks) -> TaskSpec:
    task = governing_task(state, tasks, at=_effective(state, request_id).effective)
    if task is None:
        raise ProtocolError(f"request {request_id} took effect before any round was opened")
    return task


def build_certificate(
    state: LedgerState, request_id: RequestId, tasks: Tasks, *, consortium_id: Digest, version: int = VERSION
) -> Document:
    """The certificate's canonical object.

    Args:
        tasks: those of all rounds that were closed by then.
        version: an older one, for what was certified before this release.

    Raises:
        ProtocolError: nobody has recorded figures yet, or version 1 knows nothing of the mode.
    """
    revocation = _effective(state, request_id)
    if not results_of(state, revocation):
        raise ProtocolError(f"request {request_id} has no figures yet", mend="wait for the members' verifications")
    if version == 1:
        return _version_1(state, revocation, tasks, consortium_id)
    head = {
        "format": FORMAT,
        "version": VERSION,
        "consortium_id": consortium_id,
        "private_chain_id": state.chain_id,
        "request_id": request_id,
    }
    return {**head, **_told(state, revocation, tasks)}


def _told(state: LedgerState, revocation: Revocation, tasks: Tasks) -> Document:
    """All that the records tell; what a member recorded as replacement is a claim, and stops nobody."""
    effective = revocation.effective
    assert effective is not None
    change = change_of(state, revocation, effective, tasks, manifests_of(state, revocation.id, tasks))
    rows = results_of(state, revocation)
    return {
        "request": request_part(state, revocation, tasks),
        "effect": effect_part(state, revocation, effective),
        "lineage": lineage_part(state, revocation, change),
        "takes": takes_part(state, revocation, change, tasks),
        "manifest": manifest_part(change),
        "rules": {"fold": FOLD, "task": _task(state, revocation.id, tasks).digest},
        "results": rows,
        "figures": figures_of(rows),
        "awards": awards_of_revoked(state, revocation, tasks),
        "not_evaluated": list(NOT_EVALUATED),
        "limits": [*LIMITS, *LIMITS_OF_MODE[revocation.mode]],
    }


def _version_1(state: LedgerState, revocation: Revocation, tasks: Tasks, consortium_id: Digest) -> Document:
    if revocation.mode is not Mode.DROP:
        raise ProtocolError(f"no release certified mode {revocation.mode} in version 1 of {FORMAT}")
    outcome = outcome_of(state, revocation.id, tasks)
    return certificate_v1(
        revocation,
        consortium_id=consortium_id,
        chain_id=state.chain_id,
        before=outcome.before,
        after=outcome.after,
        descendants=outcome.descendants,
    )


def certificate_bytes(certificate: Mapping[str, Any]) -> bytes:
    return canonical_bytes(dict(certificate))


def certificate_digest(
    request_id: RequestId, certificate: Digest, chain_id: int, revocation_ledger: Address
) -> TypedDigest:
    """The 32 bytes that a delegate signs to endorse a certificate on the private chain's ``RevocationLedger``."""
    hashed = struct_hash(CERTIFICATE_TYPE, word(request_id), word(certificate))
    return revocation_domain(chain_id, revocation_ledger).digest(hashed)


def digest_of(certificate: Mapping[str, Any]) -> Digest:
    """What members endorse and the chain records."""
    return digest(dict(certificate))


def parse_certificate(data: bytes) -> Document:
    """Reads a certificate's bytes; FormatError when they are not canonical or of another format or version."""
    return parse(data, format=FORMAT, versions=READABLE)


def check_certificate(
    data: bytes, state: LedgerState, request_id: RequestId, tasks: Tasks, *, consortium_id: Digest
) -> Document:
    """Compares a certificate with the records, by the rules of the version that it names.

    Raises:
        FormatError: it is not what the records imply; names the first member that differs.
    """
    given = parse_certificate(data)
    expected = build_certificate(state, request_id, tasks, consortium_id=consortium_id, version=int(given["version"]))
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
