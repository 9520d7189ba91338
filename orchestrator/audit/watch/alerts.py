"""What may be wrong, by name, and one alert about one thing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FORMAT = "loranchor/alert"


class Severity(StrEnum):
    """How soon somebody has to look."""

    CRITICAL = "critical"
    WARNING = "warning"


class Source(StrEnum):
    """What an alert was found out from."""

    PUBLIC = "public chain"
    PRIVATE = "private chain"
    IPFS = "IPFS"


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of alert.

    Attributes:
        name: stable, for programs. meaning: for people. mend: what to do.
        sources: that must have been seen before an alert of this kind can pass.
        sticky: it stays until somebody acknowledges it, whatever is seen later.
    """

    name: str
    severity: Severity
    meaning: str
    mend: str
    sources: frozenset[Source]
    sticky: bool = False


_PUBLIC = frozenset({Source.PUBLIC})
_PRIVATE = frozenset({Source.PRIVATE})
_BOTH = _PUBLIC | _PRIVATE

EQUIVOCATION = Kind(
    "equivocation", Severity.CRITICAL, "a member signed different contents for one checkpoint",
    "`loranchor checkpoint equivocation list` shows proven ones; ask the member, and the others, what they saw",
    _BOTH, sticky=True,
)  # fmt: skip
CHECKPOINT_FELL = Kind(
    "checkpoint-fell", Severity.CRITICAL, "the public chain no longer holds a checkpoint that it held",
    "ask another node of the public chain; if it agrees, the chain was reorganised behind its finality", _PUBLIC,
)  # fmt: skip
CHECKPOINT_FALSE = Kind(
    "checkpoint-false", Severity.CRITICAL, "checkpoints do not form one chain, or do not follow from the private chain",
    "`loranchor audit verify` says what was expected; compare with another node of the private chain", _BOTH,
)  # fmt: skip
CHECKPOINT_STALLED = Kind(
    "checkpoint-stalled", Severity.CRITICAL, "a checkpoint that is due is not anchored",
    "ask the members: `loranchor checkpoint status` names who has not signed", _BOTH,
)  # fmt: skip
SIGNATURE_FALSE = Kind(
    "signature-false", Severity.CRITICAL, "a signature is not that of the member it is said to be of",
    "`loranchor audit verify` names it; whoever recorded it is to explain it", _BOTH,
)  # fmt: skip
MEMBERS_DIFFER = Kind(
    "members-differ", Severity.CRITICAL, "the two chains tell of different members, delegates or epochs",
    "a ceremony may have reached one chain only: ask the members for the other half", _BOTH,
)  # fmt: skip
MEMBERS_CHANGED = Kind(
    "members-changed", Severity.WARNING, "members, authorities or quorum are others than before",
    "compare with what the members told you, then acknowledge it", _PUBLIC, sticky=True,
)  # fmt: skip
TOKENS_DIFFER = Kind(
    "tokens-differ", Severity.CRITICAL, "tokens or awards do not add up",
    "`loranchor audit verify` says what follows from the scores", _BOTH,
)  # fmt: skip
RECORDS_FALSE = Kind(
    "records-false", Severity.CRITICAL, "records of the private chain contradict each other, or nobody signed them",
    "ask whoever runs the private chain; compare with another member's node", _PRIVATE,
)  # fmt: skip
CONTRACTS_DIFFER = Kind(
    "contracts-differ", Severity.CRITICAL, "the contracts are not those that the deployment files name",
    "check the addresses with the members by a separate way", _BOTH,
)  # fmt: skip
OBJECT_MISSING = Kind(
    "object-missing", Severity.CRITICAL, "an object that must be kept is nowhere on IPFS",
    "is your IPFS node connected to the members'? Then ask the member that owns it, and the others", frozenset(Source),
)  # fmt: skip
SHREDDING_OVERDUE = Kind(
    "shredding-overdue", Severity.WARNING, "a member has not said in time that it destroyed its keys",
    "ask the member for its receipt: `loranchor revoke status` at any member shows it", _PRIVATE,
)  # fmt: skip
CHAIN_REWRITTEN = Kind(
    "chain-rewritten", Severity.CRITICAL, "a chain no longer holds a block that was final",
    "compare the chain with other nodes; on a chain with finality this must not happen", frozenset(), sticky=True,
)  # fmt: skip
CHAIN_STANDS = Kind(
    "chain-stands", Severity.WARNING, "a chain makes no blocks", "is the node in sync, and does the chain run?",
    frozenset(),
)  # fmt: skip
SOURCE_SILENT = Kind(
    "source-silent", Severity.WARNING, "a node that is watched through does not answer, so nothing is seen there",
    "start or replace the node; until then silence says nothing", frozenset(),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        EQUIVOCATION, CHECKPOINT_FELL, CHECKPOINT_FALSE, CHECKPOINT_STALLED, SIGNATURE_FALSE, MEMBERS_DIFFER,
        MEMBERS_CHANGED, TOKENS_DIFFER, RECORDS_FALSE, CONTRACTS_DIFFER, OBJECT_MISSING, SHREDDING_OVERDUE,
        CHAIN_REWRITTEN, CHAIN_STANDS, SOURCE_SILENT,
    )
}  # fmt: skip
"""All of them, by name."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is wrong.

    Attributes:
        subject: what it is about; with the kind it makes the id.
        text: one sentence; may change while the alert lasts.
    """

    kind: Kind
    subject: str
    text: str

    @property
    def id(self) -> str:
        """16 hexadecimal digits that stay the same for the same matter, whoever watches."""
        return hashlib.sha256(f"{self.kind.name}\n{self.subject}".encode()).hexdigest()[:16]

    def document(self) -> dict[str, Any]:
        """What programs get of it."""
        return {
            "id": self.id,
            "kind": self.kind.name,
            "severity": self.kind.severity.value,
            "subject": self.subject,
            "text": self.text,
            "mend": self.kind.mend,
        }


@dataclass(frozen=True, slots=True)
class Condition:
    """An alert that holds now, and how many seconds it has to hold before anybody is told."""

    alert: Alert
    grace: int = 0
