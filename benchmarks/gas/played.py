"""Rounds on the private chain, played by all members."""

from __future__ import annotations

import hashlib
from typing import Any

from benchmarks.gas.node import mine
from benchmarks.gas.world import Member, World, cid, digest
from orchestrator.chain.port import Receipt
from orchestrator.chain.structs import Opening, Submission, Verdict
from orchestrator.commitment.verdicts import verdict_commitment
from orchestrator.envelope.prekeys import PUBLIC_SIZE
from orchestrator.types import MILLION, Digest, UpdateId

AGREEMENT, TASK = digest("agreement"), digest("task")
PHASE_BLOCKS = 2000
SCORE = 41_210


class Rounds:
    """What the members do, each a method. ``variant`` None leaves a transaction out of the figures."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ledger, self.keys = world.private["RoundLedger"], world.private["KeyDirectory"]
        self.schedule = world.private["CheckpointSchedule"]
        self._salts = 0

    @property
    def number(self) -> int:
        return int(self.ledger.read("roundCount"))

    def salt(self) -> Digest:
        """A fresh leaf salt, the same in every run."""
        self._salts += 1
        return digest(f"leaf salt {self._salts}")

    def prepare(self, prekeys: int) -> None:
        """What has to be there before the first round: prekeys, and an agreement that all accepted."""
        for member in self.world.members:
            self.publish(member, prekeys)
            self.accept(member)

    def accept(self, member: Member, variant: str | None = None, agreement: Digest = AGREEMENT) -> None:
        self.ledger.send("acceptAgreement", agreement, self.salt(), sender=member.authority, variant=variant)

    def publish(self, member: Member, count: int, variant: str | None = None) -> None:
        """New prekeys; their bytes are hashes, since a contract does not look into a key."""
        made = [_bytes(f"prekey {member.name} {self._salts} {place}", PUBLIC_SIZE) for place in range(count)]
        self.keys.send("publishPrekeys", made, self.salt(), sender=member.delegate, variant=variant)

    def open(self, variant: str | None = None, **changes: Any) -> Receipt:
        lengths = dict.fromkeys(("submit_blocks", "release_blocks", "commit_blocks", "reveal_blocks"), PHASE_BLOCKS)
        named = {"manifest_digest": digest(f"manifest {self.number}"), "task_digest": TASK, "task_cid": cid("task")}
        agreement = {"agreement_digest": AGREEMENT, "agreement_cid": cid("agreement")}
        bounds = {"minimum_updates": 2, "epsilon_cap": 8 * MILLION}
        opening = Opening(**{**named, **agreement, **lengths, **bounds, **changes})
        return self.ledger.send("openRound", opening, self.salt(), sender=self.world.delegates[0], variant=variant)

    def submit(self, member: Member, variant: str | None = None) -> UpdateId:
        one, two, three, four = (digest(f"digest {part} {self._salts}") for part in range(4))
        submission = Submission(one, two, three, four, digest("parent"), samples=640, epsilon=self.number * 100_000)
        terms = (self.number, submission, self.salt())
        receipt = self.ledger.send("submitUpdate", *terms, sender=member.delegate, variant=variant)
        return UpdateId(self.ledger.emitted(receipt, "UpdateSubmitted", 2))

    def release(self, member: Member, update: UpdateId, variant: str | None = None) -> None:
        places = (cid(f"payload {update}"), cid(f"header {update}"))
        self.ledger.send("releaseUpdate", update, *places, self.salt(), sender=member.delegate, variant=variant)

    def commit(self, member: Member, updates: list[UpdateId], variant: str | None = None) -> None:
        word = verdict_commitment(self.number, member.name, _verdicts(updates), _nonce(member))
        self.ledger.send("commitVerdicts", self.number, word, self.salt(), sender=member.delegate, variant=variant)

    def reveal(self, member: Member, updates: list[UpdateId], variant: str | None = None) -> None:
        terms = (self.number, _verdicts(updates), _nonce(member), self.salt())
        self.ledger.send("revealVerdicts", *terms, sender=member.delegate, variant=variant)

    def close(self, variant: str | None = None) -> Receipt:
        sender = self.world.delegates[0]
        return self.ledger.send("closeRound", self.number, self.salt(), sender=sender, variant=variant)

    def attest(self, member: Member, variant: str | None = None) -> None:
        head = digest(f"head {self.number}")
        terms = (self.schedule.read("latestSequence"), head, member.delegate.sign(bytes.fromhex(head[2:])))
        self.schedule.send("attest", *terms, sender=member.delegate, variant=variant)

    def whole(self, variant: str | None = None) -> list[UpdateId]:
        """A round in which everybody submits, releases, judges all updates and attests; the updates by member."""
        self.open(variant)
        updates = [self.submit(member, variant) for member in self.world.members]
        for member, update in zip(self.world.members, updates, strict=True):
            self.release(member, update, variant)
        for member in self.world.members:
            self.commit(member, updates, variant)
        for member in self.world.members:
            self.reveal(member, updates, variant)
        self.close(variant)
        for member in self.world.members:
            self.attest(member, variant)
        return updates

    def wait(self, blocks: int) -> None:
        mine(self.ledger.chain.connection, blocks)

    def expire(self) -> None:
        """Let the present phase run out."""
        deadline, chain = self.ledger.read("deadlineOf", self.number), self.ledger.chain.connection
        mine(chain, int(deadline) - chain.block_number())


def _verdicts(updates: list[UpdateId]) -> list[Verdict]:
    return [Verdict(update, True, MILLION, SCORE + place, "") for place, update in enumerate(updates)]


def _nonce(member: Member) -> Digest:
    return digest(f"nonce {member.name}")


def _bytes(label: str, size: int) -> bytes:
    words = (hashlib.sha256(f"{label} {place}".encode()).digest() for place in range(size // 32 + 1))
    return b"".join(words)[:size]
