"""The policy ``keylock``: what members train together reads the norms' outputs behind a lock that stays at home."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.task import TaskSpec
from orchestrator.privacy.keylock.behind import LOCKABLE
from orchestrator.privacy.policy import Place, Plain, Promise
from orchestrator.privacy.settings import PrivacySettings

if TYPE_CHECKING:
    from orchestrator.contribution import AdapterDelta
    from orchestrator.training import Discipline

NAME = "keylock"


class KeylockPolicy(Plain):
    """No ε: it is no differential privacy."""

    name = NAME
    promise = Promise(
        "A member against members that attack its updates as if there were no lock: what these were computed from is "
        "scaled and shifted by numbers that only it knows.",
        "Whoever has the lock key, or solves for scales and shifts, which attacks made for it do, is kept from "
        "nothing; heads that are trained densely are not locked.",
    )

    def objections(self, task: TaskSpec) -> Iterator[str]:
        open_modules = [name for name in task.adapter.modules if name.rpartition(".")[2] not in LOCKABLE]
        if open_modules:
            yield f"the key-lock cannot lock {', '.join(open_modules)}: only modules that read a norm have a lock"
        if task.training.slices > 1:
            yield "the key-lock is not made for trainings in slices"

    def warnings(self, task: TaskSpec) -> Iterator[str]:
        if task.adapter.dense:
            yield f"the key-lock does not lock {', '.join(task.adapter.dense)}, trained densely: its gradient is bare"

    def discipline(self, settings: PrivacySettings, place: Place) -> Discipline:
        """Raises ConfigurationError: nobody gave a lock."""
        from orchestrator.training.discipline import Discipline

        lock = place.lock
        if lock is None:
            raise ConfigurationError(
                "the task wants a key-lock, and there is no lock key", mend="train by a daemon, whose keystore has one"
            )
        return Discipline(around=lambda made: lock.on_inputs(made.model))

    def apply(self, delta: AdapterDelta, settings: PrivacySettings) -> AdapterDelta:
        """The delta, which holds no γ and no β.

        Raises:
            ConfigurationError: it holds a change that was made without a lock, or of a norm.
        """
        from orchestrator.privacy.keylock.behind import norm_before

        bare = sorted(name for name in delta.modules if norm_before(name) is None)
        norms = sorted(name for name in delta.dense if "norm" in name.lower())
        if bare or norms:
            raise ConfigurationError(f"{(bare + norms)[0]} must not leave under the key-lock", mend="adapt q and v")
        return delta


POLICY = KeylockPolicy()
