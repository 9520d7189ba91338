"""Where the chain of heads begins, and what is signed."""

from __future__ import annotations

from checkpoints import GENESIS, attest, head_of
from eth_account import Account


def test_the_first_head_is_that_of_the_empty_checkpoint(anchor, consortium):
    assert anchor.head() == head_of(GENESIS)
    assert anchor.consortium() == consortium and anchor.privateChainId() == 1337


def test_digest_to_sign(anchor, delegates, first):
    signature = attest(anchor, first, delegates[:1])[0]
    recovered = Account._recover_hash(bytes(anchor.digestOf(first)), signature=signature)
    assert recovered == delegates[0].address
