"""A spender sends within its allowance."""

from __future__ import annotations

import pytest
from contract_support import NOBODY, refuses


@pytest.fixture
def allowed(held, holder, stranger):
    held.approve(stranger, 12, {"from": holder})
    return held


def test_the_allowance_shrinks(allowed, holder, stranger, deployer):
    event = allowed.transferFrom(holder, deployer, 4, {"from": stranger}).events["Transfer"]
    assert tuple(event.values()) == (holder, deployer, 4)
    assert (allowed.balanceOf(deployer), allowed.allowance(holder, stranger)) == (4, 8)


def test_no_more_than_is_allowed(allowed, holder, stranger, deployer):
    refuses("ERC20InsufficientAllowance", allowed.transferFrom, holder, deployer, 13, sender=stranger)


def test_no_more_than_there_is(allowed, holder, stranger, deployer):
    refuses("ERC20InsufficientBalance", allowed.transferFrom, holder, deployer, 11, sender=stranger)


def test_nobody_is_no_holder(allowed, holder, stranger):
    refuses("ERC20InvalidReceiver", allowed.transferFrom, holder, NOBODY, 1, sender=stranger)


def test_nobody_allows_nothing(allowed, stranger):
    refuses("ERC20InvalidApprover", allowed.transferFrom, NOBODY, stranger, 0, sender=stranger)
