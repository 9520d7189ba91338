"""What a member says of a proposed object, given what it measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.compaction.document import UNIT

ROUNDING = UNIT // 10**5
"""How far two machines' float32 sums of the same contributions may be apart, relative to their norm: 10⁻⁵."""
LARGEST = UNIT // 100
"""No member of this version stands behind an object that is further off than this: one in a hundred."""


class Fault(StrEnum):
    """Why a member disputes an object: at most 31 characters, as a label on the chain."""

    UNKNOWN_SUBJECT = "UNKNOWN_SUBJECT"
    OUTDATED = "OUTDATED"
    WRONG_DOCUMENT = "WRONG_DOCUMENT"
    DAMAGED_OBJECT = "DAMAGED_OBJECT"
    WRONG_FORM = "WRONG_FORM"
    NOT_FINITE = "NOT_FINITE"
    NOT_THE_SUM = "NOT_THE_SUM"
    ERROR_TOO_LARGE = "ERROR_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Compared:
    """What was found.

    Attributes:
        deviation: ‖exact − object‖ / ‖exact‖. least: the same of the best object of that rank. Both over ``UNIT``.
        fault: why the object is not to be used; None where it may be.
    """

    deviation: int = 0
    least: int = 0
    fault: Fault | None = None

    @property
    def honest(self) -> bool:
        """Whether nothing but a cut and rounding is between the object and the sum.

        What differs from the best object stands at a right angle to what the cut leaves out, so squares are compared:
        a change of 10⁻³ is next to nothing beside an error of 10⁻², and must not hide there.
        """
        allowed = ROUNDING + self.least // 1000
        return self.deviation**2 <= self.least**2 + allowed**2

    def against(self, error: int) -> Compared:
        """The verdict, given the error that the object's maker states."""
        if self.fault is not None:
            return self
        if not self.honest or abs(self.deviation - error) > ROUNDING:
            return Compared(self.deviation, self.least, Fault.NOT_THE_SUM)
        if self.deviation > LARGEST:
            return Compared(self.deviation, self.least, Fault.ERROR_TOO_LARGE)
        return self
