"""The steps of a disclosure: each tried before anything leaves this machine, and refused by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from orchestrator.chain.port import Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.reverts import ContractRefused
from orchestrator.chain.signers import Signed
from orchestrator.disclosure.cases import known_as, read_cases, with_sealed
from orchestrator.disclosure.desk import Desk
from orchestrator.disclosure.moments import shown
from orchestrator.disclosure.opening import Opening
from orchestrator.disclosure.recipients import Recipient
from orchestrator.disclosure.refusal import EmbargoOver, ReportKnown, UnknownReport, WrongReport, named
from orchestrator.disclosure.sealing import seal_report
from orchestrator.errors import ChainError, ConfigurationError
from orchestrator.storage import cid_of
from orchestrator.storage.store import ObjectStore
from orchestrator.types import Cid


class Sender(Protocol):
    """What sends: a ``TransactionSender``."""

    def prepare(self, call: Call) -> Signed: ...
    def send(self, call: Call) -> Receipt: ...


def hand_in(
    desk: Desk, opening: Opening, recipients: Iterable[Recipient], sender: Sender, store: ObjectStore
) -> tuple[int, Cid]:
    """Seal a report, store it on IPFS and commit to it.

    Returns:
        the report's number, and where the sealed report lies.

    Raises:
        ReportKnown: the same reporter has committed to the same report before; nothing was sent.
        EnvelopeError: nobody to seal to. StorageError, ChainError: IPFS or the chain is down.
    """
    if (known := known_as(read_cases(desk).values(), opening.commitment, opening.reporter)) is not None:
        raise ReportKnown(
            f"report {known.id} is this very report: it was handed in at {shown(known.committed_at)}",
            mend=f"see `loranchor disclosure status --id {known.id}`",
        )
    sealed = seal_report(opening, recipients).to_bytes()
    call = with_sealed(desk.registry.commit_report(opening.commitment), cid_of(sealed))
    sender.prepare(call)
    cid = store.add(sealed)
    return _number_of(desk, _send(sender, call)), cid


def acknowledge(desk: Desk, id: int, sender: Sender, *, ends: int | None = None, at_once: bool = False) -> Receipt:
    """A member has seen the report.

    Args:
        ends: an earlier end of the embargo; the present one by default. at_once: it may already be over then.

    Raises:
        EmbargoOver: the embargo is over; the contract would take it, but it would say nothing any more.
        AlreadyAcknowledged, EmbargoTooLong, UnknownReport: as the contract says.
        ConfigurationError: the new end has passed, so that anybody could publish now.
    """
    case, now = read_cases(desk).get(id), desk.now()
    if case is None:
        raise UnknownReport(f"there is no report {id}", mend="see `loranchor disclosure status`")
    if now >= case.ends:
        raise EmbargoOver(
            f"the embargo of report {id} ended at {shown(case.ends)}: acknowledging it comes too late",
            mend="nothing: it may be published by now",
        )
    end = case.ends if ends is None else ends
    if end <= now and not at_once:
        raise ConfigurationError(
            f"with {shown(end)} the embargo of report {id} would be over now", mend="add --at-once if that is meant"
        )
    return _send(sender, desk.registry.acknowledge(id, end))


def extend(desk: Desk, id: int, ends: int, sender: Sender) -> Receipt:
    """Propose a later end, or agree to what the other side proposed.

    Raises:
        EmbargoOver, EmbargoNotLater, UnknownReport: as the contract says.
    """
    return _send(sender, desk.registry.extend_embargo(id, ends))


def publish(desk: Desk, id: int, opening: Opening, sender: Sender, store: ObjectStore) -> tuple[Receipt, Cid]:
    """Show a report. Nothing of it leaves this machine before the contract is seen to accept it.

    Raises:
        UnderEmbargo, WrongReport, AlreadyRevealed, UnknownReport: as the contract says.
    """
    if (opening.chain_id, opening.registry) != (desk.chain.chain_id, desk.registry.address):
        raise WrongReport(
            f"the opening is of registry {opening.registry} on chain {opening.chain_id}", mend="name the right opening"
        )
    data = opening.report.to_bytes()
    call = desk.registry.reveal(id, opening.report.digest, opening.salt, cid_of(data))
    try:
        sender.prepare(call)
    except ContractRefused as error:
        raise named(error) from error
    cid = store.add(data)
    return _send(sender, call), cid


def _send(sender: Sender, call: Call) -> Receipt:
    try:
        return sender.send(call)
    except ContractRefused as error:
        raise named(error) from error


def _number_of(desk: Desk, receipt: Receipt) -> int:
    topic = desk.registry.artifact.topic("ReportCommitted")
    for log in receipt.logs:
        if log.address == desk.registry.address and log.topics[0] == topic:
            return int(log.topics[1], 16)
    raise ChainError(
        f"the receipt of {receipt.transaction} does not tell the report's number", mend="see `disclosure status`"
    )
