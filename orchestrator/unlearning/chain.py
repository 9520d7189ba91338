"""Methods one after the other, as one method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.subject import Budget, Data, Method, Progress, Range, Subject, derived


def chain(*methods: Method) -> Method:
    """One method after the other; distances and teachers of all of them refer to the model before the first.

    The budget's steps are shared out evenly, what remains to the last. Settings are named ``place.name`` from 1; the
    strength is that of the first method that has one.

    Raises:
        ConfigurationError: there is none.
    """
    if not methods:
        raise ConfigurationError("a chain of no method", mend="name at least one method")
    return methods[0] if len(methods) == 1 else Chain(tuple(methods))


@dataclass(frozen=True)
class Chain:
    """Several methods as one; made by :func:`chain`."""

    parts: tuple[Method, ...]

    @property
    def name(self) -> str:
        return "+".join(part.name for part in self.parts)

    @property
    def needs_forget(self) -> bool:
        return any(part.needs_forget for part in self.parts)

    @property
    def strength(self) -> str | None:
        named = (f"{place}.{part.strength}" for place, part in enumerate(self.parts, start=1) if part.strength)
        return next(named, None)

    @property
    def settings(self) -> Mapping[str, float]:
        return {f"{at}.{name}": value for at, part in self._numbered() for name, value in part.settings.items()}

    @property
    def ranges(self) -> Mapping[str, Range]:
        return {f"{at}.{name}": bounds for at, part in self._numbered() for name, bounds in part.ranges.items()}

    def with_settings(self, **changed: float) -> Chain:
        """Settings by ``place.name``; see :func:`chain`.

        Raises:
            ConfigurationError: there is no such setting, or the value is out of bounds.
        """
        parts = list(self.parts)
        for full, value in changed.items():
            if full not in self.ranges:
                known = ", ".join(sorted(self.ranges)) or "it has none"
                raise ConfigurationError(f"{self.name} has no setting {full!r}", mend=f"its settings: {known}")
            place, _, name = full.partition(".")
            parts[int(place) - 1] = parts[int(place) - 1].with_settings(**{name: value})
        return replace(self, parts=tuple(parts))

    def run(self, subject: Subject, data: Data, budget: Budget, *, seed: int, progress: Progress | None = None) -> None:
        """Run all in order; the subject is as it was before the first if one fails."""
        had, done = subject.origin, 0
        with subject.unchanged_on_failure() as before:
            try:
                subject.origin = before if had is None else had
                for place, part in enumerate(self.parts):
                    steps = self._steps(budget.steps, place)
                    told = _later(progress, done, budget.steps)
                    own = derived(seed, "part", place)
                    part.run(subject, data, replace(budget, steps=steps), seed=own, progress=told)
                    done += steps
            finally:
                subject.origin = had

    def _numbered(self) -> list[tuple[int, Method]]:
        return list(enumerate(self.parts, start=1))

    def _steps(self, steps: int, place: int) -> int:
        share = steps // len(self.parts)
        return steps - share * (len(self.parts) - 1) if place == len(self.parts) - 1 else share


def _later(progress: Progress | None, done: int, steps: int) -> Progress | None:
    if progress is None:
        return None
    tell = progress
    return lambda step, _, loss: tell(done + step, steps, loss)
