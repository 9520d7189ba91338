"""Whether a record says what its signer has signed: the arguments of the call beside the fields of the event.

A field is compared where the call has an argument of its name. What a contract adds, such as an id, has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from eth_utils.crypto import keccak

from orchestrator.audit.bundle.static_calls import Shape, shape_of, static_values
from orchestrator.audit.bundle.transactions import Sent
from orchestrator.chain.abi import artifact, signature_of
from orchestrator.chain.codec import decode_values, from_abi
from orchestrator.errors import ChainError, FormatError
from orchestrator.ledger.records import Record
from orchestrator.ledger.schema import SALT_ARGUMENT, kind_of, snake_case
from orchestrator.types import Address


def differs(sent: Sent, record: Record) -> str:
    """The name of a field that the signed call gives another value; empty where all agree or nothing can be compared.

    A call of another contract than the record's, or by way of another, has no arguments to compare with.
    """
    if sent.to != record.contract or not kind_of(record.kind).salted:
        return ""
    found = _function(kind_of(record.kind).contract, sent.data[:4])
    if found is None:
        return ""
    try:
        raw = static_values(_shape(kind_of(record.kind).contract, sent.data[:4]), sent.data[4:])
        if raw is None:
            values = decode_values(found["inputs"], sent.data[4:], found["name"])
        else:
            values = [from_abi(part, value) for part, value in zip(found["inputs"], raw, strict=True)]
    except (ChainError, FormatError):
        return "its call"
    names = [snake_case(part["name"]) for part in found["inputs"]]
    return next(_differing(dict(zip(names, values, strict=True)), record), "")


_BY_WAY_OF = {"PrekeyAssigned": "RoundLedger", "RoundFailed": "RevocationLedger"}
"""Kinds of record that a call of another contract makes, too."""


def odd(sent: Sent, record: Record, contracts: Mapping[str, Address]) -> str:
    """Why a signed call cannot have made a record; empty where it can, as far as its target and chain tell.

    Under a root the quorum answers for that. Where nothing does, a call of anything else must not pass for it.
    """
    if not sent.bound:
        return "its transaction names no chain"
    allowed = {record.contract, contracts.get(_BY_WAY_OF.get(record.kind, ""))}
    made_at_birth = sent.to is None and not kind_of(record.kind).salted
    return "" if sent.to in allowed or made_at_birth else "its transaction calls another contract"


def known(sent: Sent, contracts: Mapping[str, Address]) -> bool:
    """Whether a call is one of a function of ours."""
    name = next((name for name, address in contracts.items() if address == sent.to), None)
    return sent.to is None or (name is not None and _function(name, sent.data[:4]) is not None)


def _differing(arguments: Mapping[str, Any], record: Record) -> Iterator[str]:
    told = {**record.fields, snake_case(SALT_ARGUMENT): record.salt}
    for name, value in _flat(arguments):
        if name in told and not _same(value, told[name]):
            yield name


def _flat(arguments: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Arguments, and the members of structs among them."""
    for name, value in arguments.items():
        yield name, value
        if isinstance(value, Mapping):
            yield from value.items()


def _same(value: Any, field: Any) -> bool:
    """Whether an argument is what a field of a record has, in whose form bytes and long integers are text."""
    if isinstance(value, Mapping):
        return isinstance(field, Mapping) and all(_same(item, field.get(name)) for name, item in value.items())
    if isinstance(value, list):
        return isinstance(field, list) and len(value) == len(field) and all(map(_same, value, field))
    if isinstance(value, bytes):
        return bool(field == "0x" + value.hex())
    if isinstance(value, int) and not isinstance(value, bool):
        return bool(str(field) == str(value))
    return bool(value == field)


@cache
def _function(contract: str, selector: bytes) -> Mapping[str, Any] | None:
    entries = artifact(contract).functions.values()
    return next((entry for entry in entries if keccak(text=signature_of(entry))[:4] == selector), None)


@cache
def _shape(contract: str, selector: bytes) -> Shape | None:
    found = _function(contract, selector)
    return None if found is None else shape_of(found["inputs"])
