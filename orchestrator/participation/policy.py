"""What a participation policy is given, and what it answers. Money is in millionths of the organisation's own unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol, Self

from orchestrator.errors import FormatError
from orchestrator.types import MILLION


@dataclass(frozen=True, slots=True)
class Situation:
    """A round as it looks to one organisation when it has to decide.

    Attributes:
        round: its number. cost: what training and sending would cost.
        left: what the budget's window has left; None without a budget.
        repeats: how many rounds the organisation has taken part in with the very data that it has now.
        expected: what a contribution may be expected to earn.
    """

    round: int
    cost: int
    left: int | None
    repeats: int
    expected: int

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if not _natural(value) and not (item.name == "left" and value is None):
                raise FormatError(f"situation.{item.name} is {value!r}, expected a natural number")

    def document(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def of(cls, document: Any) -> Self:
        """Reads what :meth:`document` gave.

        Raises:
            FormatError: a member is missing, unknown or malformed.
        """
        try:
            return cls(**document)
        except TypeError as error:
            raise FormatError(f"a situation has other members than {', '.join(cls.__slots__)}: {error}") from error


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to take part; ``why`` is a sentence for the operator."""

    take_part: bool
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a decision, known once the round has ended.

    Attributes:
        award: what the own contribution earned; 0 for who passed, whose update was refused, or whose round failed.
    """

    situation: Situation
    took_part: bool
    award: int

    @property
    def net(self) -> int:
        """Award less cost; 0 for who passed."""
        return self.award - self.situation.cost if self.took_part else 0


class ParticipationPolicy(Protocol):
    """Decides for one round. Immutable, and deterministic: the same outcomes and situation give the same decision."""

    def after(self, outcomes: Sequence[Outcome]) -> ParticipationPolicy:
        """The policy once it has seen these rounds, in order; a policy that learns nothing gives itself."""
        ...

    def decide(self, situation: Situation) -> Decision:
        """Whether to take part in the round."""
        ...


def shown(money: int) -> str:
    """Money for a sentence, in whole units."""
    return f"{money / MILLION:,.2f}"


def _natural(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
