"""An award is paid to its account, once, whoever sends the claim."""

from __future__ import annotations

import pytest
from awarding import open_claims
from brownie import AwardDistributor, web3
from contract_support import ETHER, digest, mine, refuses


def test_anybody_claims_for_anybody(distributor, token, published, awards, tree, holders, stranger):
    open_claims(distributor)
    event = distributor.claim(awards[2], tree.proof(awards[2]), {"from": stranger}).events["AwardClaimed"]
    assert tuple(event.values()) == (1, digest("update 2"), holders[2], 2, 10 * ETHER)
    assert token.balanceOf(holders[2]) == token.totalSupply() == 10 * ETHER
    assert distributor.isSpent(1, 2) and not distributor.isSpent(1, 1)


def test_once(distributor, published, awards, tree, stranger):
    open_claims(distributor)
    distributor.claim(awards[2], tree.proof(awards[2]), {"from": stranger})
    refuses("AwardDistributorSpent", distributor.claim, awards[2], tree.proof(awards[2]), sender=stranger)


def test_only_of_what_is_published(distributor, published, awards, stranger):
    refuses("AwardDistributorNotPublished", distributor.claim, (2, *awards[0][1:]), [], sender=stranger)


def test_not_before_the_window_and_the_vesting_are_over(distributor, published, awards, tree, stranger):
    mine(distributor.vestedFrom(1) - web3.eth.block_number - 2)
    proof = tree.proof(awards[0])
    refuses("AwardDistributorTooEarly", distributor.claim, awards[0], proof, sender=stranger)
    mine(1)
    distributor.claim(awards[0], proof, {"from": stranger})


@pytest.mark.parametrize("place", range(5))
def test_a_proof_is_for_one_award(distributor, published, awards, tree, holders, stranger, place):
    open_claims(distributor)
    other = [2, 7, digest("other"), holders[1].address, 11 * ETHER][place]
    changed = tuple(other if index == place else value for index, value in enumerate(awards[0]))
    error = "AwardDistributorNotPublished" if changed[0] != 1 else "AwardDistributorInvalidProof"
    refuses(error, distributor.claim, changed, tree.proof(awards[0]), sender=stranger)


def test_a_round_pays_no_more_than_its_cap(anchor, consortium, deployer, anchored, awards, tree, stranger):
    small = deployer.deploy(AwardDistributor, consortium, anchor, 15 * ETHER, 0, 0, "t", "t")
    small.publish(anchored, {"from": stranger})
    small.claim(awards[0], tree.proof(awards[0]), {"from": stranger})
    refuses("AwardDistributorCapExceeded", small.claim, awards[1], tree.proof(awards[1]), sender=stranger)


def test_nobody_is_not_paid(nobodys, stranger):
    payer, award, proof = nobodys
    refuses("ERC20InvalidReceiver", payer.claim, award, proof, sender=stranger)
