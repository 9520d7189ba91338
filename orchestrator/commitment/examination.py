"""Looks at an endorsed certificate with nothing but an electorate: no network, no keys, no records.

Everything that speaks against it is named, not only the first; and so is what was looked at, and what was not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orchestrator.commitment.certificate import LIMITS, LIMITS_OF_MODE, NOT_EVALUATED, certificate_digest
from orchestrator.commitment.certificate_reader import check_shape
from orchestrator.commitment.consequences import consequence_of
from orchestrator.commitment.electorate import Electorate
from orchestrator.commitment.endorsed import EndorsedCertificate
from orchestrator.commitment.figures import figures_of
from orchestrator.commitment.signatures import recover
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import digest, sha256
from orchestrator.ledger.entities import Mode
from orchestrator.ledger.ids import request_id_of
from orchestrator.types import Address, OrganisationId, RequestId

Certificate = Mapping[str, Any]


class Fault(StrEnum):
    """Why a certificate is rejected; the values are stable names."""

    ALTERED = "altered"
    """Its bytes are not what the members endorsed."""
    FORGED = "forged"
    """A signature is by no delegate of the member it is said to be of."""
    REMOVED_MEMBER = "removed-member"
    """It is endorsed by an organisation that was a member before, and was none when it was certified."""
    STRANGER = "stranger"
    """It is endorsed by an organisation that was never a member."""
    COUNTED_TWICE = "counted-twice"
    """One member is listed twice."""
    QUORUM = "quorum-missing"
    """Fewer members than the quorum have endorsed it."""
    OTHER_REQUEST = "other-request"
    """It is of another request: replayed."""
    OTHER_CONSORTIUM = "other-consortium"
    """It is of another consortium: replayed."""
    OTHER_CHAIN = "other-chain"
    """It is of another private chain, or of another contract on it: replayed."""
    FIGURES = "figures"
    """Its figures do not follow from its rows."""
    MANIFEST = "manifest"
    """The digest of a manifest is not that of its document."""
    LINEAGE = "lineage"
    """What leaves and what stays contradict each other, the request or the mode."""
    AWARDS = "awards"
    """The consequence for awards is not that of its reason."""
    LIMITS = "limits"
    """It leaves out, or adds to, what such a certificate cannot promise."""
    RECORDS = "records"
    """The private chain's records say otherwise."""
    ANCHOR = "anchor"
    """The records are not those under the anchored head."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that speaks against a certificate."""

    fault: Fault
    message: str

    def __str__(self) -> str:
        return f"{self.fault.value}: {self.message}"


@dataclass(frozen=True, slots=True)
class Examination:
    """What came of looking at a certificate.

    Attributes:
        signers: members whose signatures count. checked, unchecked: sentences.
    """

    signers: tuple[OrganisationId, ...]
    objections: tuple[Objection, ...]
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.objections


UNCHECKED = (
    "whether the figures are true: each member measured them on data that stays with it",
    "whether keys were destroyed: shred receipts are the members' own word, recorded after the certificate",
    "whether awards were voided or claimed: that is on the public chain",
)
"""What no file can show."""

UNSEEN = Examination((), (), (), UNCHECKED)
"""Where nothing says who could certify it."""


def examine(endorsed: EndorsedCertificate, electorate: Electorate, *, request: RequestId | None = None) -> Examination:
    """Compares a certificate with itself and with those who may certify it.

    Args:
        request: the one it should be of, where the reader knows.

    Raises:
        FormatError: the certificate is not of the format; names the member.
    """
    check_shape(endorsed.certificate)
    certificate, signers = endorsed.certificate, set[OrganisationId]()
    objections = [
        *_of_its_own(certificate),
        *_place(certificate, electorate, request),
        *_signatures(endorsed, electorate, signers),
    ]
    if len(signers) < electorate.quorum:
        given = f"{len(signers)} of the {electorate.quorum} members needed have signed it"
        objections.append(Objection(Fault.QUORUM, f"{given}: {', '.join(sorted(signers)) or 'none'}"))
    checked = (
        "it is a certificate of version 2 in canonical form, with every member that such a one has, and no other",
        f"it is of consortium {electorate.consortium_id}, chain {electorate.chain_id} and contract {electorate.ledger}",
        f"signatures of {', '.join(sorted(signers)) or 'nobody'} over it; the quorum is {electorate.quorum}",
        "its figures follow from the members' rows; its manifests' digests, lineage, awards and limits from each other",
    )
    return Examination(tuple(sorted(signers)), tuple(objections), checked, UNCHECKED)


# -- the certificate by itself


def _of_its_own(certificate: Certificate) -> Iterator[Objection]:
    yield from _figures(certificate)
    yield from _manifests(certificate)
    yield from _lineage(certificate)
    yield from _awards(certificate)
    yield from _limits(certificate)


def _figures(certificate: Certificate) -> Iterator[Objection]:
    rows = certificate["results"]
    names = [row["organisation"] for row in rows]
    if not rows or names != sorted(set(names)):
        yield Objection(Fault.FIGURES, "its rows are not one of each member, by name")
    for told, found in zip(certificate["figures"], figures_of(rows), strict=False):
        for name in found:
            if told[name] != found[name]:
                where = f"{name} of {found['metric']}"
                yield Objection(Fault.FIGURES, f"{where} is {told[name]}, and its rows give {found[name]}")
    if len(certificate["figures"]) != len(figures_of(rows)):
        yield Objection(Fault.FIGURES, "its figures are of other metrics than its rows")


def _manifests(certificate: Certificate) -> Iterator[Objection]:
    manifest = certificate["manifest"]
    for which in ("before", "after"):
        if (found := digest(manifest["documents"][which])) != manifest[which]:
            yield Objection(Fault.MANIFEST, f"{which} is {manifest[which]}, and its document has digest {found}")


def _lineage(certificate: Certificate) -> Iterator[Objection]:
    request, lineage, takes = certificate["request"], certificate["lineage"], certificate["takes"]
    mode, updates = Mode(request["mode"]), set(request["updates"])
    leaves, descendants, stays = (set(lineage[name]) for name in ("leaves", "descendants", "stays"))
    revoked = [row["update"] for row in lineage["revoked"]]
    if sorted(revoked) != request["updates"] or {row["organisation"] for row in lineage["revoked"]} != set(
        request["owners"]
    ):
        yield Objection(Fault.LINEAGE, "what is revoked, or its owners, is not what the request names")
    if odd := sorted(leaves - (updates | descendants if mode is Mode.REPLAY else updates)):
        yield Objection(Fault.LINEAGE, f"mode {mode} does not take {odd[0]} out")
    if odd := sorted((stays - descendants) | (stays & leaves) | (updates & descendants)):
        yield Objection(Fault.LINEAGE, f"{odd[0]} is listed as what it cannot be")
    if mode is Mode.REPLAY and stays:
        yield Objection(Fault.LINEAGE, f"mode replay leaves {min(stays)}, trained on top of what was revoked")
    if (request["owners"] == [request["organisation"]]) != (request["approved_by"] == "owner"):
        yield Objection(Fault.LINEAGE, f"it says that it was approved by the {request['approved_by']}")
    yield from _taken(mode, certificate["request_id"], takes)


def _taken(mode: Mode, request_id: str, takes: Mapping[str, Any]) -> Iterator[Objection]:
    if (takes["hardening"] and mode is not Mode.HEAL) or (takes["rounds_to_train"] and mode is not Mode.REPLAY):
        yield Objection(Fault.LINEAGE, f"mode {mode} takes no hardening, or trains nothing again")
    if odd := [row["request_id"] for row in takes["hardening"] if row["request_id"] != request_id]:
        yield Objection(Fault.LINEAGE, f"its hardening is of request {odd[0]}")


def _awards(certificate: Certificate) -> Iterator[Objection]:
    request, awards = certificate["request"], certificate["awards"]
    means = consequence_of(request["reason"], by_owner=request["approved_by"] == "owner")
    if awards["consequence"] != means.value:
        yield Objection(Fault.AWARDS, f"{request['reason']!r} means {means.value}, not {awards['consequence']}")
    if odd := [row["update"] for row in awards["listed"] if row["update"] not in request["updates"]]:
        yield Objection(Fault.AWARDS, f"it lists an award of {odd[0]}, which is not revoked")


def _limits(certificate: Certificate) -> Iterator[Objection]:
    expected = [*LIMITS, *LIMITS_OF_MODE[Mode(certificate["request"]["mode"])]]
    if certificate["limits"] != expected or certificate["not_evaluated"] != list(NOT_EVALUATED):
        yield Objection(Fault.LIMITS, "what it cannot promise is not what such a certificate says")


# -- where it belongs


def _place(certificate: Certificate, electorate: Electorate, request: RequestId | None) -> Iterator[Objection]:
    found, number = certificate["request_id"], certificate["request"]["number"]
    if request is not None and found != request:
        yield Objection(Fault.OTHER_REQUEST, f"it is of request {found}, not of {request}")
    if certificate["consortium_id"] != electorate.consortium_id:
        named = certificate["consortium_id"]
        yield Objection(Fault.OTHER_CONSORTIUM, f"it is of consortium {named}, not of {electorate.consortium_id}")
    if certificate["private_chain_id"] != electorate.chain_id:
        named = certificate["private_chain_id"]
        yield Objection(Fault.OTHER_CHAIN, f"it is of private chain {named}, not of {electorate.chain_id}")
    elif found != request_id_of(electorate.chain_id, electorate.ledger, number):
        yield Objection(
            Fault.OTHER_CHAIN, f"request {found} is not number {number} of the contract {electorate.ledger} there"
        )


# -- who signed


def _signatures(
    endorsed: EndorsedCertificate, electorate: Electorate, signers: set[OrganisationId]
) -> Iterator[Objection]:
    """What is wrong with the signatures; ``signers`` gets those that count."""
    found = sha256(endorsed.data)
    if found != endorsed.signed:
        yield Objection(Fault.ALTERED, f"members endorsed {endorsed.signed}, and its bytes have digest {found}")
    request = RequestId(endorsed.certificate["request_id"])
    message = certificate_digest(request, endorsed.signed, electorate.chain_id, electorate.ledger)
    seen = set[OrganisationId]()
    for name, signature in endorsed.signatures:
        problem = _problem(electorate, name, message, signature)
        if name in seen:
            yield Objection(Fault.COUNTED_TWICE, f"{name} is listed twice")
        elif problem is not None:
            yield problem
        else:
            signers.add(name)
        seen.add(name)


def _problem(electorate: Electorate, name: OrganisationId, message: bytes, signature: bytes) -> Objection | None:
    if name in electorate.former:
        return Objection(Fault.REMOVED_MEMBER, f"{name} was a member before, and none when it was certified")
    if name not in electorate.delegates:
        return Objection(Fault.STRANGER, f"{name} was no member")
    try:
        signer = recover(message, signature)
    except FormatError as error:
        return Objection(Fault.FORGED, f"the signature of {name}: {error.message}")
    if signer in electorate.delegates[name]:
        return None
    whose = _whose(electorate, signer)
    return Objection(Fault.FORGED, f"the signature of {name} is by {signer}, {whose}")


def _whose(electorate: Electorate, signer: Address) -> str:
    for table, word in ((electorate.delegates, "a delegate"), (electorate.former, "once a delegate")):
        for name, known in table.items():
            if signer in known:
                return f"{word} of {name}"
    return "who was nobody's delegate, over these bytes in this domain"
