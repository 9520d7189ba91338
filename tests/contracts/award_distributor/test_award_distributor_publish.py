"""Awards roots are published from anchored checkpoints, by anybody, once."""

from __future__ import annotations

from contract_support import ETHER, refuses
from settings import VESTING, WINDOW


def test_a_root_is_published_from_a_checkpoint_below_the_head(distributor, published, tree):
    event = published.events["AwardsPublished"]
    opens = published.block_number + WINDOW
    assert tuple(event.values()) == (1, tree.root, opens)
    assert distributor.publication(1) == (tree.root, opens, 1000 * ETHER, 0)
    assert distributor.vestedFrom(1) == opens + VESTING


def test_it_must_lead_to_the_head(distributor, anchored, stranger):
    refuses("AwardDistributorNotAnchored", distributor.publish, anchored[:2], sender=stranger)


def test_it_must_not_leave_any_out(distributor, anchored, stranger):
    for chain in ([anchored[0], anchored[2]], []):
        refuses("AwardDistributorChainBroken", distributor.publish, chain, sender=stranger)


def test_it_must_award_something(distributor, anchored, stranger):
    refuses("AwardDistributorNoAwards", distributor.publish, anchored[1:], sender=stranger)


def test_once_a_sequence(distributor, anchored, published, stranger):
    refuses("AwardDistributorAlreadyPublished", distributor.publish, anchored, sender=stranger)
