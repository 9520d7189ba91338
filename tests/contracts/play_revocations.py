"""Plays revocations: the steps of one request, by the members of a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contract_support import SALT, ZERO, Party, contract_domain, digest, name, sign

DROP, HEAL, REPLAY = range(3)
REQUESTED, APPROVED, AFFECTED, REPLACED, VERIFIED, CERTIFIED, SHREDDED = range(1, 8)
WHY = name("poisoned")
CERTIFICATE = digest("certificate")
FIGURES = name("loss"), 3_500_000, 3_600_000, 40
UNKNOWN = digest("no request")
FIELDS = [("bytes32", "requestId"), ("bytes32", "certificateDigest")]


class Revoking:
    """``id`` is that of the last request made here."""

    def __init__(self, ledger: Any, parties: Sequence[Party]) -> None:
        self.ledger, self.parties, self.id = ledger, parties, None

    def request(self, one: Party, updates: Any, reason: str = ZERO, mode: int = DROP, urgent: bool = False) -> Any:
        terms = updates, reason, mode, urgent, digest("request"), SALT
        tx = self.ledger.request(*terms, {"from": one.delegate})
        self.id = tx.events["RevocationRequested"]["requestId"]
        return tx

    def support(self, one: Party) -> Any:
        return self.ledger.support(self.id, SALT, {"from": one.delegate})

    def affected(self, one: Party, descendants: Any = ()) -> Any:
        return self.ledger.recordAffected(self.id, descendants, SALT, {"from": one.delegate})

    def replaced(self, one: Party, manifest: str = "new manifest") -> Any:
        return self.ledger.recordReplacement(self.id, digest(manifest), SALT, {"from": one.delegate})

    def verified(self, one: Party) -> Any:
        return self.ledger.recordVerification(self.id, FIGURES, SALT, {"from": one.delegate})

    def signature(self, account: Any, certificate: str = CERTIFICATE) -> str:
        domain = contract_domain("LoRAnchor RevocationLedger", self.ledger)
        return sign(account, domain, "Certificate", FIELDS, (str(self.id), certificate))

    def endorsement(self, one: Party, certificate: str = CERTIFICATE) -> tuple[Any, ...]:
        """The arguments of ``endorse``."""
        return self.id, certificate, "QmCertificate", self.signature(one.delegate, certificate), SALT

    def endorse(self, one: Party, certificate: str = CERTIFICATE) -> Any:
        return self.ledger.endorse(*self.endorsement(one, certificate), {"from": one.delegate})

    def shredded(self, one: Party, certificate: str = CERTIFICATE) -> Any:
        terms = self.id, certificate, digest("receipt"), "QmReceipt", SALT
        return self.ledger.recordShredding(*terms, {"from": one.delegate})

    def settle(self, one: Party, certificate: str = ZERO) -> Any:
        return self.ledger.settle(self.id, certificate, SALT, {"from": one.delegate})

    def to(self, stage: int, updates: Any) -> None:
        """The requester's own updates, up to a stage."""
        one = self.parties[0]
        self.request(one, updates)
        steps = [
            (AFFECTED, lambda: self.affected(one)),
            (REPLACED, lambda: self.replaced(one)),
            (VERIFIED, lambda: [self.verified(party) for party in self.parties]),
            (CERTIFIED, lambda: [self.endorse(party) for party in self.parties[:2]]),
        ]
        for reached, step in steps:
            if reached <= stage:
                step()
        assert self.stage() == stage

    def stage(self) -> Any:
        return self.ledger.stageOf(self.id)
