"""A quorum of authorities replaces the root within the window."""

from __future__ import annotations

import pytest
from awarding import awards_of, close_window, decide_root, open_claims
from contract_support import ZERO, AwardsTree, refuses
from reverting import MALFORMED


def test_claims_are_then_by_the_new_root(distributor, published, authorities, holders, tree, awards, stranger):
    better = AwardsTree(awards_of(1, holders[:2]))
    signatures = decide_root(distributor, authorities[:2], tree.root, better.root)
    tx = distributor.replaceRoot(1, better.root, signatures, {"from": stranger})
    assert tuple(tx.events["AwardsRootReplaced"].values()) == (1, tree.root, better.root)
    open_claims(distributor)
    proof = tree.proof(awards[0])
    refuses("AwardDistributorInvalidProof", distributor.claim, awards[0], proof, sender=stranger)
    distributor.claim(awards[0], better.proof(awards[0]), {"from": stranger})


def test_it_needs_a_quorum(distributor, published, authorities, tree, stranger):
    signatures = decide_root(distributor, authorities[:1], tree.root, ZERO)
    refuses("AwardDistributorQuorumMissed", distributor.replaceRoot, 1, ZERO, signatures, sender=stranger)


def test_it_needs_cold_keys(distributor, published, authorities, delegates, tree, stranger):
    signatures = decide_root(distributor, [authorities[0], delegates[1]], tree.root, ZERO)
    refuses("ConsortiumNotAnAuthority", distributor.replaceRoot, 1, ZERO, signatures, sender=stranger)


def test_it_needs_distinct_signers(distributor, published, authorities, tree, stranger):
    signatures = decide_root(distributor, authorities[:1] * 2, tree.root, ZERO)
    refuses("SignaturesNotAscending", distributor.replaceRoot, 1, ZERO, signatures, sender=stranger)


@pytest.mark.parametrize("error", ["ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"])
def test_signatures_are_made_by_a_key(distributor, published, stranger, error):
    refuses(error, distributor.replaceRoot, 1, ZERO, [MALFORMED[error]] * 2, sender=stranger)


def test_a_decision_is_good_once(distributor, published, authorities, tree, stranger):
    there = decide_root(distributor, authorities, tree.root, ZERO)
    back = decide_root(distributor, authorities, ZERO, tree.root)
    distributor.replaceRoot(1, ZERO, there, {"from": stranger})
    distributor.replaceRoot(1, tree.root, back, {"from": stranger})
    refuses("AwardDistributorDecisionSpent", distributor.replaceRoot, 1, ZERO, there, sender=stranger)


def test_only_of_what_is_published(distributor, published, authorities, stranger):
    refuses("AwardDistributorNotPublished", distributor.replaceRoot, 2, ZERO, [], sender=stranger)


def test_not_after_the_window(distributor, published, authorities, tree, stranger):
    close_window(distributor)
    signatures = decide_root(distributor, authorities, tree.root, ZERO)
    refuses("AwardDistributorWindowClosed", distributor.replaceRoot, 1, ZERO, signatures, sender=stranger)
