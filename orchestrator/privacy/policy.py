"""What a privacy policy is. One module a policy; :mod:`orchestrator.privacy.registry` finds it by name.

A policy may change the training itself, the delta that came of it, or both. Modules of policies import no torch before
they are asked to do either, since whoever reads a task wants to know what its policy promises.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy.settings import PrivacySettings
from orchestrator.types import OrganisationId

if TYPE_CHECKING:
    from orchestrator.contribution import AdapterDelta
    from orchestrator.privacy.keylock.lora import AdapterLock
    from orchestrator.training import Discipline


@dataclass(frozen=True, slots=True)
class Promise:
    """What a policy says of itself, a sentence each.

    Attributes:
        protects: whom against whom. leaves_open: whom not, or against what not.
        bounded: whether it is differential privacy, so that its ε is recorded.
    """

    protects: str
    leaves_open: str
    bounded: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a policy works.

    Attributes:
        samples: training samples there are. rows: at most so many go through the model together.
        home: the organisation's folder; None where it has none.
        lock: the organisation's own, where the task wants a key-lock; the policy ``keylock`` trains under it.
    """

    organisation: OrganisationId
    samples: int
    rows: int
    home: Path | None = None
    lock: AdapterLock | None = field(default=None, repr=False)


class PrivacyPolicy(Protocol):
    """One policy; :class:`Plain` is the one to begin from, since most policies change one thing only."""

    name: str
    promise: Promise

    def objections(self, task: TaskSpec) -> Iterator[str]:
        """Why no training under this task can keep the promise; asked before anything is trained."""
        ...

    def warnings(self, task: TaskSpec) -> Iterator[str]:
        """What a task's author had better know."""
        ...

    def epsilon(self, settings: PrivacySettings, trainings: int) -> int:
        """Cumulative ε, millionths, of so many trainings under one task; 0 where the policy promises none."""
        ...

    def discipline(self, settings: PrivacySettings, place: Place) -> Discipline | None:
        """What it changes about a training; None for nothing."""
        ...

    def apply(self, delta: AdapterDelta, settings: PrivacySettings) -> AdapterDelta:
        """The delta that may leave."""
        ...


class Plain:
    """Changes nothing and costs nothing."""

    def objections(self, task: TaskSpec) -> Iterator[str]:
        return iter(())

    def warnings(self, task: TaskSpec) -> Iterator[str]:
        return iter(())

    def epsilon(self, settings: PrivacySettings, trainings: int) -> int:
        return 0

    def discipline(self, settings: PrivacySettings, place: Place) -> Discipline | None:
        return None

    def apply(self, delta: AdapterDelta, settings: PrivacySettings) -> AdapterDelta:
        return delta
