"""Which action the present thread works for, so that whatever sends knows what has been sent for it before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class _Action:
    """An action under way. ``calls`` counts how often each call was sent since it began, by chain and name."""

    name: str
    calls: dict[tuple[int, str], int] = field(default_factory=dict)


_CURRENT: ContextVar[_Action | None] = ContextVar("action", default=None)


@contextmanager
def acting(action: str) -> Iterator[None]:
    """Let everything that this thread sends belong to ``action``, an id that is the same when it is tried again.

    An id stands for one wish. Who wants the same done a second time, such as a record that corrects a later one, gives
    another id; under the same one it is answered with what was mined before, whatever the new call holds.
    Calls of one name are told apart by their order, so an action sends them in the same order whenever it is tried.
    Beginning an action again starts its count anew; what it sent before is then found instead of sent. One inside
    another stands alone, and other threads are not touched.

    Raises:
        ValueError: the id is empty.
    """
    if not action:
        raise ValueError("an action needs an id")
    token = _CURRENT.set(_Action(action))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current_action() -> str | None:
    """The id of the action under way in this thread; None outside."""
    current = _CURRENT.get()
    return None if current is None else current.name


def next_ordinal(chain_id: int, call: str) -> int:
    """How many calls of this name the action has sent on that chain since it began; the next time it is one more.

    Raises:
        RuntimeError: no action is under way.
    """
    current = _CURRENT.get()
    if current is None:
        raise RuntimeError("no action is under way")
    ordinal = current.calls.get((chain_id, call), 0)
    current.calls[chain_id, call] = ordinal + 1
    return ordinal
