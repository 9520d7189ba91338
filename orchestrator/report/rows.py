"""The parts of a summary, as types. ``None`` is "not recorded"."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One organisation's measurements on its own held-out data."""

    base: float | None
    rounds: tuple[float | None, ...]
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class UpdateRow:
    organisation: str
    update_id: str | None
    cid: str | None
    weight: float | None
    score: float | None
    accepted: bool | None


@dataclass(frozen=True, slots=True)
class RoundRow:
    round: int
    sequence: int | None
    manifest_digest: str | None
    by_organisation: dict[str, str]
    public_head: str | None
    public_tx: str | None
    gas_public: int | None
    gas_private: int | None
    updates: tuple[UpdateRow, ...]

    @property
    def dissent(self) -> tuple[str, ...]:
        """Organisations whose own digest of the manifest differs."""
        return tuple(name for name, digest in self.by_organisation.items() if digest != self.manifest_digest)


@dataclass(frozen=True, slots=True)
class ResultRow:
    organisation: str
    metric: str | None
    before: float | None
    after: float | None
    samples: int | None


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    organisation: str
    digest: str | None
    cid: str | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happened to a revocation, and where it is recorded.

    Attributes:
        step: a step's name in :mod:`orchestrator.report.steps`, or ``supported`` or ``endorsed``.
        organisation: who sent it; None where nobody did in particular. time: as the block's node wrote it.
        round: with whose end the revocation took effect.
    """

    step: str
    organisation: str | None
    block: int | None
    time: str | None
    round: int | None


@dataclass(frozen=True, slots=True)
class ContributionRow:
    update_id: str
    organisation: str | None
    round: int | None


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a revocation did to the contributions in the model."""

    leaves: tuple[ContributionRow, ...]
    stays: tuple[ContributionRow, ...]
    returns: tuple[ContributionRow, ...]


@dataclass(frozen=True, slots=True)
class AgainRow:
    """A round that was closed since in the place of an emptied one."""

    round: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Again:
    """Of each round to be trained again its members, rounds closed since, and how many are still to come."""

    needed: tuple[tuple[str, ...], ...]
    done: tuple[AgainRow, ...]
    left: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Hardening:
    method: str | None
    sigma_nano: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a revocation has come, and whom it waits for; ``overdue`` in blocks of the private chain."""

    stage: str | None
    words: str | None
    members: tuple[str, ...]
    overdue: int


@dataclass(frozen=True, slots=True)
class Revocation:
    request_id: str | None
    organisation: str | None
    update_ids: tuple[str, ...]
    mode: str | None
    reason: str | None
    descendants: tuple[str, ...] | None
    manifest_before: str | None
    manifest_after: str | None
    certificate_digest: str | None
    certificate_cid: str | None
    sequence: int | None
    public_tx: str | None
    receipts: tuple[ReceiptRow, ...]
    results: tuple[ResultRow, ...]
    not_evaluated: tuple[str, ...]
    limits: tuple[str, ...]
    scope: str | None
    owners: tuple[str, ...]
    approved_by: str | None
    urgent: bool | None
    awards: str | None
    events: tuple[EventRow, ...]
    lineage: Lineage | None
    hardening: tuple[Hardening, ...] | None
    again: Again | None
    standing: Standing

    @property
    def overdue(self) -> int:
        """Blocks by which the next step is late."""
        return self.standing.overdue


@dataclass(frozen=True, slots=True)
class Tokens:
    symbol: str
    awarded: dict[str, int]
    claimed: dict[str, int]


@dataclass(frozen=True, slots=True)
class Check:
    """One topic of the audit. ``name`` is for programs, ``title`` for people."""

    name: str
    title: str | None
    ok: bool
    count: int | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit said. ``agrees`` is true only if the verdict and every single check are."""

    ok: bool
    checks: tuple[Check, ...]
    not_checked: tuple[str, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.ok)

    @property
    def agrees(self) -> bool:
        return self.ok and not self.failed


@dataclass(frozen=True, slots=True)
class Summary:
    experiment: str
    metric: str
    created: str | None
    consortium_id: str | None
    organisations: tuple[str, ...]
    quorum: int | None
    held_out: dict[str, HeldOut]
    rounds: tuple[RoundRow, ...]
    revocations: tuple[Revocation, ...]
    tokens: Tokens | None
    bytes_sent: dict[str, int]
    bytes_received: dict[str, int]
    transactions: dict[str, tuple[int | None, int | None]]
    audit: Audit | None
    seconds: dict[str, float]
    environment: dict[str, str]
    notes: tuple[str, ...]

    @property
    def revoked(self) -> frozenset[str]:
        """Updates that somebody asked for."""
        return frozenset(item for found in self.revocations for item in found.update_ids)
