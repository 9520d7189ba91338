"""Ether for transactions: what a new key needs before it can do anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from orchestrator.chain.proxy import Call
from orchestrator.errors import ConfigurationError
from orchestrator.governance.contracts import SIDES, Side, Sides
from orchestrator.governance.sending import ETHER, Outcome, Payer, check_call
from orchestrator.types import Address

_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,18}))?")


def amount_of(text: str) -> int:
    """Ether as wei.

    Raises:
        ConfigurationError: not a positive number, or with more than 18 decimals.
    """
    found = _AMOUNT.fullmatch(text)
    wei = int(found[1]) * ETHER + int((found[2] or "").ljust(18, "0")) if found else 0
    if wei == 0:
        raise ConfigurationError(f"{text!r} is no amount of ether", mend="give a number such as 0.5")
    return wei


def chosen(sides: Sides, name: str) -> list[Side]:
    """The chains that were asked for; raises what is wrong with one of them."""
    wanted = [side for side in SIDES if name in (side, "both")]
    if not wanted:
        raise ConfigurationError(f"there is no chain {name!r}", mend="give --chain public, private or both")
    for side in wanted:
        if side in sides.failed:
            raise sides.failed[side]
    return [sides.found[side] for side in wanted]


def transfer(
    sides: Sequence[Side], to: Address, wei: int, payer: Payer, told: Callable[[Outcome], None]
) -> list[Outcome]:
    """Send the same amount on each chain, once it is clear that the account can pay it on all of them."""
    calls = [Call("transfer", side.chain.chain_id, to, b"", "anyone", wei) for side in sides]
    for side, call in zip(sides, calls, strict=True):
        check_call(side, call, payer)
    outcomes: list[Outcome] = []
    for side, call in zip(sides, calls, strict=True):
        receipt = payer.send(side, call)
        outcomes.append(Outcome(side.name, f"sent {wei / ETHER:g} ether to {to}", receipt))
        told(outcomes[-1])
    return outcomes
