"""The private chain's facts: records for the ledger, checkpoints that are due, and attestations.

A fact counts only if its transaction's raw signature is by somebody who may have sent it. What does not count is passed
over and told to ``on_ignored``; every honest reader passes over the same, since it follows from signatures alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.chain.codec import decode_event, event_values
from orchestrator.chain.contracts import PrivateContracts
from orchestrator.chain.logs import CHUNK, SenderBook, read_logs
from orchestrator.chain.port import LogSource, RawLog
from orchestrator.chain.proxy import Proxy
from orchestrator.chain.senders import NoSender
from orchestrator.chain.structs import DueReason
from orchestrator.errors import ProtocolError
from orchestrator.ledger.entities import LedgerState, Members
from orchestrator.ledger.members import HANDLERS
from orchestrator.ledger.records import Record
from orchestrator.ledger.rules import check_sender, sender_of
from orchestrator.ledger.schema import KINDS, SALT_ARGUMENT, fields_from_event
from orchestrator.types import ZERO_DIGEST, Address, Digest, OrganisationId

_log = logging.getLogger(__name__)

OnIgnored = Callable[[RawLog, str], None]
"""Told of an event that does not count, and why."""


@dataclass(frozen=True, slots=True)
class Due:
    """``CheckpointDue``: the checkpoint describes the private chain at ``block``."""

    sequence: int
    subject: Digest
    reason: DueReason
    block: int
    block_hash: Digest
    transaction: Digest
    log_index: int


@dataclass(frozen=True, slots=True)
class Attestation:
    """``CheckpointAttested``: a member's signature of a head. ``signer`` sent it; the signature is not checked here."""

    sequence: int
    organisation: OrganisationId
    head: Digest
    signature: bytes
    signer: Address
    block: int
    transaction: Digest
    log_index: int


def warn_ignored(log: RawLog, why: str) -> None:
    """What is done with ignored events where the caller has no use for them."""
    _log.warning("ignored the event in block %d, log %d: %s", log.block, log.log_index, why)


def read_records(
    chain: LogSource,
    contracts: PrivateContracts,
    from_block: int,
    to_block: int,
    *,
    members: Members | None = None,
    on_ignored: OnIgnored = warn_ignored,
    chunk: int = CHUNK,
) -> Iterator[Record]:
    """Records of all private contracts, both ends included, in (block, log index) order.

    Args:
        members: the consortium before ``from_block`` (``LedgerState.members``); left out when reading from the start.

    Raises:
        ChainError: see :func:`orchestrator.chain.logs.read_logs`.
        ProtocolError: the Consortium's own events contradict each other.
    """
    state = LedgerState(members=members or Members())
    kinds = _record_topics(contracts)
    book = SenderBook(chain)
    for logs in read_logs(chain, [proxy.address for proxy in contracts.proxies], from_block, to_block, chunk=chunk):
        wanted = [log for log in logs if (log.address, log.topics[0]) in kinds]
        for log, signer in zip(wanted, book.attribute(wanted), strict=True):
            record = _record(chain, log, kinds[log.address, log.topics[0]], signer, state, on_ignored)
            if record is None:
                continue
            if record.kind in HANDLERS:
                state = HANDLERS[record.kind](state, record)
            yield record


def _record_topics(contracts: PrivateContracts) -> dict[tuple[Address, Digest], Any]:
    """ABI entries of the events that are records, by address and topic."""
    return {
        (proxy.address, topic): entry
        for proxy in contracts.proxies
        for topic, entry in proxy.artifact.events.items()
        if entry["name"] in KINDS or any(part["name"] == SALT_ARGUMENT for part in entry["inputs"])
    }


def _record(
    chain: LogSource, log: RawLog, event: Any, signer: Address | NoSender, state: LedgerState, on_ignored: OnIgnored
) -> Record | None:
    if isinstance(signer, NoSender):
        on_ignored(log, f"nobody is known to have sent {event['name']}: {signer.message}")
        return None
    arguments = decode_event(event, log.topics, log.data)
    salt = arguments.pop(SALT_ARGUMENT, None)
    fields = fields_from_event(event["name"], arguments)
    try:
        record = Record(
            kind=event["name"],
            chain_id=chain.chain_id,
            contract=log.address,
            block=log.block,
            transaction=log.transaction,
            log_index=log.log_index,
            sender=sender_of(state.members, event["name"], signer),
            signer=signer,
            salt=ZERO_DIGEST if salt is None else Digest("0x" + salt.hex()),
            fields=fields,
        )
        check_sender(state, record)
    except ProtocolError as error:
        on_ignored(log, error.message)
        return None
    return record


def read_due(
    chain: LogSource,
    contracts: PrivateContracts,
    from_block: int,
    to_block: int,
    *,
    on_ignored: OnIgnored = warn_ignored,
) -> Iterator[Due]:
    """``CheckpointDue`` events, whose transactions are signed by their alleged senders."""
    for log, _signer, values in _schedule_events(chain, contracts, "CheckpointDue", from_block, to_block, on_ignored):
        yield Due(
            sequence=values["sequence"],
            subject=Digest(values["subject"]),
            reason=DueReason(values["reason"]),
            block=log.block,
            block_hash=log.block_hash,
            transaction=log.transaction,
            log_index=log.log_index,
        )


def read_attestations(
    chain: LogSource,
    contracts: PrivateContracts,
    from_block: int,
    to_block: int,
    *,
    on_ignored: OnIgnored = warn_ignored,
) -> Iterator[Attestation]:
    """``CheckpointAttested`` events, whose transactions are signed by their alleged senders."""
    events = _schedule_events(chain, contracts, "CheckpointAttested", from_block, to_block, on_ignored)
    for log, signer, values in events:
        yield Attestation(
            sequence=values["sequence"],
            organisation=OrganisationId(values["organisation"]),
            head=Digest(values["head"]),
            signature=values["signature"],
            signer=signer,
            block=log.block,
            transaction=log.transaction,
            log_index=log.log_index,
        )


def _schedule_events(
    chain: LogSource, contracts: PrivateContracts, name: str, from_block: int, to_block: int, on_ignored: OnIgnored
) -> Iterator[tuple[RawLog, Address, dict[str, Any]]]:
    schedule: Proxy = contracts.schedule
    topic = schedule.artifact.topic(name)
    book = SenderBook(chain)
    for logs in read_logs(chain, [schedule.address], from_block, to_block, [topic]):
        for log, signer in zip(logs, book.attribute(logs), strict=True):
            if isinstance(signer, NoSender):
                on_ignored(log, f"nobody is known to have sent {name}: {signer.message}")
                continue
            yield log, signer, event_values(schedule.artifact.events[topic], log.topics, log.data)
