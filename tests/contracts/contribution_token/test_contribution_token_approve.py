"""A holder lets somebody spend."""

from __future__ import annotations

from contract_support import NOBODY, refuses


def test_an_allowance_is_what_was_said_last(held, holder, stranger):
    held.approve(stranger, 4, {"from": holder})
    event = held.approve(stranger, 3, {"from": holder}).events["Approval"]
    assert tuple(event.values()) == (holder, stranger, 3)
    assert held.allowance(holder, stranger) == 3


def test_nobody_is_no_spender(held, holder):
    refuses("ERC20InvalidSpender", held.approve, NOBODY, 1, sender=holder)
