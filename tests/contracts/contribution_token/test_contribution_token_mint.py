"""Tokens come from the distributor, and from nowhere else."""

from __future__ import annotations

from contract_support import NOBODY, refuses


def test_the_token_belongs_to_the_distributor(distributor, token):
    assert token.minter() == distributor
    assert (token.name(), token.symbol(), token.decimals(), token.totalSupply()) == ("Contribution", "CON", 18, 0)


def test_nobody_else_mints(token, deployer, parties, stranger):
    for sender in (stranger, deployer, parties[0].authority, parties[0].delegate):
        refuses("ContributionTokenNotMinter", token.mint, stranger, 1, sender=sender)


def test_minting_adds_to_the_supply(held, holder, deployer):
    event = held.mint(holder, 5, {"from": deployer}).events["Transfer"]
    assert tuple(event.values()) == (NOBODY, holder, 5)
    assert held.totalSupply() == held.balanceOf(holder) == 15


def test_nobody_is_no_holder(token, distributor):
    refuses("ERC20InvalidReceiver", token.mint, NOBODY, 1, sender=distributor.address)
