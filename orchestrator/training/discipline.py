"""What a privacy policy changes about a training: which samples a step sees, what is around it, what a gradient is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from orchestrator.errors import ConfigurationError
from orchestrator.training.adapter import Attached
from orchestrator.training.steps import Gradients

Around = Callable[[Attached], AbstractContextManager[None]]
"""Entered when the adapter is at its start, and left, where nothing went wrong, before its factors are read."""


@contextmanager
def nothing(made: Attached) -> Iterator[None]:
    """Around a training as it is."""
    yield


@dataclass(frozen=True, slots=True)
class Discipline:
    """See the module; what is None is as without any policy.

    Attributes:
        rows: of the training samples, those that each step sees, maybe none. Steps without end.
        gradients: see :data:`orchestrator.training.steps.Gradients`. samples: that the steps count as having seen.
    """

    around: Around = nothing
    rows: Iterator[Sequence[int]] | None = None
    gradients: Gradients | None = None
    samples: int | None = None


def joined(disciplines: Iterable[Discipline]) -> Discipline | None:
    """Several as one, the first outermost.

    Raises:
        ConfigurationError: two of them want to decide on samples or on gradients.
    """
    found = tuple(disciplines)
    if len(found) < 2:
        return found[0] if found else None

    @contextmanager
    def around(made: Attached) -> Iterator[None]:
        with ExitStack() as stack:
            for item in found:
                stack.enter_context(item.around(made))
            yield

    return Discipline(around, *(_only(found, name) for name in ("rows", "gradients", "samples")))


def _only(found: Sequence[Discipline], name: str) -> Any:
    given = [value for item in found if (value := getattr(item, name)) is not None]
    if len(given) > 1:
        raise ConfigurationError(f"two of the task's privacy policies decide on {name}", mend="choose one of them")
    return given[0] if given else None
