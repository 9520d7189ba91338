"""Holders send what they have."""

from __future__ import annotations

from contract_support import NOBODY, refuses


def test_tokens_move(held, holder, stranger):
    event = held.transfer(stranger, 4, {"from": holder}).events["Transfer"]
    assert tuple(event.values()) == (holder, stranger, 4)
    assert (held.balanceOf(holder), held.balanceOf(stranger), held.totalSupply()) == (6, 4, 10)


def test_no_more_than_there_is(held, holder, stranger):
    refuses("ERC20InsufficientBalance", held.transfer, stranger, 11, sender=holder)


def test_nobody_is_no_holder(held, holder):
    refuses("ERC20InvalidReceiver", held.transfer, NOBODY, 1, sender=holder)
