"""The demo's own look at the chains, through its own connections: it waits for what the members do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.chain.contracts import PrivateContracts, PublicContracts, private_contracts, public_contracts
from orchestrator.chain.public_events import Anchored, AwardClaim, AwardsPublication, read_anchored, read_awards
from orchestrator.chain.reader import read_records
from orchestrator.errors import LoranchorError
from orchestrator.ledger.entities import LedgerState
from orchestrator.ledger.records import Record
from orchestrator.ledger.view import Ledger
from orchestrator.settings import Settings


class DemoStuck(LoranchorError):
    """Something that should happen did not."""

    exit_code = 1


@dataclass
class Seen:
    """What the chains have shown so far."""

    ledger: Ledger
    anchored: list[Anchored]
    published: list[AwardsPublication]
    claims: list[AwardClaim]

    @property
    def state(self) -> LedgerState:
        return self.ledger.state

    @property
    def records(self) -> tuple[Record, ...]:
        return tuple(self.ledger.records)


class Watcher:
    """Follows both chains and waits for conditions.

    Args:
        settings: with the demo's network and deployments.
        tick: called twice a second while waiting: shows progress, and raises if a daemon has died.
    """

    def __init__(self, settings: Settings, tick: Callable[[str], None]) -> None:
        self.private: PrivateContracts = private_contracts(settings.connection("private"), settings.deployments)
        self.public: PublicContracts = public_contracts(settings.connection("public"), settings.deployments)
        self._tick = tick
        self._private_next = self.private.deployment.first_block
        self._public_next = self.public.deployment.first_block
        self.seen = Seen(Ledger(), [], [], [])

    def wait(self, headline: str, condition: Callable[[Seen], bool], *, seconds: float) -> None:
        """Until ``condition`` holds.

        Raises:
            DemoStuck: it does not within ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while True:
            self.look()
            if condition(self.seen):
                return
            if time.monotonic() > deadline:
                raise DemoStuck(f"waited {seconds:g} s in vain: {headline}", mend="see the logs folder of the run")
            self._tick(headline)
            time.sleep(0.5)

    def look(self) -> None:
        """Read what is new on both chains."""
        chain = self.private.rounds.chain
        head = chain.block_number()
        if head >= self._private_next:
            members = self.seen.state.members
            for record in read_records(chain, self.private, self._private_next, head, members=members):
                self.seen.ledger.append(record)
            self._private_next = head + 1
        chain = self.public.anchor.chain
        head = chain.block_number()
        if head >= self._public_next:
            self.seen.anchored += read_anchored(chain, self.public, self._public_next, head)
            for event in read_awards(chain, self.public, self._public_next, head):
                if isinstance(event, AwardsPublication):
                    self.seen.published.append(event)
                elif isinstance(event, AwardClaim):
                    self.seen.claims.append(event)
            self._public_next = head + 1
