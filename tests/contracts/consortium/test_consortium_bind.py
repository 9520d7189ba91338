"""The deployer binds the two contracts to each other, once."""

from __future__ import annotations

import pytest
from brownie import Consortium, web3
from contract_support import NOBODY, digest, refuses


@pytest.fixture(scope="module")
def unbound(parties, deployer):
    return [deployer.deploy(Consortium, digest("c"), [each.member for each in parties], 2) for _ in range(2)]


def test_both_sides_are_named(unbound, deployer):
    one, two = unbound
    chain = web3.chain_id
    assert one.bind(chain, one, 1337, two, {"from": deployer}).events["ConsortiumBound"]["privateChainId"] == 1337
    assert one.binding() == (chain, one, 1337, two)


def test_only_the_deployer_binds(unbound, parties, stranger):
    one, two = unbound
    for sender in (stranger, parties[0].authority):
        refuses("ConsortiumNotDeployer", one.bind, web3.chain_id, one, web3.chain_id, two, sender=sender)


def test_a_binding_is_for_ever(unbound, deployer):
    one, two = unbound
    terms = web3.chain_id, one, web3.chain_id, two
    one.bind(*terms, {"from": deployer})
    refuses("ConsortiumAlreadyBound", one.bind, *terms, sender=deployer)


def test_exactly_one_side_is_this_contract_on_this_chain(unbound, deployer):
    one, two = unbound
    chain = web3.chain_id
    for wrong in ((chain, two, chain, two), (chain, one, chain, one), (chain + 1, one, chain, two)):
        refuses("ConsortiumWrongBinding", one.bind, *wrong, sender=deployer)


def test_no_side_is_missing(unbound, deployer):
    one, _ = unbound
    chain = web3.chain_id
    for wrong in ((chain, one, 1337, NOBODY), (1, NOBODY, chain, one)):
        refuses("ConsortiumWrongBinding", one.bind, *wrong, sender=deployer)
