"""The registry of revocation modes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from orchestrator.errors import ConfigurationError
from orchestrator.types import UpdateId
from orchestrator.unlearning.drop import Drop
from orchestrator.unlearning.heal import Heal
from orchestrator.unlearning.replay import Replay


class Mode(Protocol):
    """Decides which contributions leave the fold, and says what is left of their influence."""

    name: str
    limits: str

    def leaving(
        self, live: Collection[UpdateId], revoked: Collection[UpdateId], descendants: Collection[UpdateId]
    ) -> frozenset[UpdateId]:
        """Contributions that leave.

        Args:
            live: contributions of the manifest in force. revoked: those asked to go.
            descendants: those trained from a model that held a revoked one.
        """
        ...


_MODES: dict[str, Mode] = {entry.name: entry for entry in (Drop(), Heal(), Replay())}


def modes() -> tuple[str, ...]:
    """Names of the modes there are."""
    return tuple(sorted(_MODES))


def mode(name: str) -> Mode:
    """A mode by name.

    Raises:
        ConfigurationError: there is no such mode.
    """
    if name not in _MODES:
        raise ConfigurationError(f"unknown revocation mode {name!r}", mend=f"choose one of {', '.join(modes())}")
    return _MODES[name]
