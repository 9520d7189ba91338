"""A certificate held against a handover's records, and these against an anchored head, without any connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orchestrator.audit.handed import MAX_FILE, Handed
from orchestrator.audit.handover import CHECKPOINTS, FORMAT, RECORDS
from orchestrator.audit.plain_json import load_json
from orchestrator.commitment.certificate import check_certificate
from orchestrator.commitment.checkpoints import head_of, leads_to
from orchestrator.commitment.consortium import digest_of_members
from orchestrator.commitment.electorate import Electorate, electorate_of
from orchestrator.commitment.endorsed import EndorsedCertificate
from orchestrator.commitment.examination import Fault, Objection
from orchestrator.errors import FormatError, ProtocolError
from orchestrator.ledger.canonical import parse, sha256
from orchestrator.ledger.checkpoint import Checkpoint, checkpoint_from_document
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.records import Record, record_from_document, records_tree
from orchestrator.ledger.state import replay
from orchestrator.ledger.task import TaskSpec
from orchestrator.types import Digest, RequestId


@dataclass(frozen=True)
class HandedLedger:
    """The private chain as a handover tells it.

    Attributes:
        records: in order. tasks: those whose bytes have the digest in their name. checkpoints: anchored ones.
    """

    records: tuple[Record, ...]
    tasks: Mapping[Digest, TaskSpec]
    checkpoints: tuple[Checkpoint, ...]

    @cached_property
    def state(self) -> LedgerState:
        """After all records; ProtocolError where they contradict each other."""
        return replay(self.records)


def ledger_of(handed: Handed) -> HandedLedger:
    """Reads records, tasks and checkpoints of a handover.

    Raises:
        FormatError: a file is missing or malformed; names it.
    """
    return HandedLedger(tuple(_records(handed)), dict(_tasks(handed)), tuple(_checkpoints(handed)))


def _records(handed: Handed) -> Iterator[Record]:
    if RECORDS not in handed.files:
        raise FormatError(
            f"the handover has no {RECORDS}", mend="name the folder that `loranchor audit handover` wrote"
        )
    for number, line in enumerate(handed.files[RECORDS].splitlines(), start=1):
        try:
            yield _record(load_json(line))
        except FormatError as error:
            raise FormatError(f"{RECORDS}: line {number}: {error.message}") from error


def _record(entry: Any) -> Record:
    if not isinstance(entry, dict) or entry.keys() != {"record", "salt"}:
        raise FormatError("it is not a record with its salt")
    if not isinstance(entry["record"], dict) or not isinstance(entry["salt"], str):
        raise FormatError("its record is no object, or its salt no text")
    return record_from_document(entry["record"], Digest(entry["salt"]))


def _tasks(handed: Handed) -> Iterator[tuple[Digest, TaskSpec]]:
    for path, data in handed.files.items():
        if path.startswith("tasks/"):
            task = TaskSpec.from_bytes(data)
            yield task.digest, task


def _checkpoints(handed: Handed) -> Iterator[Checkpoint]:
    if CHECKPOINTS not in handed.files:
        return
    document = parse(handed.files[CHECKPOINTS], format=f"{FORMAT}-checkpoints", limit=MAX_FILE)
    listed = document.get("checkpoints", ())
    if not isinstance(listed, list | tuple):
        raise FormatError(f"{CHECKPOINTS} holds no list of checkpoints")
    for entry in listed:
        if not isinstance(entry, dict) or not isinstance(entry.get("checkpoint"), dict):
            raise FormatError(f"{CHECKPOINTS} holds something that is no checkpoint")
        yield checkpoint_from_document(entry["checkpoint"])


def electorate_in(ledger: HandedLedger, certificate: Mapping[str, Any]) -> Electorate:
    """Who could certify the request that a certificate names, as the records tell it.

    Raises:
        ProtocolError: the records are another consortium's, or certify no such request.
    """
    request = RequestId(certificate["request_id"])
    contract = next((item.contract for item in ledger.records if item.fields.get("request_id") == request), None)
    if contract is None:
        raise ProtocolError(f"the records know no request {request}")
    return electorate_of(ledger.records, request, consortium_id=Digest(certificate["consortium_id"]), ledger=contract)


def foreign_to(ledger: HandedLedger, certificate: Mapping[str, Any]) -> Iterator[Objection]:
    """Why records have nothing to say of a certificate: it is of another chain, request or consortium, or uncertified.

    Raises:
        ProtocolError: the records contradict each other.
    """
    state, request = ledger.state, RequestId(certificate["request_id"])
    consortium_id = Digest(certificate["consortium_id"])
    if certificate["private_chain_id"] != state.chain_id:
        named = certificate["private_chain_id"]
        yield Objection(Fault.OTHER_CHAIN, f"it is of private chain {named}, and the records are of {state.chain_id}")
    if digest_of_members(consortium_id, state.members) != state.members.consortium_digest:
        yield Objection(Fault.OTHER_CONSORTIUM, f"it is of consortium {consortium_id}, and the records of another")
    if request not in state.revocations:
        yield Objection(Fault.OTHER_REQUEST, f"the records know no request {request}")
    elif state.revocations[request].certified is None:
        yield Objection(Fault.RECORDS, f"request {request} was not certified")


def against_records(endorsed: EndorsedCertificate, ledger: HandedLedger, electorate: Electorate) -> Iterator[Objection]:
    """Where the records say otherwise than the certificate or the electorate.

    A record's sender is the member whose delegate signed the transaction, as who made the handover recovered it.
    """
    certificate = endorsed.certificate
    request = RequestId(certificate["request_id"])
    try:
        found = ledger.state.revocations.get(request)
        certified, implied = None if found is None else found.certificate, electorate_in(ledger, certificate)
        if certified != sha256(endorsed.data):
            yield Objection(Fault.RECORDS, f"the request was certified with {certified}")
        consortium_id = Digest(certificate["consortium_id"])
        check_certificate(endorsed.data, ledger.state, request, ledger.tasks, consortium_id=consortium_id)
        if implied != electorate:
            yield Objection(Fault.RECORDS, "the members and delegates that the records imply are others")
    except ProtocolError as error:
        yield Objection(Fault.RECORDS, error.message)


def against_head(certificate: Mapping[str, Any], ledger: HandedLedger, head: Digest) -> Iterator[Objection]:
    """Whether the record of the certification is under a head that the public chain's anchor holds or held."""
    chain = _leading_to(ledger.checkpoints, head)
    if not chain:
        yield Objection(Fault.ANCHOR, f"no checkpoint of the handover makes the head {head}")
        return
    request = certificate["request_id"]
    place = next(
        (
            number
            for number, record in enumerate(ledger.records)
            if record.kind == "RevocationCertified" and record.fields["request_id"] == request
        ),
        None,
    )
    covering = next((item for item in chain if place is not None and item.tree_size > place), None)
    if covering is None:
        yield Objection(Fault.ANCHOR, f"no checkpoint up to the head {head} covers the certification")
        return
    size, tree = covering.tree_size, records_tree(ledger.records)
    if size > tree.size or "0x" + tree.root(size).hex() != covering.records_root:
        yield Objection(Fault.ANCHOR, f"the records are not those under the root of checkpoint {covering.sequence}")
    if covering.private_chain_id != certificate["private_chain_id"]:
        yield Objection(Fault.OTHER_CHAIN, f"the head is of private chain {covering.private_chain_id}")


def _leading_to(checkpoints: tuple[Checkpoint, ...], head: Digest) -> tuple[Checkpoint, ...]:
    """The checkpoints up to the one that makes the head, each naming the one before; none where there is no such."""
    end = next((place for place, item in enumerate(checkpoints, start=1) if head_of(item) == head), 0)
    return checkpoints[:end] if leads_to(checkpoints[:end], head) else ()
