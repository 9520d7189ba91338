"""Record kinds: which contract tells which facts, and the type of every field.

A kind is the name of an event. Its fields are the event's arguments in snake case, without the leaf salt. Types are
those of the contracts, with two of our own: ``organisation`` (a bytes32 that is a name) and ``label`` (a bytes32 that
is ASCII where it can be). A mapping is a struct; ``[]`` after a type makes a list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from orchestrator.errors import FormatError
from orchestrator.ledger import words
from orchestrator.ledger.canonical import SAFE_INTEGER

FieldType = str | Mapping[str, str]

_INTEGER = re.compile(r"(u?)int(\d+)")
_DECIMAL = re.compile(r"-?[1-9][0-9]*|0")
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")
SALT_ARGUMENT = "leafSalt"

OPENING: Mapping[str, str] = {
    "manifest_digest": "bytes32",
    "task_digest": "bytes32",
    "task_cid": "string",
    "agreement_digest": "bytes32",
    "agreement_cid": "string",
    "submit_blocks": "uint32",
    "release_blocks": "uint32",
    "commit_blocks": "uint32",
    "reveal_blocks": "uint32",
    "minimum_updates": "uint16",
    "epsilon_cap": "uint64",
}
SUBMISSION: Mapping[str, str] = {
    "ciphertext_digest": "bytes32",
    "header_digest": "bytes32",
    "content_commitment": "bytes32",
    "data_statement_digest": "bytes32",
    "parent_manifest": "bytes32",
    "samples": "uint64",
    "epsilon": "uint64",
}


@dataclass(frozen=True)
class Kind:
    """One kind of record.

    Attributes:
        contract: the contract whose event it is.
        fields: name → type, in the order of the event's arguments.
        actor: the field that names the organisation that acted; empty where only the sender tells.
    """

    contract: str
    fields: Mapping[str, FieldType]
    actor: str = ""

    @property
    def salted(self) -> bool:
        return self.contract != "Consortium"


def _consortium(**fields: FieldType) -> Kind:
    return Kind("Consortium", fields)


def _by(contract: str, actor: str, **fields: FieldType) -> Kind:
    return Kind(contract, fields, actor)


KINDS: Mapping[str, Kind] = {
    "MemberAdded": _consortium(organisation="organisation", authority="address"),
    "MemberRemoved": _consortium(organisation="organisation", authority="address"),
    "AuthorityReplaced": _consortium(organisation="organisation", previous="address", current="address"),
    "DelegateRotated": _consortium(organisation="organisation", previous="address", current="address"),
    "QuorumChanged": _consortium(previous="uint8", current="uint8"),
    "EpochAdvanced": _consortium(epoch="uint64", consortium_digest="bytes32", quorum="uint8", members="uint256"),
    "Paused": _consortium(nonce="uint64"),
    "Resumed": _consortium(nonce="uint64"),
    "KeyPublished": _by("KeyDirectory", "organisation", organisation="organisation", digest="bytes32", key="bytes"),
    "KeyRevoked": _by("KeyDirectory", "organisation", organisation="organisation", digest="bytes32"),
    "PrekeyPublished": _by(
        "KeyDirectory", "organisation", organisation="organisation", index="uint64", digest="bytes32", key="bytes"
    ),
    "PrekeyAssigned": _by(
        "KeyDirectory", "", round_id="uint64", organisation="organisation", index="uint64", digest="bytes32"
    ),
    "PrekeysDiscarded": _by(
        "KeyDirectory", "organisation", organisation="organisation", first="uint64", count="uint64"
    ),
    "CatchUpAsked": _by(
        "KeyDirectory", "organisation", number="uint64", organisation="organisation", key_digest="bytes32", key="bytes"
    ),
    "CatchUpAnswered": _by(
        "KeyDirectory",
        "organisation",
        number="uint64",
        organisation="organisation",
        object_digest="bytes32",
        cid="string",
    ),
    "AgreementAccepted": _by("RoundLedger", "", agreement_digest="bytes32", organisation="organisation"),
    "RoundOpened": _by(
        "RoundLedger",
        "opener",
        round_id="uint64",
        task_digest="bytes32",
        manifest_digest="bytes32",
        opener="organisation",
        opening=OPENING,
        epoch="uint64",
    ),
    "UpdateSubmitted": _by(
        "RoundLedger",
        "organisation",
        round_id="uint64",
        update_id="bytes32",
        organisation="organisation",
        submission=SUBMISSION,
    ),
    "UpdateReplaced": _by("RoundLedger", "", round_id="uint64", previous="bytes32", current="bytes32"),
    "RoundPassed": _by("RoundLedger", "organisation", round_id="uint64", organisation="organisation"),
    "UpdateReleased": _by(
        "RoundLedger",
        "organisation",
        round_id="uint64",
        update_id="bytes32",
        organisation="organisation",
        payload_cid="string",
        header_cid="string",
    ),
    "VerdictsCommitted": _by(
        "RoundLedger", "organisation", round_id="uint64", organisation="organisation", commitment="bytes32"
    ),
    "VerdictRevealed": _by(
        "RoundLedger",
        "organisation",
        round_id="uint64",
        update_id="bytes32",
        organisation="organisation",
        accept="bool",
        weight_cap="uint32",
        score="int64",
        reason="label",
    ),
    "RoundAbandonSupported": _by(
        "RoundLedger", "organisation", round_id="uint64", organisation="organisation", supporters="uint16"
    ),
    "RoundClosed": _by("RoundLedger", "", round_id="uint64", accepted="uint16", released="uint16"),
    "RoundFailed": _by("RoundLedger", "", round_id="uint64", reason="label"),
    "RevocationRequested": _by(
        "RevocationLedger",
        "organisation",
        request_id="bytes32",
        organisation="organisation",
        reason="label",
        mode="uint8",
        urgent="bool",
        updates="bytes32[]",
        request_digest="bytes32",
    ),
    "RevocationSupported": _by("RevocationLedger", "organisation", request_id="bytes32", organisation="organisation"),
    "RevocationApproved": _by("RevocationLedger", "", request_id="bytes32", supporters="uint16"),
    "UpdatesAffected": _by(
        "RevocationLedger",
        "organisation",
        request_id="bytes32",
        organisation="organisation",
        descendants="bytes32[]",
    ),
    "ManifestReplaced": _by(
        "RevocationLedger",
        "organisation",
        request_id="bytes32",
        organisation="organisation",
        manifest_digest="bytes32",
    ),
    "VerificationRecorded": _by(
        "RevocationLedger",
        "organisation",
        request_id="bytes32",
        organisation="organisation",
        metric="label",
        value_before="int64",
        value_after="int64",
        samples="uint64",
    ),
    "CertificateEndorsed": _by(
        "RevocationLedger",
        "organisation",
        request_id="bytes32",
        organisation="organisation",
        certificate_digest="bytes32",
        certificate_cid="string",
        signature="bytes",
    ),
    "RevocationCertified": _by("RevocationLedger", "", request_id="bytes32", certificate_digest="bytes32"),
    "ShredReceiptRecorded": _by(
        "RevocationLedger",
        "organisation",
        request_id="bytes32",
        organisation="organisation",
        receipt_digest="bytes32",
        receipt_cid="string",
    ),
    "RevocationShredded": _by("RevocationLedger", "", request_id="bytes32"),
    "ArtefactProposed": _by(
        "ArtefactRegistry",
        "organisation",
        artefact_id="bytes32",
        organisation="organisation",
        kind="label",
        subject="bytes32",
        digest="bytes32",
        cid="string",
    ),
    "ArtefactEndorsed": _by(
        "ArtefactRegistry", "organisation", artefact_id="bytes32", organisation="organisation", deviation="uint64"
    ),
    "ArtefactDisputed": _by(
        "ArtefactRegistry", "organisation", artefact_id="bytes32", organisation="organisation", reason="label"
    ),
    "ArtefactAgreed": _by(
        "ArtefactRegistry", "", artefact_id="bytes32", kind="label", subject="bytes32", digest="bytes32"
    ),
}


def kind_of(name: str) -> Kind:
    """The kind of that name; FormatError when no contract tells such a record."""
    if name not in KINDS:
        raise FormatError(f"{name!r} is no kind of record", mend="upgrade LoRAnchor if its contracts are newer")
    return KINDS[name]


@lru_cache(maxsize=1024)
def snake_case(name: str) -> str:
    """``manifestDigest`` → ``manifest_digest``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def fields_from_event(kind: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a record's fields from a decoded event.

    Args:
        kind: the event's name.
        arguments: its arguments by their ABI names, as eth_abi or web3 decode them: bytes for bytes and bytes32, any
            case for addresses, tuples or mappings for structs. The leaf salt may be among them.
    """
    given = {snake_case(name): value for name, value in arguments.items() if name != SALT_ARGUMENT}
    fields = kind_of(kind).fields
    _same_names(kind, fields, given)
    return {name: _encode(f"{kind}.{name}", type_, given[name]) for name, type_ in fields.items()}


def check_fields(kind: str, fields: Mapping[str, Any]) -> None:
    """Refuses fields that are not those of the kind, or not in their one canonical form."""
    types = kind_of(kind).fields
    _same_names(kind, types, fields)
    for name, type_ in types.items():
        _check(f"{kind}.{name}", type_, fields[name])


def integer(value: Any) -> int:
    """The number in an integer field: one beyond 2⁵³, or of 256 bits, is written as a decimal string."""
    return int(value)


def _same_names(place: str, expected: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    if missing := expected.keys() - given.keys():
        raise FormatError(f"{place} lacks {', '.join(sorted(missing))}")
    if unknown := given.keys() - expected.keys():
        raise FormatError(f"{place} has no field {', '.join(sorted(map(str, unknown)))}")


def _encode(place: str, type_: FieldType, value: Any) -> Any:
    if not isinstance(type_, str):
        given = dict(value) if isinstance(value, Mapping) else dict(zip(type_, value, strict=True))
        given = {snake_case(name): item for name, item in given.items()}
        _same_names(place, type_, given)
        return {name: _encode(f"{place}.{name}", inner, given[name]) for name, inner in type_.items()}
    if type_.endswith("[]"):
        return [_encode(place, type_[:-2], item) for item in value]
    return _encode_value(place, type_, value)


def _encode_value(place: str, type_: str, value: Any) -> Any:
    if (known := _integer_type(type_)) is not None:
        number = int(value)
        return str(number) if known[0] > 64 or abs(number) > SAFE_INTEGER else number
    if type_ == "bytes32":
        return words.hex_word(bytes(value))
    if type_ == "organisation":
        return words.organisation_name(bytes(value))
    if type_ == "label":
        return words.label_text(bytes(value))
    if type_ == "address":
        return words.address(value)
    if type_ == "bytes":
        return "0x" + bytes(value).hex()
    if type_ == "string" and isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value


def _check(place: str, type_: FieldType, value: Any) -> None:
    if not isinstance(type_, str):
        if not isinstance(value, Mapping):
            raise FormatError(f"{place} is not an object")
        _same_names(place, type_, value)
        for name, inner in type_.items():
            _check(f"{place}.{name}", inner, value[name])
    elif type_.endswith("[]"):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise FormatError(f"{place} is not a list")
        for item in value:
            _check(place, type_[:-2], item)
    elif not _valid(type_, value):
        raise FormatError(f"{place}: {value!r} is not a {type_} in canonical form")


def _valid(type_: str, value: object) -> bool:
    if (known := _integer_type(type_)) is not None:
        return _valid_integer(value, bits=known[0], signed=known[1])
    if type_ == "bool":
        return isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if type_ == "label":
        return _is_label(value)
    return type_ == "string" or bool(_PATTERNS[type_].fullmatch(value))


_PATTERNS = {"bytes32": words.DIGEST, "organisation": words.ORGANISATION, "address": words.ADDRESS, "bytes": _HEX}


@lru_cache(maxsize=256)
def _integer_type(type_: str) -> tuple[int, bool] | None:
    """Bits of an integer type, and whether it is signed; None for another type."""
    match = _INTEGER.fullmatch(type_)
    return None if match is None else (int(match[2]), not match[1])


def _valid_integer(value: object, *, bits: int, signed: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return False
    if isinstance(value, str) and (len(value) > 80 or not _DECIMAL.fullmatch(value)):
        return False
    number = int(value)
    if isinstance(value, str) is not (bits > 64 or abs(number) > SAFE_INTEGER):
        return False
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
    return low <= number < high


def _is_label(value: str) -> bool:
    try:
        return words.label_text(words.label_word(value)) == value
    except FormatError:
        return False
