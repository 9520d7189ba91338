"""What one look saw, in plain values: the rules read nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.audit.report import Finding
from orchestrator.audit.watch.alerts import Source
from orchestrator.types import Digest, OrganisationId


@dataclass(frozen=True, slots=True)
class Mark:
    """A final block of a chain."""

    number: int
    hash: Digest


@dataclass(frozen=True, slots=True)
class Roll:
    """Who belongs to the consortium, as one chain tells it.

    Attributes:
        digest: covers members' authorities, quorum and epoch.
    """

    epoch: int
    quorum: int
    digest: Digest
    members: tuple[OrganisationId, ...]


@dataclass(frozen=True, slots=True)
class ChainSeen:
    """One chain as it was found.

    Attributes:
        last: the newest final block. timestamp: when it was made, in Unix seconds.
        gone: the block seen last before, where the chain no longer has it.
    """

    last: Mark
    timestamp: int
    gone: Mark | None = None


@dataclass(frozen=True, slots=True)
class PublicSeen:
    """The public chain: what anybody can see.

    Attributes:
        heads: of every anchored checkpoint, by sequence. anchored_at: when the last was anchored, in Unix seconds; 0
            where none is. supply, paid: tokens minted and tokens claimed, in their smallest unit.
    """

    chain: ChainSeen
    roll: Roll
    heads: Mapping[int, Digest] = field(default_factory=dict)
    anchored_at: int = 0
    supply: int = 0
    paid: int = 0

    @property
    def sequence(self) -> int:
        """The last anchored checkpoint; 0 where there is none."""
        return max(self.heads, default=0)


@dataclass(frozen=True, slots=True)
class Owed:
    """Shred receipts that are missing under a certificate.

    Attributes:
        due: the last private block in which they were in time.
    """

    request: str
    due: int
    missing: tuple[OrganisationId, ...]


@dataclass(frozen=True, slots=True)
class PrivateSeen:
    """The private chain: what takes a reading node there.

    Attributes:
        roll: of its Consortium. due: checkpoints that it has asked for, with the Unix seconds of their blocks.
        owed: receipts that are missing. delegates_differ: members whose delegate the chains name differently.
    """

    chain: ChainSeen
    roll: Roll
    due: Mapping[int, int] = field(default_factory=dict)
    owed: tuple[Owed, ...] = ()
    delegates_differ: tuple[OrganisationId, ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """An object that was asked for and did not come.

    Attributes:
        what: such as ``header of aurora's contribution in round 2``. misses: how many times in a row.
    """

    cid: str
    what: str
    why: str
    misses: int


@dataclass(frozen=True, slots=True)
class Asked:
    """When an object was asked for last, and how many times in a row in vain. ``why`` it did not come."""

    at: int
    misses: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class ObjectsSeen:
    """What is known of the objects that must be kept.

    Attributes:
        wanted: how many there are. asked: of them, those that were asked for at some time, by CID.
    """

    wanted: int
    asked: Mapping[str, Asked] = field(default_factory=dict)
    absent: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """One look.

    Attributes:
        at: the watcher's own clock, Unix seconds.
        silent: sources that did not answer, and why.
        findings: what does not agree, by topic of the audit.
        compared: whether everything was compared that this watcher can compare; else findings may be missing.
    """

    at: int
    silent: Mapping[Source, str] = field(default_factory=dict)
    public: PublicSeen | None = None
    private: PrivateSeen | None = None
    objects: ObjectsSeen | None = None
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
    compared: bool = False

    @property
    def seen(self) -> frozenset[Source]:
        """Sources that answered."""
        found = {
            Source.PUBLIC: self.public is not None,
            Source.PRIVATE: self.private is not None,
            Source.IPFS: self.objects is not None,
        }
        return frozenset(source for source, there in found.items() if there)
