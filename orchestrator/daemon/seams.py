"""What the operator's API needs of the daemon around it: the seam between the two.

The API runs in a thread of its own. Everything it reads is either immutable and replaced as a whole (``NodeState``,
``waiting``) or answers from any thread (``health``, the journal).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from orchestrator.protocol.effects import Effect
from orchestrator.protocol.state import NodeState


class Alarm(Protocol):
    """Something that stays until the operator has looked at it."""

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def since(self) -> float: ...


class Head(Protocol):
    """One chain as the node follows it. ``seen_at``: when the head was last found higher than before."""

    @property
    def head(self) -> int: ...
    @property
    def followed(self) -> int: ...
    @property
    def seen_at(self) -> float: ...


class Health(Protocol):
    """How the node is. ``reasons`` say why it is not ready."""

    @property
    def ready(self) -> bool: ...
    @property
    def reasons(self) -> Sequence[str]: ...
    @property
    def heads(self) -> Mapping[str, Head]: ...
    @property
    def in_flight(self) -> Sequence[str]: ...
    @property
    def alarms(self) -> Sequence[Alarm]: ...


class ControlledNode(Protocol):
    """What the API needs of the node."""

    @property
    def state(self) -> NodeState: ...
    @property
    def waiting(self) -> Sequence[Effect]: ...
    def health(self) -> Health: ...


class EffectRow(Protocol):
    """How an effect stands in the journal."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def error(self) -> str: ...
    @property
    def begun(self) -> float: ...
    @property
    def ended(self) -> float | None: ...


class Journal(Protocol):
    """What the API needs of the journal; from any thread. Events have ``number``, ``time`` and ``event``."""

    def events(self, *, after: int = 0, limit: int = 1000) -> Sequence[Mapping[str, Any]]: ...
    def effects(self, state: Any = None, *, limit: int = 1000) -> Sequence[EffectRow]: ...
    def alarms(self) -> Sequence[Alarm]: ...
    def clear_alarm(self, name: str) -> None: ...
    def write(self, event: str, **facts: object) -> None: ...
