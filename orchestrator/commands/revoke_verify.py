"""`loranchor revoke certificate|verify`: the evidence of a revocation as a file, and looking at it offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.commands.common import AsJson, Home, Overrides, console, emit

if TYPE_CHECKING:
    from orchestrator.audit.certificates import HandedLedger
    from orchestrator.commitment.electorate import Electorate
    from orchestrator.commitment.endorsed import EndorsedCertificate
    from orchestrator.commitment.examination import Examination, Objection

Request = Annotated[str, typer.Argument(metavar="ID", help="The request, or as much of its beginning as tells it.")]
To = Annotated[Path, typer.Option("--to", metavar="FILE", help="New file for certificate and signatures.")]
MembersTo = Annotated[
    Path | None,
    typer.Option("--members-to", metavar="FILE", help="New file for who could certify it, as this chain tells it."),
]
Certificate = Annotated[
    Path, typer.Argument(metavar="CERT", help="What `revoke certificate` wrote; or a certificate of a handover.")
]
MembersFile = Annotated[
    Path | None,
    typer.Option("--members", metavar="FILE", help="Members, quorum and contract, from a source of your own."),
]
HandoverDir = Annotated[
    Path | None, typer.Option("--handover", metavar="DIR", help="Records to hold it against, from `audit handover`.")
]
Head = Annotated[
    str | None,
    typer.Option("--head", metavar="DIGEST", help="Head of the public anchor, over the records."),
]
Expected = Annotated[
    str | None, typer.Option("--request", metavar="ID", help="The request that it should be of, in full.")
]

output = console(markup=False)


def certificate(
    request_id: Request,
    home: Home,
    to: To,
    members_to: MembersTo = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Write a certified certificate with the signatures that certified it; needs no password."""
    from orchestrator.chain.contracts import private_contracts
    from orchestrator.commitment.certificate import build_certificate, certificate_bytes, digest_of
    from orchestrator.commitment.electorate import electorate_of
    from orchestrator.commitment.endorsed import endorsed_certificate
    from orchestrator.daemon.view import look, tasks_of
    from orchestrator.disputes.files import write_new
    from orchestrator.disputes.names import one_of
    from orchestrator.errors import ProtocolError
    from orchestrator.settings import compose
    from orchestrator.storage import IpfsStore

    settings = compose(overrides or (), organisation_home=home)
    private = private_contracts(settings.connection("private"), settings.deployments)
    ledger = look(private).ledger
    found = ledger.state.revocations[one_of(ledger.state.revocations, request_id, "revocation request")]
    electorate = electorate_of(
        ledger.records,
        found.id,
        consortium_id=private.deployment.consortium_id,
        ledger=private.deployment.address("RevocationLedger"),
    )
    document = build_certificate(
        ledger.state,
        found.id,
        tasks_of(ledger.state, IpfsStore(settings.ipfs_api())),
        consortium_id=private.deployment.consortium_id,
    )
    if digest_of(document) != found.certificate:
        raise ProtocolError(
            f"what was certified, {found.certificate}, is not what the records give, {digest_of(document)}",
            mend="an older release certified it, or see `loranchor audit verify`",
        )
    endorsed = endorsed_certificate(ledger.records, found.id, certificate_bytes(document))
    written = [write_new(to, endorsed.to_bytes())]
    if members_to is not None:
        written.append(write_new(members_to, electorate.to_bytes()))
    if as_json:
        emit({"request": found.id, "certificate": found.certificate, "files": [str(path) for path in written]})
        return
    output.print(f"certificate {found.certificate} of request {found.id}, signed by {_names(endorsed)}", soft_wrap=True)
    for path in written:
        output.print(f"written: {path}", soft_wrap=True)


def verify(
    certificate: Certificate,
    members: MembersFile = None,
    handover: HandoverDir = None,
    head: Head = None,
    request_id: Expected = None,
    as_json: AsJson = False,
) -> None:
    """Look at a certificate without network, keys or torch. Ends with 0 if nothing speaks against it, else with 8."""
    from orchestrator.audit.certificates import against_head, against_records, foreign_to
    from orchestrator.commitment.certificate_reader import check_shape
    from orchestrator.commitment.examination import UNSEEN, examine
    from orchestrator.errors import AuditFailure
    from orchestrator.types import Digest, RequestId

    _check_options(members, handover, head, request_id)
    ledger = None if handover is None else _ledger(handover)
    endorsed = _endorsed(certificate, ledger)
    check_shape(endorsed.certificate)
    foreign = [] if ledger is None else list(foreign_to(ledger, endorsed.certificate))
    electorate = None if foreign and members is None else _electorate(members, ledger, endorsed)
    expected = None if request_id is None else RequestId(Digest(request_id))
    found = UNSEEN if electorate is None else examine(endorsed, electorate, request=expected)
    objections = [*foreign, *found.objections]
    if ledger is not None and electorate is not None and not foreign:
        objections += against_records(endorsed, ledger, electorate)
        objections += against_head(endorsed.certificate, ledger, Digest(head)) if head is not None else ()
    checked, unchecked = _told(found, members, handover, head)
    document = _document(endorsed, found, objections, checked, unchecked)
    if as_json:
        emit(document)
    else:
        _print(document, objections)
    if objections:
        raise typer.Exit(AuditFailure.exit_code)


def _check_options(members: Path | None, handover: Path | None, head: str | None, request_id: str | None) -> None:
    from orchestrator.errors import ConfigurationError
    from orchestrator.ledger.words import DIGEST

    if members is None and handover is None:
        raise ConfigurationError(
            "nothing says who could certify it", mend="give --members FILE from a source of your own, or --handover DIR"
        )
    if head is not None and handover is None:
        raise ConfigurationError("--head is compared with a handover's records", mend="give --handover DIR, too")
    for name, value in (("--head", head), ("--request", request_id)):
        if value is not None and not DIGEST.fullmatch(value):
            raise ConfigurationError(f"{name}: {value!r} is no digest", mend="write 0x and 64 lower-case digits")


def _ledger(handover: Path) -> HandedLedger:
    from orchestrator.audit.certificates import ledger_of
    from orchestrator.audit.handed import read_handed

    return ledger_of(read_handed(handover))


def _endorsed(path: Path, ledger: HandedLedger | None) -> EndorsedCertificate:
    """The file as it is; of a certificate alone, the signatures that the handover's records have."""
    from orchestrator.audit.plain_json import load_json
    from orchestrator.commitment.certificate import FORMAT, VERSION
    from orchestrator.commitment.certificate_reader import check_shape
    from orchestrator.commitment.endorsed import EndorsedCertificate, certified_signatures
    from orchestrator.disputes.files import read_bytes
    from orchestrator.errors import ConfigurationError, ProtocolError
    from orchestrator.ledger.canonical import MAX_BYTES, parse, sha256
    from orchestrator.types import RequestId

    data = read_bytes(path, limit=MAX_BYTES)
    document = load_json(data)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return EndorsedCertificate.from_bytes(data)
    alone = parse(data, format=FORMAT, versions=frozenset({VERSION}))
    if ledger is None:
        raise ConfigurationError(
            f"{path} is a certificate without signatures",
            mend="give what `loranchor revoke certificate` wrote, or --handover DIR, whose records hold them",
        )
    check_shape(alone)
    try:
        signed, signatures = certified_signatures(ledger.records, RequestId(alone["request_id"]))
    except ProtocolError:  # what the records say of such a request is told with all else
        signed, signatures = sha256(data), ()
    return EndorsedCertificate(alone, signed, signatures)


def _electorate(path: Path | None, ledger: HandedLedger | None, endorsed: EndorsedCertificate) -> Electorate:
    from orchestrator.audit.certificates import electorate_in
    from orchestrator.commitment.electorate import Electorate
    from orchestrator.disputes.files import read_bytes
    from orchestrator.ledger.canonical import MAX_BYTES

    if path is not None:
        return Electorate.from_bytes(read_bytes(path, limit=MAX_BYTES))
    assert ledger is not None  # one of them is given
    return electorate_in(ledger, endorsed.certificate)


def _told(
    found: Examination, members: Path | None, handover: Path | None, head: str | None
) -> tuple[list[str], list[str]]:
    """What was looked at, and what was not."""
    checked, unchecked = list(found.checked), list(found.unchecked)
    if handover is None:
        unchecked.append("whether it follows from the private chain's records: give --handover")
    else:
        checked.append("every member of it follows from the handover's records, and the request was certified with it")
        unchecked.append("whether those who the records say sent them signed the transactions: `audit verify` does")
    if head is not None:
        checked.append(f"the record of its certification is under a checkpoint that leads to the head {head}")
        unchecked.append("whether that head is the public anchor's: look there")
    else:
        unchecked.append("whether it is anchored on the public chain: give --head and --handover")
    vouched = "--members" if members is not None else "the handover"
    unchecked.append(f"whether members, quorum and contract were those: {vouched} says so")
    return checked, unchecked


def _document(
    endorsed: EndorsedCertificate,
    found: Examination,
    objections: list[Objection],
    checked: list[str],
    unchecked: list[str],
) -> dict[str, Any]:
    told = endorsed.certificate
    return {
        "accepted": not objections,
        "certificate": endorsed.signed,
        "request": told["request_id"],
        "organisation": told["request"]["organisation"],
        "reason": told["request"]["reason"],
        "mode": told["request"]["mode"],
        "signers": list(found.signers),
        "rejected": [{"name": item.fault.value, "message": item.message} for item in objections],
        "checked": [] if objections else checked,
        "not_checked": unchecked,
        "limits": told["limits"],
    }


def _print(document: dict[str, Any], objections: list[Objection]) -> None:
    head = f"certificate {document['certificate']} of request {document['request']}"
    output.print(f"{head} ({document['organisation']}, {document['reason']}, {document['mode']})", soft_wrap=True)
    for item in objections:
        output.print(f"  REJECTED     {item}", soft_wrap=True)
    for word, key in (("checked", "checked"), ("not checked", "not_checked"), ("limit", "limits")):
        for line in document[key]:
            output.print(f"  {word:<12} {line}", soft_wrap=True)
    verdict = "rejected" if objections else "nothing speaks against it"
    output.print(f"{verdict}; it is signed by {', '.join(document['signers']) or 'nobody that counts'}", soft_wrap=True)


def _names(endorsed: EndorsedCertificate) -> str:
    return ", ".join(name for name, _ in endorsed.signatures)
