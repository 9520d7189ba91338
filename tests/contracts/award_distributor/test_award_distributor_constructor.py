"""What the distributor starts with."""

from __future__ import annotations

from brownie import AwardDistributor
from contract_support import ETHER
from reverting import refuses_to_deploy


def test_the_cap_is_the_given_one(distributor):
    assert distributor.payoutCap() == 1000 * ETHER and distributor.payoutCapNonce() == 0
    assert tuple(distributor.tx.events["PayoutCapChanged"].values()) == (0, 1000 * ETHER)


def test_a_cap_fits_its_slot(consortium, anchor):
    terms = consortium, anchor, 2**96, 1, 1, "t", "t"
    refuses_to_deploy("AwardDistributorCapTooLarge", AwardDistributor, *terms)


def test_window_and_vesting_fit_theirs(consortium, anchor):
    for blocks in ((2**32, 1), (1, 2**32)):
        terms = consortium, anchor, 1, *blocks, "t", "t"
        refuses_to_deploy("AwardDistributorInvalidBlocks", AwardDistributor, *terms)
