"""A certificate as a file that leaves the consortium: the certificate with the signatures that certified it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from orchestrator.commitment.certificate import FORMAT, VERSION, certificate_bytes
from orchestrator.errors import ProtocolError
from orchestrator.ledger.canonical import Document, check_format, parse, sha256
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.reader import Reader
from orchestrator.ledger.records import Record
from orchestrator.ledger.state import EMPTY, apply
from orchestrator.types import Digest, OrganisationId, RequestId

_SIGNATURE = 65
Signatures = tuple[tuple[OrganisationId, bytes], ...]


@dataclass(frozen=True, slots=True)
class EndorsedCertificate(CanonicalObject):
    """A validated file.

    Attributes:
        certificate: the certificate's own document, of the present version, and not yet looked into.
        signed: the digest that members endorsed, as the file says.
        signatures: of members' delegates, r ‖ s ‖ v, in order of the names. A name may stand there twice.
    """

    format = "loranchor/endorsed-certificate"
    place = "endorsed_certificate"
    certificate: Document
    signed: Digest
    signatures: Signatures

    @property
    def data(self) -> bytes:
        """The certificate's own canonical bytes."""
        return certificate_bytes(self.certificate)

    def members(self) -> Document:
        endorsements = [{"organisation": name, "signature": "0x" + data.hex()} for name, data in self.signatures]
        return {"certificate": self.certificate, "digest": self.signed, "endorsements": endorsements}

    @classmethod
    def read(cls, reader: Reader) -> Self:
        certificate = reader.take("certificate")
        if not isinstance(certificate, dict):
            reader.bad("certificate", "is not an object")
        check_format(certificate, format=FORMAT, versions={VERSION})
        signatures = tuple(map(_endorsement, reader.inners("endorsements")))
        names = [name for name, _ in signatures]
        if names != sorted(names):
            reader.bad("endorsements", "is not in order of the names")
        return cls(certificate, reader.digest("digest"), signatures)


def _endorsement(reader: Reader) -> tuple[OrganisationId, bytes]:
    name, text = reader.organisation("organisation"), reader.text("signature")
    reader.end()
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        reader.bad("signature", "is not hexadecimal")
    if len(data) != _SIGNATURE or text != "0x" + data.hex():
        reader.bad("signature", f"is not 0x and {2 * _SIGNATURE} lower-case hexadecimal digits")
    return name, data


def endorsed_certificate(records: Iterable[Record], request_id: RequestId, data: bytes) -> EndorsedCertificate:
    """A certified certificate with the signatures that certified it.

    Args:
        data: the certificate's bytes, as IPFS has them.

    Raises:
        ProtocolError: the request was not certified, or with another certificate. FormatError: the bytes are no
            certificate of the present version.
    """
    certified, signatures = certified_signatures(records, request_id)
    if certified != (found := sha256(data)):
        raise ProtocolError(f"request {request_id} was certified with {certified}, and this is {found}")
    return EndorsedCertificate(parse(data, format=FORMAT, versions=frozenset({VERSION})), found, signatures)


def certified_signatures(records: Iterable[Record], request_id: RequestId) -> tuple[Digest, Signatures]:
    """What was certified for a request, and by whose signatures: of members of the time, recorded up to then.

    Raises:
        ProtocolError: it never was, or the records contradict each other.
    """
    state = state_certified(records, request_id)
    revocation = state.revocations[request_id]
    given, certified = revocation.endorsements, revocation.certificate
    assert certified is not None
    return certified, tuple(
        (name, given[name].signature)
        for name in sorted(state.members.seats)
        if name in given and given[name].certificate_digest == certified
    )


def state_certified(records: Iterable[Record], request_id: RequestId) -> LedgerState:
    """The ledger right after a request was certified.

    Raises:
        ProtocolError: it never was, or the records contradict each other.
    """
    state = EMPTY
    for record in records:
        state = apply(state, record)
        known = state.revocations.get(request_id)
        if known is not None and known.certified is not None:
            return state
    raise ProtocolError(f"request {request_id} is not certified", mend="see `loranchor revoke status`")
