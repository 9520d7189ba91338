"""What can be asked of a sequence."""

from __future__ import annotations

from contract_support import ZERO, refuses


def test_unpublished_sequences_have_nothing(distributor, published, stranger):
    refuses("AwardDistributorNotPublished", distributor.vestedFrom, 2, sender=stranger)
    assert distributor.publication(2) == (ZERO, 0, 0, 0)
    assert not distributor.isSpent(2, 0)
