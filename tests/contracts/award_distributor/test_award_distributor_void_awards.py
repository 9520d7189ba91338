"""A quorum of delegates voids what nobody has claimed."""

from __future__ import annotations

import pytest
from awarding import awards_of, decide_root, decide_void, open_claims
from contract_support import AwardsTree, refuses
from reverting import MALFORMED, refuses_strangers


def test_a_void_award_is_not_paid(distributor, published, delegates, awards, tree, stranger):
    signatures = decide_void(distributor, delegates[:2], tree.root, [1, 3])
    tx = distributor.voidAwards(1, [1, 3], signatures, {"from": stranger})
    assert [tuple(event.values()) for event in tx.events["AwardVoided"]] == [(1, 1), (1, 3)]
    open_claims(distributor)
    refuses("AwardDistributorSpent", distributor.claim, awards[3], tree.proof(awards[3]), sender=stranger)
    distributor.claim(awards[0], tree.proof(awards[0]), {"from": stranger})


def test_a_claim_that_came_first_stands_and_stops_no_void(distributor, published, delegates, awards, tree, stranger):
    open_claims(distributor)
    distributor.claim(awards[0], tree.proof(awards[0]), {"from": stranger})
    signatures = decide_void(distributor, delegates[:2], tree.root, [0])
    refuses("AwardDistributorNothingLeft", distributor.voidAwards, 1, [0], signatures, sender=stranger)
    signatures = decide_void(distributor, delegates[:2], tree.root, [0, 2])
    tx = distributor.voidAwards(1, [0, 2], signatures, {"from": stranger})
    assert [event["index"] for event in tx.events["AwardVoided"]] == [2]


def test_it_is_about_one_root(distributor, published, authorities, delegates, holders, awards, tree, stranger):
    void = decide_void(distributor, delegates[:2], tree.root, [1])
    later = decide_void(distributor, delegates[:2], tree.root, [2])
    distributor.voidAwards(1, [1], void, {"from": stranger})
    better = AwardsTree(awards_of(1, holders[:2]))
    signatures = decide_root(distributor, authorities[:2], tree.root, better.root)
    distributor.replaceRoot(1, better.root, signatures, {"from": stranger})
    error, method = "ConsortiumNotADelegate", distributor.voidAwards
    refuses_strangers(error, method, 1, [2], signatures=later, sender=stranger)
    assert not distributor.isSpent(1, 1)
    open_claims(distributor)
    distributor.claim(awards[1], better.proof(awards[1]), {"from": stranger})


def test_it_needs_a_quorum(distributor, published, delegates, tree, stranger):
    signatures = decide_void(distributor, delegates[:1], tree.root, [1])
    refuses("AwardDistributorQuorumMissed", distributor.voidAwards, 1, [1], signatures, sender=stranger)


def test_it_needs_hot_keys(distributor, published, authorities, delegates, tree, stranger):
    signatures = decide_void(distributor, [delegates[0], authorities[1]], tree.root, [1])
    refuses("ConsortiumNotADelegate", distributor.voidAwards, 1, [1], signatures, sender=stranger)


def test_it_needs_distinct_signers_in_order(distributor, published, delegates, tree, stranger):
    signatures = decide_void(distributor, delegates[:2], tree.root, [1])
    for wrong in (signatures[::-1], signatures[:1] * 2):
        refuses("SignaturesNotAscending", distributor.voidAwards, 1, [1], wrong, sender=stranger)


@pytest.mark.parametrize("error", ["ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"])
def test_signatures_are_made_by_a_key(distributor, published, stranger, error):
    refuses(error, distributor.voidAwards, 1, [1], [MALFORMED[error]] * 2, sender=stranger)


def test_a_decision_is_good_once(distributor, published, delegates, tree, stranger):
    terms = 1, [1], decide_void(distributor, delegates[:2], tree.root, [1])
    distributor.voidAwards(*terms, {"from": stranger})
    refuses("AwardDistributorDecisionSpent", distributor.voidAwards, *terms, sender=stranger)


def test_only_of_what_is_published(distributor, published, stranger):
    refuses("AwardDistributorNotPublished", distributor.voidAwards, 2, [0], [], sender=stranger)
