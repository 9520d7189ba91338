"""The public chain's events as typed values: anchored checkpoints, and what becomes of awards.

Anybody may send these transactions; the contract checks what counts, so the sender says nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.chain.codec import event_values
from orchestrator.chain.contracts import PublicContracts
from orchestrator.chain.logs import CHUNK, read_logs
from orchestrator.chain.port import LogSource, RawLog
from orchestrator.chain.proxy import Proxy
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.types import Address, Digest, OrganisationId, UpdateId


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands on its chain."""

    block: int
    block_hash: Digest
    transaction: Digest
    log_index: int


@dataclass(frozen=True, slots=True)
class Anchored:
    """``CheckpointAnchored``. ``signers`` is the bitmap by member index at ``checkpoint.epoch``."""

    sequence: int
    head: Digest
    manifest_digest: Digest
    checkpoint: Checkpoint
    signers: int
    place: Place


@dataclass(frozen=True, slots=True)
class AwardsPublication:
    """``AwardsPublished``: claims are taken from public block ``claimable_from`` on."""

    sequence: int
    root: Digest
    claimable_from: int
    place: Place


@dataclass(frozen=True, slots=True)
class ObjectionRaised:
    """A member's objection; the first moves ``claimable_from``."""

    sequence: int
    organisation: OrganisationId
    reason: str
    claimable_from: int
    place: Place


@dataclass(frozen=True, slots=True)
class AwardsRootReplaced:
    """A quorum of authorities replaced a root."""

    sequence: int
    previous: Digest
    current: Digest
    place: Place


@dataclass(frozen=True, slots=True)
class AwardVoided:
    """An award that can no longer be claimed."""

    sequence: int
    index: int
    place: Place


@dataclass(frozen=True, slots=True)
class AwardClaim:
    """``AwardClaimed``: tokens were minted."""

    sequence: int
    update_id: UpdateId
    account: Address
    index: int
    amount: int
    place: Place


AwardEvent = AwardsPublication | ObjectionRaised | AwardsRootReplaced | AwardVoided | AwardClaim

_AWARDS: dict[str, type[Any]] = {
    "AwardsPublished": AwardsPublication,
    "ObjectionRaised": ObjectionRaised,
    "AwardsRootReplaced": AwardsRootReplaced,
    "AwardVoided": AwardVoided,
    "AwardClaimed": AwardClaim,
}


def read_anchored(
    chain: LogSource, contracts: PublicContracts, from_block: int, to_block: int, *, chunk: int = CHUNK
) -> Iterator[Anchored]:
    """Anchored checkpoints in order, both ends included."""
    for log, _name, values in _events(chain, contracts.anchor, {"CheckpointAnchored"}, from_block, to_block, chunk):
        yield Anchored(
            sequence=values["sequence"],
            head=Digest(values["head"]),
            manifest_digest=Digest(values["manifest_digest"]),
            checkpoint=Checkpoint(**values["checkpoint"]),
            signers=values["signers"],
            place=_place(log),
        )


def read_awards(
    chain: LogSource, contracts: PublicContracts, from_block: int, to_block: int, *, chunk: int = CHUNK
) -> Iterator[AwardEvent]:
    """Everything that happened to awards, in order, both ends included."""
    for log, name, values in _events(chain, contracts.awards, set(_AWARDS), from_block, to_block, chunk):
        yield _AWARDS[name](**values, place=_place(log))


def _events(
    chain: LogSource, proxy: Proxy, names: set[str], from_block: int, to_block: int, chunk: int
) -> Iterator[tuple[RawLog, str, dict[str, Any]]]:
    events = {topic: entry for topic, entry in proxy.artifact.events.items() if entry["name"] in names}
    for logs in read_logs(chain, [proxy.address], from_block, to_block, list(events), chunk=chunk):
        for log in logs:
            entry = events[log.topics[0]]
            yield log, entry["name"], event_values(entry, log.topics, log.data)


def _place(log: RawLog) -> Place:
    return Place(log.block, log.block_hash, log.transaction, log.log_index)
