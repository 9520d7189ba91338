"""The checks, one topic a file. Each compares evidence with what was recomputed, and tells what does not agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.audit.checks.attestations import check_attestations
from orchestrator.audit.checks.awards import check_awards
from orchestrator.audit.checks.checkpoints import check_checkpoints
from orchestrator.audit.checks.consortium import check_consortium
from orchestrator.audit.checks.contracts import check_contracts
from orchestrator.audit.checks.receipts import check_receipts
from orchestrator.audit.checks.records import check_records
from orchestrator.audit.checks.revocations import check_revocations
from orchestrator.audit.checks.rounds import check_rounds
from orchestrator.audit.checks.updates import check_updates
from orchestrator.audit.checks.verdicts import check_verdicts
from orchestrator.audit.recomputed import Recomputed
from orchestrator.audit.tally import Tally


class Compare(Protocol):
    """What a check is: it reads, compares and tells; it returns and changes nothing."""

    def __call__(self, own: Recomputed, tally: Tally) -> None: ...


@dataclass(frozen=True)
class Check:
    """A check by name.

    Attributes:
        name: stable. title: for people.
    """

    name: str
    title: str
    compare: Compare | Callable[[Recomputed, Tally], None]


CHECKS: tuple[Check, ...] = (
    Check("contracts", "Contracts are ours, where and as deployed", check_contracts),
    Check("consortium", "Both chains agree on the consortium", check_consortium),
    Check("records", "Records are signed and free of contradiction", check_records),
    Check("rounds", "Rounds ran on the right manifest, task and agreement", check_rounds),
    Check("updates", "Sealed updates are what was recorded", check_updates),
    Check("verdicts", "Verdicts are what was committed to", check_verdicts),
    Check("checkpoints", "Checkpoints follow from the private chain", check_checkpoints),
    Check("attestations", "A quorum signed each checkpoint, nobody two", check_attestations),
    Check("awards", "Awards and tokens follow from the scores", check_awards),
    Check("revocations", "Revocations and their certificates", check_revocations),
    Check("receipts", "Shred receipts", check_receipts),
)
"""All checks of the chains and of IPFS, in the order of the report."""
