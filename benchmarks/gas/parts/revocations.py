"""Revocations from the request to the last shred receipt, three members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.gas.keys import signatures
from benchmarks.gas.meter import Meter
from benchmarks.gas.node import PRIVATE_CHAIN
from benchmarks.gas.parts.governance import names_of
from benchmarks.gas.played import Rounds
from benchmarks.gas.world import STRANGER, Member, World, cid, consortium, digest
from orchestrator.chain.structs import Mode, Verification
from orchestrator.commitment.certificate import certificate_digest
from orchestrator.commitment.eip712 import MembershipChange
from orchestrator.types import Digest, RequestId, UpdateId

Named = Sequence[str | None]
UNNOTED: Named = (None, None, None)


def measure() -> dict[str, Any]:
    meter = Meter()
    with consortium(3, meter) as world:
        rounds = Rounds(world)
        rounds.prepare(8)
        first, second = rounds.whole(), rounds.whole()
        steps = Steps(world, rounds)
        own = steps.request(0, [first[0]], variant="one's own update, the first ever")
        steps.rework(own, [*second], "3 descendants")
        other = steps.request(0, first[1:], reason="poisoned", variant="two updates of others, by cause")
        steps.support(other, 1, "the deciding one")
        steps.rework(other, [])
        _replay(steps, second[2])
        steps.evidence(own, members=3)
        steps.evidence(other, members=2, noted=False)
        _leave(world)
        steps.settle(other, "after a member left")
        return meter.figures()


def _replay(steps: Steps, update: UpdateId) -> None:
    """A replay of a contribution that counts fails the open round."""
    steps.rounds.open()
    receipt, chain = steps.last_request(2, [update]), steps.ledger.chain
    ledger = steps.rounds.ledger
    chain.inner(receipt, "RevocationLedger.request", ledger, "interrupt")


def _leave(world: World) -> None:
    """The third member leaves the private side."""
    change = MembershipChange(world.pair, 2, tuple(member.seat for member in world.members[:2]), 2)
    fields = names_of(world) | {"epoch": 2, "seats": change.seats, "quorum": 2}
    signed = signatures([member.authority for member in world.members[:2]], change.digest())
    world.private["Consortium"].send("changeMembership", fields, signed, sender=STRANGER)


class Steps:
    """The steps of a revocation, each by the members that are named."""

    def __init__(self, world: World, rounds: Rounds) -> None:
        self.world, self.rounds = world, rounds
        self.ledger, self.schedule = world.private["RevocationLedger"], world.private["CheckpointSchedule"]

    def request(self, by: int, updates: list[UpdateId], *, reason: str = "", variant: str) -> RequestId:
        terms = (updates, reason, Mode.DROP, False, digest("request"), self.rounds.salt())
        receipt = self.ledger.send("request", *terms, sender=self.world.delegates[by], variant=variant)
        return RequestId(self.ledger.emitted(receipt, "RevocationRequested", 1))

    def last_request(self, by: int, updates: list[UpdateId]) -> Any:
        """A replay of one's own contribution."""
        terms = (updates, "", Mode.REPLAY, False, digest("replay"), self.rounds.salt())
        variant = "a replay of one's own, which fails the open round"
        return self.ledger.send("request", *terms, sender=self.world.delegates[by], variant=variant)

    def support(self, request: RequestId, by: int, variant: str) -> None:
        self.ledger.send("support", request, self.rounds.salt(), sender=self.world.delegates[by], variant=variant)

    def rework(self, request: RequestId, descendants: list[UpdateId], variant: str | None = None) -> None:
        """What is affected, and the new manifest."""
        sender, noted = self.world.delegates[0], None if variant is None else ""
        self.ledger.send("recordAffected", request, descendants, self.rounds.salt(), sender=sender, variant=variant)
        terms = (request, digest("new manifest"), self.rounds.salt())
        self.ledger.send("recordReplacement", *terms, sender=sender, variant=noted)

    def evidence(self, request: RequestId, *, members: int, noted: bool = True) -> None:
        """Figures of all, a certified certificate, and shred receipts of the first ``members``."""
        present, certificate = self.world.members, digest(f"certificate {request}")
        nth: Named = ("the first member", None, "the last member") if noted else UNNOTED
        for member, variant in zip(present, nth, strict=True):
            figures = Verification("loss", 3_512_345, 3_530_120, 640)
            terms = (request, figures, self.rounds.salt())
            self.ledger.send("recordVerification", *terms, sender=member.delegate, variant=variant)
        endorsing: Named = ("the first member", "the deciding one", "a later one") if noted else UNNOTED
        for member, variant in zip(present, endorsing, strict=True):
            self._endorse(member, request, certificate, variant)
        for member, variant in list(zip(present, nth, strict=True))[:members]:
            self._shred(member, request, certificate, variant)

    def settle(self, request: RequestId, variant: str) -> None:
        """Counts again after a change of membership; the certificate is settled already, so it is zero."""
        terms = (request, digest(f"certificate {request}"), self.rounds.salt())
        self.ledger.send("settle", *terms, sender=self.world.delegates[0], variant=variant)

    def _endorse(self, member: Member, request: RequestId, certificate: Digest, variant: str | None) -> None:
        signed = member.delegate.sign(certificate_digest(request, certificate, PRIVATE_CHAIN, self.ledger.address))
        terms = (request, certificate, cid("certificate"), signed, self.rounds.salt())
        receipt = self.ledger.send("endorse", *terms, sender=member.delegate, variant=variant)
        if variant == "the deciding one":
            self.ledger.chain.inner(receipt, "RevocationLedger.endorse", self.schedule, "announce", "for a certificate")

    def _shred(self, member: Member, request: RequestId, certificate: Digest, variant: str | None) -> None:
        receipt = digest(f"receipt {member.name}")
        terms = (request, certificate, receipt, cid(receipt), self.rounds.salt())
        self.ledger.send("recordShredding", *terms, sender=member.delegate, variant=variant)
