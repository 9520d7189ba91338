"""What every membership must be, whoever decides it: rules of ``Consortium.changeMembership`` that need no chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from orchestrator.commitment.eip712 import Seat
from orchestrator.types import Address

MAX_MEMBERS = 255
NO_ADDRESS = Address("0x" + "00" * 20)


def check_seats(seats: Sequence[Seat], quorum: int) -> str:
    """What is wrong with a membership; empty where nothing is."""
    count = len(seats)
    if not 0 < count <= MAX_MEMBERS:
        return f"{count} members; a consortium has 1 to {MAX_MEMBERS}"
    if quorum > count:
        return f"a quorum of {quorum} with {count} members could never be reached"
    if 2 * quorum <= count:
        return f"a quorum of {quorum} is not more than half of {count} members; at least {count // 2 + 1} is needed"
    if name := _twice([seat.organisation for seat in seats]):
        return f"{name} has two seats"
    if authority := _twice([seat.authority for seat in seats]):
        return f"{authority} is the authority of two members"
    empty = next((seat.organisation for seat in seats if seat.authority == NO_ADDRESS), None)
    return f"{empty} has no authority" if empty else ""


def _twice(values: Sequence[str]) -> str:
    return next((value for value, times in Counter(values).items() if times > 1), "")
