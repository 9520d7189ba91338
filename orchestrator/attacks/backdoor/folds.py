"""The model with all contributions, and without one organisation's: what detection across organisations looks at."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from orchestrator.aggregation import FoldedModel
from orchestrator.aggregation.entries import AnyEntry, Opener
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.hardenings import HardeningEntry
from orchestrator.types import OrganisationId


class Folds(Protocol):
    """Folds of one history. ``organisations``: those with a contribution in it."""

    @property
    def organisations(self) -> tuple[OrganisationId, ...]: ...

    def model(self, without: OrganisationId | None) -> Any:
        """The model, which later calls leave as it is.

        Raises:
            ConfigurationError: that organisation has no contribution.
        """
        ...


class Kept:
    """Folds that somebody computed already, by organisation left out; None is the whole."""

    def __init__(self, models: Mapping[OrganisationId | None, Any]) -> None:
        self._models = models

    @property
    def organisations(self) -> tuple[OrganisationId, ...]:
        return tuple(sorted(name for name in self._models if name is not None))

    def model(self, without: OrganisationId | None) -> Any:
        if without not in self._models:
            raise _unknown(without)
        return self._models[without]


class Refolded:
    """Folds by one :class:`FoldedModel`; each model is a copy, and afterwards it stands at the whole manifest.

    Args:
        entries: of the whole manifest.
        rest: the manifest that is left when an organisation's contributions are revoked; by default the other
            entries as they are. A lineage of the task may take more away: what was trained on the revoked.
    """

    def __init__(
        self,
        folded: FoldedModel,
        entries: Iterable[AnyEntry],
        opener: Opener,
        rest: Callable[[OrganisationId], Iterable[AnyEntry]] | None = None,
    ) -> None:
        self._folded, self._entries, self._opener = folded, tuple(entries), opener
        self._rest = rest or self._others

    @property
    def organisations(self) -> tuple[OrganisationId, ...]:
        return tuple(sorted({owner for entry in self._entries if (owner := _owner(entry)) is not None}))

    def model(self, without: OrganisationId | None) -> Any:
        if without is not None and without not in self.organisations:
            raise _unknown(without)
        try:
            self._folded.move(self._entries if without is None else self._rest(without), self._opener)
            return copy.deepcopy(self._folded.model)
        finally:
            self._folded.move(self._entries, self._opener)

    def _others(self, without: OrganisationId) -> list[AnyEntry]:
        return [entry for entry in self._entries if _owner(entry) != without]


def _owner(entry: AnyEntry) -> OrganisationId | None:
    """Nobody's are hardenings: noise that a revocation asked for."""
    return None if isinstance(entry, HardeningEntry) else entry.organisation


def _unknown(name: object) -> ConfigurationError:
    return ConfigurationError(f"{name} has no contribution in the fold", mend="name an organisation of the manifest")
