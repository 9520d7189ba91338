"""A quorum of authorities changes the cap, for rounds published later."""

from __future__ import annotations

import pytest
from awarding import CAP_CHANGE, decide
from contract_support import ETHER, refuses
from reverting import MALFORMED, refuses_strangers

CAP = 1000 * ETHER


def decide_cap(distributor, accounts, previous, cap, nonce=0):
    return decide(distributor, accounts, "PayoutCapChange", CAP_CHANGE, (previous, cap, nonce))


def test_it_is_for_later_rounds(distributor, published, authorities, stranger):
    tx = distributor.setPayoutCap(ETHER, decide_cap(distributor, authorities, CAP, ETHER), {"from": stranger})
    assert tuple(tx.events["PayoutCapChanged"].values()) == (CAP, ETHER)
    assert distributor.payoutCap() == ETHER and distributor.publication(1)[2] == CAP
    assert distributor.payoutCapNonce() == 1


def test_a_decision_is_good_once(distributor, authorities, stranger):
    """Its nonce is used: the same signatures are then over other content."""
    down, up = ((CAP, ETHER), (ETHER, CAP))
    signatures = decide_cap(distributor, authorities[:2], *down)
    distributor.setPayoutCap(ETHER, signatures, {"from": stranger})
    distributor.setPayoutCap(CAP, decide_cap(distributor, authorities[:2], *up, nonce=1), {"from": stranger})
    error, method = "ConsortiumNotAnAuthority", distributor.setPayoutCap
    refuses_strangers(error, method, ETHER, signatures=signatures, sender=stranger)


def test_it_needs_a_quorum(distributor, authorities, stranger):
    alone = decide_cap(distributor, authorities[:1], CAP, 5)
    refuses("AwardDistributorQuorumMissed", distributor.setPayoutCap, 5, alone, sender=stranger)


def test_it_needs_cold_keys(distributor, delegates, stranger):
    hot = decide_cap(distributor, delegates, CAP, 5)
    refuses("ConsortiumNotAnAuthority", distributor.setPayoutCap, 5, hot, sender=stranger)


def test_it_needs_distinct_signers_in_order(distributor, authorities, stranger):
    signatures = decide_cap(distributor, authorities, CAP, 5)
    for wrong in (signatures[::-1], signatures[:1] * 2):
        refuses("SignaturesNotAscending", distributor.setPayoutCap, 5, wrong, sender=stranger)


@pytest.mark.parametrize("error", ["ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"])
def test_signatures_are_made_by_a_key(distributor, stranger, error):
    refuses(error, distributor.setPayoutCap, 5, [MALFORMED[error]] * 2, sender=stranger)


def test_a_cap_fits_its_slot(distributor, authorities, stranger):
    signatures = decide_cap(distributor, authorities, CAP, 2**96)
    refuses("AwardDistributorCapTooLarge", distributor.setPayoutCap, 2**96, signatures, sender=stranger)
