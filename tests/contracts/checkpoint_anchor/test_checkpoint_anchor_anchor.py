"""The chain of heads: what a quorum signs moves it, and nothing else does."""

from __future__ import annotations

import pytest
from ceremonies import change_members, pause
from checkpoints import GENESIS, attest, head_of, successor, with_
from contract_support import CHECKPOINT, contract_domain, digest, refuses, sign_all
from reverting import MALFORMED, refuses_strangers


def test_anybody_relays_what_a_quorum_signed(anchor, consortium, delegates, stranger, first):
    tx = anchor.anchor(GENESIS, first, attest(anchor, first, delegates[1:]), {"from": stranger})
    event = tx.events["CheckpointAnchored"]
    assert (event["sequence"], event["head"], event["manifestDigest"]) == (1, head_of(first), digest("manifest"))
    assert event["signers"] == 0b110 and tuple(event["checkpoint"]) == first
    assert anchor.head() == head_of(first)
    second = successor(anchor, consortium, first)
    anchor.anchor(first, second, attest(anchor, second, delegates), {"from": stranger})
    assert anchor.head() == head_of(second)


def test_only_the_present_head_has_successors(anchor, consortium, delegates, stranger, first):
    signatures = attest(anchor, first, delegates)
    refuses("CheckpointAnchorStale", anchor.anchor, first, first, signatures, sender=stranger)
    anchor.anchor(GENESIS, first, signatures, {"from": stranger})
    refuses("CheckpointAnchorStale", anchor.anchor, GENESIS, first, signatures, sender=stranger)


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("CheckpointAnchorWrongPreviousHead", {"previousHead": digest("other")}),
        ("CheckpointAnchorWrongSequence", {"sequence": 3}),
        ("CheckpointAnchorWrongSequence", {"sequence": 1}),
        ("CheckpointAnchorTreeShrank", {"treeSize": 9}),
        ("CheckpointAnchorBlockFell", {"privateBlock": 4}),
        ("CheckpointAnchorWrongChain", {"privateChainId": 1}),
        ("CheckpointAnchorWrongEpoch", {"epoch": 2}),
        ("CheckpointAnchorWrongConsortium", {"consortiumDigest": digest("other")}),
    ],
)
def test_a_checkpoint_that_breaks_the_chain_is_refused(anchor, consortium, delegates, stranger, first, error, changes):
    anchor.anchor(GENESIS, first, attest(anchor, first, delegates), {"from": stranger})
    wrong = successor(anchor, consortium, first, **changes)
    refuses(error, anchor.anchor, first, wrong, attest(anchor, wrong, delegates), sender=stranger)


def test_size_and_block_may_stay(anchor, consortium, delegates, stranger, first):
    anchor.anchor(GENESIS, first, attest(anchor, first, delegates), {"from": stranger})
    same = successor(anchor, consortium, first, treeSize=10, privateBlock=5)
    anchor.anchor(first, same, attest(anchor, same, delegates), {"from": stranger})


def test_one_signer_is_no_quorum(anchor, delegates, stranger, first):
    alone = attest(anchor, first, delegates[:1])
    refuses("CheckpointAnchorQuorumMissed", anchor.anchor, GENESIS, first, alone, sender=stranger)


def test_signers_are_distinct_and_in_order(anchor, delegates, stranger, first):
    one, two, _ = delegates
    for wrong in (attest(anchor, first, [one, one]), attest(anchor, first, [one, two])[::-1]):
        refuses("SignaturesNotAscending", anchor.anchor, GENESIS, first, wrong, sender=stranger)


def test_signers_are_delegates(anchor, parties, delegates, stranger, first):
    signatures = attest(anchor, first, [delegates[0], parties[1].authority])
    refuses("ConsortiumNotADelegate", anchor.anchor, GENESIS, first, signatures, sender=stranger)


def test_a_signature_is_for_one_content(anchor, delegates, stranger, first):
    other = with_(first, recordsRoot=digest("other"))
    signatures = attest(anchor, first, delegates[:2])
    refuses_strangers(
        "ConsortiumNotADelegate", anchor.anchor, GENESIS, other, signatures=signatures, sender=stranger
    )  # fmt: skip


def test_a_signature_is_for_one_contract_and_chain(anchor, consortium, delegates, stranger, first):
    domain = contract_domain("LoRAnchor CheckpointAnchor", anchor)
    for change in ({"chainId": 1}, {"verifyingContract": consortium.address}, {"version": "2"}):
        signatures = sign_all(delegates[:2], {**domain, **change}, "Checkpoint", CHECKPOINT, first)
        refuses_strangers(
            "ConsortiumNotADelegate", anchor.anchor, GENESIS, first, signatures=signatures, sender=stranger
        )


@pytest.mark.parametrize("error", ["ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"])
def test_signatures_are_made_by_a_key(anchor, stranger, first, error):
    refuses(error, anchor.anchor, GENESIS, first, [MALFORMED[error]] * 2, sender=stranger)


def test_a_revoked_delegate_attests_no_more(anchor, consortium, parties, delegates, stranger, first):
    consortium.revokeDelegate(parties[0].organisation, {"from": parties[0].authority})
    signatures = attest(anchor, first, delegates[:2])
    refuses("ConsortiumNotADelegate", anchor.anchor, GENESIS, first, signatures, sender=stranger)


def test_the_same_content_is_signed_again_for_a_newer_epoch(anchor, pair, parties, delegates, stranger, first):
    change_members(pair[0], pair, parties, 3, by=parties)
    signatures = attest(anchor, first, delegates)
    refuses("CheckpointAnchorWrongEpoch", anchor.anchor, GENESIS, first, signatures, sender=stranger)
    again = with_(first, epoch=2, consortiumDigest=str(pair[0].consortiumDigest()))
    two = attest(anchor, again, delegates[:2])
    refuses("CheckpointAnchorQuorumMissed", anchor.anchor, GENESIS, again, two, sender=stranger)
    anchor.anchor(GENESIS, again, attest(anchor, again, delegates), {"from": stranger})


def test_nothing_is_anchored_while_paused(anchor, pair, parties, delegates, stranger, first):
    pause(pair[0], pair, parties[:2])
    attestations = attest(anchor, first, delegates)
    refuses("CheckpointAnchorPaused", anchor.anchor, GENESIS, first, attestations, sender=stranger)
