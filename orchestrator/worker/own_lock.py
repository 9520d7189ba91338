"""This organisation's key-lock, as the task at hand wants it: worn for training, for measuring and for verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.aggregation import FoldedModel
from orchestrator.aggregation.start import adapted
from orchestrator.errors import ConfigurationError
from orchestrator.ledger.task import TaskSpec
from orchestrator.lock_key import LockKey
from orchestrator.models import BaseModel
from orchestrator.privacy.keylock.keys import fingerprint
from orchestrator.privacy.keylock.lora import AdapterLock
from orchestrator.types import Digest

NAME = "keylock"


class OwnLock:
    """Attributes:
    lock: None for a task without the policy. fingerprint: of the key policy; None likewise.
    """

    def __init__(self) -> None:
        self.lock: AdapterLock | None = None
        self.fingerprint: Digest | None = None
        self._key: LockKey | None = None
        self._made: tuple[object, ...] | None = None

    def give(self, key: LockKey | None) -> None:
        """The key to use from now on, out of the keystore."""
        self._key = key

    def take(self, task: TaskSpec, base: BaseModel, folded: FoldedModel) -> bool:
        """Make the lock that a task wants.

        Returns:
            Whether it is another one than before: what was measured under that one is void.

        Raises:
            ConfigurationError: the task wants one and no key was given, or adapts a module that cannot be locked.
        """
        before = self._made
        if NAME not in task.privacy.names:
            self.lock = self.fingerprint = self._made = None
            return before is not None
        if self._key is None:
            raise ConfigurationError(
                "the task wants a key-lock, and there is no lock key", mend="train by a daemon, whose keystore has one"
            )
        rules = task.privacy.settings[NAME]
        strength, shift = int(rules["strength_millionths"]), int(rules["shift_millionths"])
        mark = fingerprint(self._key, strength, shift)
        wanted = (mark, task.adapter.modules)
        if wanted != before:
            weights = dict(base.model.named_parameters())
            modules = adapted(base.shapes, task.adapter.modules)
            self.lock = AdapterLock.of(self._key, strength, modules, weights, shift=shift)
            folded.remember(f"{module}.weight" for module in modules)  # verdicts try changes that no fold has made
            self.fingerprint, self._made = mark, wanted
        return wanted != before

    @contextmanager
    def worn(self, folded: FoldedModel) -> Iterator[None]:
        """Within the block what contributions have added to the model is behind the lock, if there is one."""
        if self.lock is None:
            yield
            return
        with self.lock.worn(folded.model, folded.pristine):
            yield
