"""Several awards in one transaction: what others claimed before stops nothing."""

from __future__ import annotations

from awarding import open_claims
from brownie import AwardDistributor
from contract_support import ETHER, refuses


def proofs_of(tree, awards):
    return [tree.proof(award) for award in awards]


def test_a_batch_pays_what_is_left(distributor, token, published, awards, tree, stranger):
    open_claims(distributor)
    proofs = proofs_of(tree, awards)
    distributor.claimBatch([awards[0]] * 2, [proofs[0]] * 2, {"from": stranger})
    assert token.totalSupply() == 10 * ETHER
    distributor.claimBatch(awards, proofs, {"from": stranger})
    assert token.totalSupply() == distributor.publication(1)[3] == 50 * ETHER


def test_something_must_be_left(distributor, published, awards, tree, stranger):
    open_claims(distributor)
    twice = [awards[0]] * 2, proofs_of(tree, awards[:1] * 2)
    distributor.claimBatch(*twice, {"from": stranger})
    for spent in (twice, ([], [])):
        refuses("AwardDistributorNothingLeft", distributor.claimBatch, *spent, sender=stranger)


def test_each_award_has_its_proof(distributor, published, awards, tree, stranger):
    open_claims(distributor)
    proofs = proofs_of(tree, awards)
    refuses("AwardDistributorLengthMismatch", distributor.claimBatch, awards, proofs[1:], sender=stranger)
    crossed = awards[:2], proofs[1::-1]
    refuses("AwardDistributorInvalidProof", distributor.claimBatch, *crossed, sender=stranger)


def test_only_of_what_is_published(distributor, published, awards, tree, stranger):
    open_claims(distributor)
    batch = [awards[0], (2, *awards[1][1:])], proofs_of(tree, awards[:2])
    refuses("AwardDistributorNotPublished", distributor.claimBatch, *batch, sender=stranger)


def test_not_before_the_window_and_the_vesting_are_over(distributor, published, awards, tree, stranger):
    batch = awards, proofs_of(tree, awards)
    refuses("AwardDistributorTooEarly", distributor.claimBatch, *batch, sender=stranger)


def test_a_round_pays_no_more_than_its_cap(anchor, consortium, deployer, anchored, awards, tree, stranger):
    small = deployer.deploy(AwardDistributor, consortium, anchor, 15 * ETHER, 0, 0, "t", "t")
    small.publish(anchored, {"from": stranger})
    batch = awards[:2], proofs_of(tree, awards[:2])
    refuses("AwardDistributorCapExceeded", small.claimBatch, *batch, sender=stranger)


def test_nobody_is_not_paid(nobodys, stranger):
    payer, award, proof = nobodys
    refuses("ERC20InvalidReceiver", payer.claimBatch, [award], [proof], sender=stranger)
