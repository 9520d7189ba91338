"""Reads both chains from where it left off, and tells what it finds, in their order; takes back what fell out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.glimpse import Glimpse
from orchestrator.chain.port import ChainReader, RawLog
from orchestrator.chain.proxy import Proxy
from orchestrator.chain.public_events import AwardClaim, AwardsPublication, ObjectionRaised, read_anchored, read_awards
from orchestrator.chain.reader import read_attestations, read_records, warn_ignored
from orchestrator.chain.structs import Stage
from orchestrator.daemon.cursor import Cursor, Mark
from orchestrator.daemon.journal import Side
from orchestrator.errors import ChainError
from orchestrator.ledger.entities import LedgerState
from orchestrator.protocol import events as ev
from orchestrator.types import Digest, RequestId

SIDES: tuple[Side, Side] = ("private", "public")
CHUNK = 2000
"""Blocks that are read at a go: the facts of a go are told before the next is read."""
LAG_SECONDS = 20.0

OwnAwards = Callable[[int], tuple[int, ...]]
"""Gives this member's award indices of a checkpoint."""


class Behind(ChainError):
    """A node is not as far as this daemon has read, or as far as the other chain is."""


class PassedOver(NamedTuple):
    """An event that the private contracts count and no reader does (docs/decisions/0050)."""

    block: int
    transaction: Digest
    why: str


class Listener:
    """A cursor on each chain. A fact is told once, and taken back when its block is no longer in the chain.

    Args:
        private, public: contracts; reading starts at their deployment.
        cursors: up to where an earlier process had read; facts are told from the start again, since none are kept.
        patience: seconds until a node that has fewer blocks than were read is believed, by default LAG_SECONDS.

    Attributes:
        passed_over: events of the private chain, up to its head here, that do not count.
    """

    def __init__(
        self,
        private: PrivateContracts,
        public: PublicContracts,
        *,
        cursors: Mapping[Side, Cursor] | None = None,
        patience: float | None = None,
    ) -> None:
        self._private, self._public = private, public
        self._sides: dict[Side, _Reading] = {
            "private": _Reading(private.rounds.chain, Cursor(private.deployment.first_block)),
            "public": _Reading(public.anchor.chain, Cursor(public.deployment.first_block)),
        }
        for side, cursor in (cursors or {}).items():
            self._sides[side].cursor = cursor
        self._patience = LAG_SECONDS if patience is None else patience
        self.passed_over: list[PassedOver] = []
        self._step_blocks = 0  # asked for when it matters; never 0, and it never changes

    @property
    def private_head(self) -> int:
        """Last private block whose facts were told."""
        return self._sides["private"].next - 1

    @property
    def public_head(self) -> int:
        """Last public block whose facts were told."""
        return self._sides["public"].next - 1

    @property
    def caught_up(self) -> bool:
        """Whether all is told that the nodes had when they were asked last."""
        return all(reading.next > reading.head for reading in self._sides.values())

    def heads_of_nodes(self) -> dict[Side, int]:
        """The newest block of each chain that counts, as its node said last."""
        return {side: reading.head for side, reading in self._sides.items()}

    def cursor(self, side: Side) -> Cursor:
        return self._sides[side].cursor

    def told(self) -> list[ev.Event]:
        """All facts that were told and hold, those of the private chain before those of the public one."""
        return [fact for side in SIDES for _, fact in self._sides[side].told]

    def branches_off(self, side: Side) -> int | None:
        """The last block up to which the facts of a chain still hold; None if that is all of them.

        Raises:
            ChainError: the node is down. Behind: it has fewer blocks than were read, not for long yet.
        """
        reading = self._sides[side]
        reading.ask()
        last = reading.cursor.last
        if last is None or last.number <= reading.head:
            reading.behind_since = None
        else:
            reading.behind_since = reading.behind_since or time.monotonic()
            if time.monotonic() - reading.behind_since < self._patience:
                raise Behind(f"the {side} chain's node has {reading.head} blocks, {last.number} were read before")
        return reading.cursor.branches_off(reading.chain, reading.head)

    def roll_back(self, side: Side, block: int) -> None:
        """Take back the facts of later blocks. The public chain's are read anew where the private one's change, since
        whose awards they are follows from those."""
        self._sides[side].cut(block)
        if side == "private":
            self.passed_over = [item for item in self.passed_over if item.block <= block]
            self._sides["public"].begin()

    def begin(self) -> None:
        """Take all facts back, and tell them anew."""
        self.passed_over = []
        for reading in self._sides.values():
            reading.begin()

    def private_facts(self, ledger: LedgerState) -> Iterator[ev.RecordSeen | ev.AttestationSeen]:
        """Records and attestations of the next blocks, in (block, log index) order.

        Raises:
            ChainError: the node is down, contradicts itself, or the chain changes meanwhile; nothing is passed over.
        """
        reading = self._sides["private"]
        span = reading.span()
        if span is None:
            return
        first, last = span
        ignored: list[PassedOver] = []

        def ignore(log: RawLog, why: str) -> None:
            warn_ignored(log, why)
            ignored.append(PassedOver(log.block, log.transaction, why))

        chain, private = reading.glimpse(self._private.proxies), self._private
        records = read_records(chain, private, first, last.number, members=ledger.members, on_ignored=ignore)
        placed: list[tuple[tuple[int, int], ev.RecordSeen | ev.AttestationSeen]] = [
            ((record.block, record.log_index), ev.RecordSeen(record)) for record in records
        ]
        placed += [
            (
                (found.block, found.log_index),
                ev.AttestationSeen(found.sequence, found.organisation, found.head, found.signature),
            )
            for found in read_attestations(chain, private, first, last.number, on_ignored=ignore)
        ]
        placed.sort(key=lambda item: item[0])
        reading.passed(last, [(place[0], fact) for place, fact in placed])
        self.passed_over += ignored
        for _, fact in placed:
            yield fact

    def public_facts(self, own_awards: OwnAwards) -> Iterator[ev.Event]:
        """Checkpoints and awards of the next blocks.

        Args:
            own_awards: gives this member's award indices of a sequence.

        Raises:
            ChainError: a node is down, or the private one has not come as far; nothing is passed over then.
        """
        reading = self._sides["public"]
        span = reading.span()
        if span is None:
            return
        first, last = span
        chain = reading.glimpse([self._public.anchor, self._public.awards])
        facts: list[tuple[int, ev.Event]] = [
            (found.place.block, ev.CheckpointAnchoredSeen(found.checkpoint, found.head))
            for found in read_anchored(chain, self._public, first, last.number)
        ]
        for event in read_awards(chain, self._public, first, last.number):
            if isinstance(event, AwardsPublication | ObjectionRaised):
                vested = self._public.awards.vested_from(event.sequence)
                fact = ev.AwardsPublishedSeen(event.sequence, vested, own_awards(event.sequence))
                facts.append((event.place.block, fact))
            elif isinstance(event, AwardClaim):
                facts.append((event.place.block, ev.AwardClaimedSeen(event.sequence, event.index)))
        reading.passed(last, facts)
        for _, told in facts:
            yield told

    def heads(self, ledger: LedgerState) -> ev.BlockSeen:
        """The heads that the facts reach up to, and what the contracts counted by blocks then: no later."""
        clock = None
        if ledger.open_round is not None:
            rounds, number, block = self._private.rounds, ledger.open_round, self.private_head
            phase = rounds.phase_of(number, block=block).name.lower()
            clock = ev.RoundClock(number, phase, rounds.deadline_of(number, block=block))
        verified, lapsed = frozenset(self._verified(ledger)), frozenset(self._lapsed(ledger))
        return ev.BlockSeen(self.private_head, self.public_head, clock, verified, lapsed)

    def _verified(self, ledger: LedgerState) -> Iterator[RequestId]:
        for revocation in ledger.revocations.values():
            pending = revocation.replacement is not None and revocation.certificate is None
            stage = (
                self._private.revocations.stage_of(revocation.id, block=self.private_head) if pending else Stage.NONE
            )
            if stage >= Stage.VERIFIED:
                yield revocation.id

    def _lapsed(self, ledger: LedgerState) -> Iterator[RequestId]:
        """Requests that the next block is too late to approve."""
        waiting = [item for item in ledger.revocations.values() if item.approved is None]
        if waiting and not self._step_blocks:
            self._step_blocks = self._private.revocations.step_blocks()
        for revocation in waiting:
            if self.private_head >= revocation.requested.block + self._step_blocks:
                yield revocation.id


@dataclass
class _Reading:
    """How far one chain is read.

    Attributes:
        told: the facts that were told, with their blocks. next: the first block to be read.
        head: the newest block that counts, as the node said last. asked: whether that was for the next reading.
        behind_since: when the node was first found to have fewer blocks than were read.
    """

    chain: ChainReader
    cursor: Cursor
    told: list[tuple[int, ev.Event]] = field(default_factory=list)
    next: int = -1
    head: int = -1
    asked: bool = False
    behind_since: float | None = None

    def __post_init__(self) -> None:
        self.next = self.cursor.first

    def ask(self) -> None:
        self.head, self.asked = self.chain.block_number() - self.chain.finality_depth, True

    def span(self) -> tuple[int, Mark] | None:
        """First and last block of what is read at a go; None where there is nothing new. What an earlier process had
        read ends with a go of its own, so that it can be compared."""
        if not self.asked:
            self.ask()
        self.asked = False
        if self.head < self.next:
            return None
        last = min(self.head, self.next + CHUNK - 1)
        marked = self.cursor.last
        if marked is not None and self.next <= marked.number < last:
            last = marked.number
        self.asked = last < self.head
        return self.next, Mark(last, self.chain.block(last).hash)

    def glimpse(self, proxies: Sequence[Proxy]) -> Glimpse:
        """The chain as all readers of the next go see it."""
        return Glimpse(self.chain, [proxy.address for proxy in proxies], self.head)

    def passed(self, last: Mark, facts: list[tuple[int, ev.Event]]) -> None:
        """Note that all up to ``last`` was read, if the chain has not changed meanwhile.

        Raises:
            ChainError: it has.
        """
        marked = self.cursor.last
        before = [marked] if marked is not None and marked.number < last.number else []
        expected = [*before, last]
        found = self.chain.blocks([mark.number for mark in expected])
        if [block.hash for block in found] != [mark.hash for mark in expected]:
            raise ChainError("the chain was reorganised while it was read", mend="read again")
        self.cursor.moved(last)
        self.told += facts
        self.next = last.number + 1

    def cut(self, block: int) -> None:
        self.told = [item for item in self.told if item[0] <= block]
        self.cursor = self.cursor.until(block)
        self.next = min(self.next, max(block + 1, self.cursor.first))
        self.behind_since = None

    def begin(self) -> None:
        self.told, self.next = [], self.cursor.first
