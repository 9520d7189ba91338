"""The chains as a node follows them: facts go into its state and history, and out again where they fell out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from orchestrator.daemon.alarms import PRIVATE_CHAIN_REWRITTEN, RECORD_PASSED_OVER
from orchestrator.daemon.approvals import WORDS, approved_of
from orchestrator.daemon.cursor import Cursor
from orchestrator.daemon.handlers.checkpoints import ATTESTED
from orchestrator.daemon.health import Head
from orchestrator.daemon.journal import Alarm, Side
from orchestrator.daemon.listener import SIDES, Behind, Listener
from orchestrator.daemon.manifests import known_tasks
from orchestrator.daemon.services import Services
from orchestrator.errors import ChainError, DiskError, ProtocolError
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.view import own_awards
from orchestrator.ledger.words import hex_word
from orchestrator.protocol import events as ev
from orchestrator.protocol.machine import refolded, transition
from orchestrator.protocol.state import NodeState

_log = logging.getLogger(__name__)

_NOTES_KEPT = 10_000
"""Lines that wait for a disk that is full; of more, the oldest go: all of them can be read on the chain."""


class Machine:
    """The machine's state, which each event replaces; other threads may read it."""

    def __init__(self, state: NodeState) -> None:
        self.state = state

    def tell(self, events: Iterable[ev.Event]) -> None:
        for event in events:
            self.state, _ = transition(self.state, event)


class Following:
    """Keeps state, history and cursors in step with both chains.

    What an earlier process had read is read again and compared with what it had made of it.
    """

    def __init__(self, services: Services, machine: Machine) -> None:
        self._services, self._machine = services, machine
        self._before = {side: services.journal.cursor(side) for side in SIDES}
        self._listener = Listener(services.private, services.public, cursors=self._restored())
        self._saved: dict[Side, Any] = dict(self._before)
        self._notes: list[tuple[str, Mapping[str, object]]] = []
        self._heads = {side: Head() for side in SIDES}
        self._public_waits = False
        # events that do not count are told once, however often they are read
        self._told_until = self._before["private"]["number"] if self._before["private"] else -1

    @property
    def caught_up(self) -> bool:
        """Whether all is told that both nodes have; what the public chain has too early is left out."""
        heads, told = self._listener.heads_of_nodes(), self._listener
        return told.private_head >= heads["private"] and (self._public_waits or told.public_head >= heads["public"])

    def follow(self, changed: Callable[[], None]) -> None:
        """Take in the next facts of both chains. Whatever fails, what was taken in is not told again.

        Args:
            changed: called after facts were taken back.

        Raises:
            ChainError: a node is down, lags or contradicts itself. DiskError: the journal cannot be written.
            ProtocolError: a record contradicts the ones before it.
        """
        for side in SIDES:
            block = self._listener.branches_off(side)
            if block is not None:
                self._roll_back(side, block)
                changed()
        self._private()
        self._public()
        self._note_heads()
        self._write()

    def heads(self, ledger: LedgerState) -> ev.BlockSeen:
        """See :meth:`orchestrator.daemon.listener.Listener.heads`."""
        return self._listener.heads(ledger)

    def seen(self) -> dict[str, Head]:
        """How far both chains are followed."""
        return {side: self._heads[side] for side in SIDES}

    # -- forwards

    def _private(self) -> None:
        before = self._before["private"]
        known = before["number"] if before else -1
        try:
            for fact in self._listener.private_facts(self._machine.state.ledger):
                if isinstance(fact, ev.RecordSeen):
                    self._services.history.append(fact.record)
                    if fact.record.block > known:
                        self._notes.append(("record", {"kind": fact.record.kind, "block": fact.record.block}))
                self._machine.tell([fact])
        except ProtocolError as error:
            if not self._listener.passed_over:
                raise
            raise self._explained(error) from error
        # a process that ended right after a reorganisation had made nothing yet of what it kept
        told_before = before["tree"] if before else None
        if told_before is not None and self._listener.private_head == known and told_before != self._tree():
            self._listener.begin()
            self._services.history.cut(-1)
            self._machine.state = refolded(self._machine.state, [])
            raise ChainError(
                f"the private chain's node tells other records up to block {known} than it did before",
                mend="then or now it leaves some out, or invents some: compare it with other members' nodes; if it is"
                " right now, stop the daemon and run `loranchor daemon rescan`",
            )

    def _public(self) -> None:
        self._public_waits = False
        try:
            facts = list(self._listener.public_facts(self._own_awards))
        except Behind as error:
            _log.debug("the public chain waits: %s", error)
            self._public_waits = True
        else:
            self._machine.tell(facts)

    def _own_awards(self, sequence: int) -> tuple[int, ...]:
        ledger = self._machine.state.ledger
        if sequence > len(ledger.due):
            raise Behind(f"the public chain has the awards of checkpoint {sequence}, the private one is not that far")
        due = ledger.due[sequence - 1]
        then = self._services.history.state_at(due.block, ledger)
        return own_awards(then, due, known_tasks(ledger, self._services), self._services.me)

    def _explained(self, error: ProtocolError) -> ProtocolError:
        """A contradiction with what it may come from: the contracts' state holds what the records do not."""
        try:
            self._tell_passed_over()
        except DiskError as full:
            _log.warning("an alarm could not be kept: %s", full)
        newest = self._listener.passed_over[-1].transaction
        first = next(item for item in self._listener.passed_over if item.transaction == newest)
        return ProtocolError(
            error.message,
            mend=f"it builds on what the contracts count and no member sent: in block {first.block}, {first.why}."
            " Whoever runs the private chain sent it, and has to take the chain back behind that block",
        )

    def _tell_passed_over(self) -> None:
        """Raise an alarm where the contracts count what nobody entitled has signed: records and they differ then."""
        fresh = [item for item in self._listener.passed_over if item.block > self._told_until]
        if fresh:
            first = fresh[0]
            text = (
                f"the private chain's contracts count what no member sent, in block {first.block}: {first.why}; no"
                " daemon counts it, so contracts and records differ: ask whoever runs the private chain, then clear"
                " the alarm"
            )
            self._services.journal.raise_alarm(RECORD_PASSED_OVER, text)
        self._told_until = max(self._told_until, self._listener.private_head)

    # -- backwards

    def _roll_back(self, side: Side, block: int) -> None:
        """Take back the facts of blocks that the chain has no more. On disk first: an alarm must not be lost."""
        broken = self._broken_attestations(block) if side == "private" else []
        alarm = self._alarm(broken) if broken else None
        cursor = self._listener.cursor(side).until(block)
        kept = {"number": block, "marks": cursor.document(), "tree": None}
        # what the operator approved may be another deed now, by the same id
        approved = approved_of(self._services.journal.results(WORDS)) if side == "private" else []
        forget = {ATTESTED: broken, WORDS: approved}
        self._services.journal.rolled_back(side, kept, forget=forget, alarm=alarm)
        self._listener.roll_back(side, block)
        self._before[side], self._saved[side] = None, kept
        if side == "private":
            self._services.history.cut(block)
            self._told_until = min(self._told_until, block)
        # local work follows from the private chain; what it was made from may be gone with it
        done = self._services.journal.done()
        self._machine.state = refolded(self._machine.state, self._listener.told(), done)
        _log.log(
            logging.WARNING if alarm else logging.INFO,
            "the %s chain was reorganised behind block %d%s",
            side,
            block,
            f": {alarm.text}" if alarm else "",
        )

    def _broken_attestations(self, block: int) -> list[str]:
        """Checkpoints that this node may have signed and whose block the chain has no more."""
        chain = self._services.private.rounds.chain
        head = chain.block_number()
        notes = self._services.journal.results(ATTESTED)
        doubtful = {key: note for key, note in notes.items() if note["block"] > block}
        return [
            key
            for key, note in doubtful.items()
            if note["block"] > head or chain.block(note["block"]).hash != note["hash"]
        ]

    def _alarm(self, broken: list[str]) -> Alarm:
        sequences = ", ".join(sorted(broken, key=int))
        text = (
            f"the private chain no longer holds the blocks of checkpoint {sequences}, which this node has attested to;"
            " nothing is signed or sent: compare the chain with the other members', then clear the alarm"
        )
        return Alarm(PRIVATE_CHAIN_REWRITTEN, text, time.time())

    # -- on disk

    def _restored(self) -> dict[Side, Cursor]:
        contracts = {"private": self._services.private, "public": self._services.public}
        return {
            side: Cursor.restored(contracts[side].deployment.first_block, kept["marks"])  # type: ignore[attr-defined]
            for side, kept in self._before.items()
            if kept
        }

    def _document(self, side: Side) -> dict[str, Any]:
        """A cursor as it is kept: its marks, and for the private chain what was made of the records up to there."""
        cursor = self._listener.cursor(side)
        number = cursor.last.number if cursor.last else cursor.first - 1
        return {"number": number, "marks": cursor.document(), "tree": self._tree() if side == "private" else None}

    def _tree(self) -> list[Any]:
        tree = self._services.history.tree
        return [tree.size, hex_word(tree.root())]

    def _write(self) -> None:
        """Bring alarms, notes and cursors to the disk; what it refuses is written the next time."""
        self._tell_passed_over()
        self._notes = self._notes[-_NOTES_KEPT:]
        if self._notes:
            self._services.journal.write_all(self._notes)
            self._notes = []
        for side in SIDES:
            last = self._listener.cursor(side).last
            read = self._listener.private_head if side == "private" else self._listener.public_head
            if last is None or read != last.number or (self._saved[side] and self._saved[side]["number"] == read):
                continue  # still reading what was read before, or nothing new
            self._saved[side] = self._document(side)
            self._services.journal.save_cursor(side, self._saved[side])

    def _note_heads(self) -> None:
        followed = {"private": self._listener.private_head, "public": self._listener.public_head}
        for side, head in self._listener.heads_of_nodes().items():
            old = self._heads[side]
            seen_at = time.time() if head > old.head else old.seen_at
            self._heads[side] = Head(head, followed[side], seen_at)
