"""Decisions that authorities sign together, carried out on one contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contract_support import Party, identity, membership_change, sign_membership, sign_pause


def change_members(
    where: Any, pair: Any, members: Sequence[Party], quorum: int, by: Sequence[Party], epoch: int = 2
) -> Any:
    """``where`` now has these members and this quorum, as the authorities of ``by`` decided for the bound pair."""
    change = membership_change(pair, [one.seat for one in members], quorum, epoch)
    signatures = sign_membership(change, [one.authority for one in by])
    return where.changeMembership(change, signatures, {"from": by[0].delegate})


def pause(where: Any, pair: Any, by: Sequence[Party]) -> Any:
    decision = (*identity(*pair), 1, 0, True)
    signatures = sign_pause(decision, [one.authority for one in by])
    return where.setPaused(decision, signatures, {"from": by[0].delegate})
