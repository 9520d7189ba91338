"""What a checkpoint costs."""

from __future__ import annotations

from checkpoints import GENESIS, attest, successor


def test_gas_of_a_checkpoint(anchor, consortium, delegates, stranger, first):
    """Three signatures: at most 85,000 for the whole transaction, however many records are behind the root."""
    anchor.anchor(GENESIS, first, attest(anchor, first, delegates), {"from": stranger})
    previous, used = first, []
    for records in (1, 1000, 10**9):
        following = successor(anchor, consortium, previous, treeSize=previous[3] + records, privateBlock=10**7)
        tx = anchor.anchor(previous, following, attest(anchor, following, delegates), {"from": stranger})
        used.append(tx.gas_used)
        previous = following
    print(f"anchor with 3 signatures: {used}")
    assert max(used) <= 85_000
