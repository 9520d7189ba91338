"""A report, override or withdrawal as an object that a quorum can stand behind: on IPFS, its digest on the chain."""

from __future__ import annotations

from orchestrator.daemon.access import Access
from orchestrator.daemon.services import leaf_salt
from orchestrator.daemon.view import look
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.ledger.canonical import MAX_BYTES, sha256
from orchestrator.ledger.entities import Artefact, LedgerState
from orchestrator.release.override import (
    KINDS,
    OVERRIDE_KIND,
    REPORT_KIND,
    WITHDRAWAL_KIND,
    ReleaseOverride,
    agreed_withdrawal,
)
from orchestrator.release.report import ReleaseReport
from orchestrator.release.signed import SignedReport
from orchestrator.release.withdrawal import Withdrawal
from orchestrator.types import ZERO_DIGEST, ArtefactId, Digest

_REASON = 32
Recorded = ReleaseReport | ReleaseOverride | Withdrawal


def propose_report(access: Access, signed: SignedReport) -> Artefact:
    """Record a report's digest; proposing is this member's own word for it.

    Raises:
        ConfigurationError: it is of no manifest. StorageError, ChainError: IPFS or the chain does not take it.
    """
    _check_manifest(signed)
    report = signed.report
    return _proposed(access, REPORT_KIND, report.manifest, report.to_bytes())


def propose_override(access: Access, signed: SignedReport, reason: str) -> Artefact:
    """Record an override of a failing report, and why.

    Raises:
        ConfigurationError: it is of no manifest, does not fail, or there is no reason.
    """
    _check_manifest(signed)
    if signed.report.verdict != "fail":
        raise ConfigurationError(f"the report says {signed.report.verdict}: nothing is to be overridden")
    told = _sentence(reason, "why the model goes out nevertheless")
    report = signed.report
    override = ReleaseOverride(report.manifest, report.digest, told)
    return _proposed(access, OVERRIDE_KIND, report.digest, override.to_bytes())


def propose_withdrawal(access: Access, manifest: Digest, reason: str) -> Artefact:
    """Record that the model of a manifest is to be used no more, and why.

    Raises:
        ConfigurationError: there is no reason. ProtocolError: a quorum has withdrawn it before.
    """
    told = _sentence(reason, "why the model is withdrawn")
    if agreed_withdrawal(look(access.private).state, manifest) is not None:
        raise ProtocolError(f"a quorum has withdrawn the model of manifest {manifest} before")
    return _proposed(access, WITHDRAWAL_KIND, manifest, Withdrawal(manifest, told).to_bytes())


def withdrawal_of(access: Access, manifest: Digest) -> Withdrawal:
    """What a quorum agreed on about a manifest, from IPFS.

    Raises:
        ProtocolError: no quorum has withdrawn it. StorageError: the object is not there.
    """
    artefact = agreed_withdrawal(look(access.private).state, manifest)
    if artefact is None:
        raise ProtocolError(
            f"no quorum has withdrawn the model of manifest {manifest}", mend="see `loranchor release withdraw --help`"
        )
    found = fetched(access, artefact)
    assert isinstance(found, Withdrawal)
    return found


def fetched(access: Access, artefact: Artefact) -> Recorded:
    """The object of a record, as IPFS has it, checked against what the record says.

    Raises:
        StorageError: it is not there. ProtocolError: it is not what was recorded. FormatError: it is none of these.
    """
    data = access.store.fetch(artefact.cid, limit=MAX_BYTES)
    if sha256(data) != artefact.digest:
        raise ProtocolError(f"artefact {artefact.id} names another object than lies on IPFS")
    found: Recorded
    if artefact.kind == REPORT_KIND:
        found = ReleaseReport.from_bytes(data)
    elif artefact.kind == WITHDRAWAL_KIND:
        found = Withdrawal.from_bytes(data)
    else:
        found = ReleaseOverride.from_bytes(data)
    about = found.report if isinstance(found, ReleaseOverride) else found.manifest
    if about != artefact.subject:
        raise ProtocolError(f"artefact {artefact.id} is about {artefact.subject}, and its object about {about}")
    return found


def asked_for(access: Access, state: LedgerState, artefact_id: ArtefactId) -> Artefact:
    """A record that this member has said nothing of.

    Raises:
        ConfigurationError: there is none such. ProtocolError: this member has endorsed or disputed it.
    """
    artefact = state.artefacts.get(artefact_id)
    if artefact is None or artefact.kind not in KINDS:
        raise ConfigurationError(
            f"{artefact_id} is no release report, override or withdrawal", mend="see `loranchor release records`"
        )
    if access.me in artefact.endorsements or access.me in artefact.disputes:
        raise ProtocolError(f"{access.me} has endorsed or disputed {artefact_id} before")
    return artefact


def endorse(access: Access, artefact: Artefact) -> Recorded:
    """Stand behind a record, after its object was fetched, checked and pinned here; gives the object.

    Raises:
        StorageError, ProtocolError: as :func:`fetched`; then nothing is sent.
    """
    found = fetched(access, artefact)
    access.store.pin(artefact.cid)
    access.private_sender.send(access.private.artefacts.endorse(artefact.id, 0, leaf_salt()))
    return found


def dispute(access: Access, artefact: Artefact, reason: str) -> None:
    """Say that a record is wrong.

    Raises:
        ConfigurationError: the reason is not 1 to 32 characters of ASCII, as the chain keeps it.
    """
    if not (reason.isascii() and reason.isprintable() and 0 < len(reason) <= _REASON):
        raise ConfigurationError(
            f"the reason {reason[:60]!r} does not fit", mend=f"give 1 to {_REASON} characters of ASCII"
        )
    access.private_sender.send(access.private.artefacts.dispute(artefact.id, reason, leaf_salt()))


def _proposed(access: Access, kind: str, subject: Digest, data: bytes) -> Artefact:
    with access.lock:
        cid = access.store.add(data)
    call = access.private.artefacts.propose(kind, subject, sha256(data), cid, leaf_salt())
    receipt = access.private_sender.send(call)
    found = look(access.private, block=receipt.block).state.artefacts.values()
    return max(
        (item for item in found if (item.digest, item.organisation) == (sha256(data), access.me)),
        key=lambda item: item.proposed,
    )


def _sentence(reason: str, what: str) -> str:
    if not reason.strip():
        raise ConfigurationError("there is no reason", mend=f"say in a sentence {what}")
    return " ".join(reason.split())


def _check_manifest(signed: SignedReport) -> None:
    if signed.report.manifest == ZERO_DIGEST:
        raise ConfigurationError(
            "the report is of a folder that says no manifest", mend="check a folder of `loranchor model export`"
        )
