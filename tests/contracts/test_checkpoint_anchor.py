"""The chain of heads: what a quorum signs moves it, and nothing else does."""

from __future__ import annotations

import pytest
from checkpoints import GENESIS, attest, head_of, successor, with_
from contract_support import (
    CHECKPOINT,
    contract_domain,
    digest,
    identity,
    key,
    membership_change,
    refuses,
    sign_all,
    sign_membership,
    sign_pause,
)
from eth_account import Account


@pytest.fixture
def delegates(parties):
    return [one.delegate for one in parties]


@pytest.fixture
def first(anchor, consortium):
    return successor(anchor, consortium)


def test_the_first_head_is_that_of_the_empty_checkpoint(anchor, consortium):
    assert anchor.head() == head_of(GENESIS)
    assert anchor.consortium() == consortium and anchor.privateChainId() == 1337


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


def test_signers_are_distinct_delegates_and_a_quorum(anchor, consortium, parties, delegates, stranger, first):
    one, two, _ = delegates
    cases = {
        "CheckpointAnchorQuorumMissed": attest(anchor, first, [one]),
        "SignaturesNotAscending": attest(anchor, first, [one, one]),
        "ConsortiumNotADelegate": attest(anchor, first, [one, parties[1].authority]),
        "ECDSAInvalidSignatureLength": ["0x00", "0x00"],
    }
    for error, signatures in cases.items():
        refuses(error, anchor.anchor, GENESIS, first, signatures, sender=stranger)
    backwards = attest(anchor, first, [one, two])[::-1]
    refuses("SignaturesNotAscending", anchor.anchor, GENESIS, first, backwards, sender=stranger)
    other = with_(first, recordsRoot=digest("other"))
    refuses("ConsortiumNotADelegate", anchor.anchor, GENESIS, other, attest(anchor, first, [one, two]), sender=stranger)


def test_a_signature_is_for_one_contract_and_chain(anchor, consortium, delegates, stranger, first):
    error = "(ConsortiumNotADelegate|SignaturesNotAscending)"  # they recover to other addresses
    domain = contract_domain("LoRAnchor CheckpointAnchor", anchor)
    for change in ({"chainId": 1}, {"verifyingContract": consortium.address}, {"version": "2"}):
        signatures = sign_all(delegates, {**domain, **change}, "Checkpoint", CHECKPOINT, first)
        refuses(error, anchor.anchor, GENESIS, first, signatures, sender=stranger)


def test_a_revoked_delegate_attests_no_more(anchor, consortium, parties, delegates, stranger, first):
    consortium.revokeDelegate(parties[0].organisation, {"from": parties[0].authority})
    signatures = attest(anchor, first, delegates[:2])
    refuses("ConsortiumNotADelegate", anchor.anchor, GENESIS, first, signatures, sender=stranger)


def test_the_same_content_is_signed_again_for_a_newer_epoch(anchor, pair, parties, delegates, stranger, first):
    change = membership_change(pair, [one.seat for one in parties], 3)
    authorities = [one.authority for one in parties]
    pair[0].changeMembership(change, sign_membership(change, authorities), {"from": stranger})
    signatures = attest(anchor, first, delegates)
    refuses("CheckpointAnchorWrongEpoch", anchor.anchor, GENESIS, first, signatures, sender=stranger)
    again = with_(first, epoch=2, consortiumDigest=str(pair[0].consortiumDigest()))
    two = attest(anchor, again, delegates[:2])
    refuses("CheckpointAnchorQuorumMissed", anchor.anchor, GENESIS, again, two, sender=stranger)
    anchor.anchor(GENESIS, again, attest(anchor, again, delegates), {"from": stranger})


def test_nothing_is_anchored_while_paused(anchor, pair, parties, delegates, stranger, first):
    pause = (*identity(*pair), 1, 0, True)
    signatures = sign_pause(pause, [parties[0].authority, parties[1].authority])
    pair[0].setPaused(pause, signatures, {"from": stranger})
    attestations = attest(anchor, first, delegates)
    refuses("CheckpointAnchorPaused", anchor.anchor, GENESIS, first, attestations, sender=stranger)


def test_digest_to_sign(anchor, delegates, first):
    signature = attest(anchor, first, delegates[:1])[0]
    recovered = Account._recover_hash(bytes(anchor.digestOf(first)), signature=signature)
    assert recovered == delegates[0].address


class TestEquivocation:
    @pytest.fixture
    def second(self, first):
        return with_(first, recordsRoot=digest("another history"))

    def test_it_is_proven_and_stays_on_record(self, anchor, parties, delegates, stranger, first, second):
        one, organisation = delegates[0], parties[0].organisation
        proof = [attest(anchor, first, [one])[0], attest(anchor, second, [one])[0]]
        event = anchor.proveEquivocation(first, second, *proof, {"from": stranger}).events["EquivocationProven"]
        assert tuple(event.values()) == (1, organisation, head_of(first), head_of(second))
        assert anchor.equivocated(1, organisation)
        refuses("CheckpointAnchorAlreadyProven", anchor.proveEquivocation, first, second, *proof, sender=stranger)

    def test_a_former_delegate_answers_for_what_it_signed(
        self, anchor, consortium, parties, delegates, stranger, first, second
    ):
        old, new = delegates[0], key("fresh delegate")
        consortium.rotateDelegate(parties[0].organisation, new, {"from": parties[0].authority})
        proof = [attest(anchor, first, [old])[0], attest(anchor, second, [new])[0]]
        anchor.proveEquivocation(first, second, *proof, {"from": stranger})
        assert anchor.equivocated(1, parties[0].organisation)

    def test_signing_again_for_a_newer_epoch_is_none(self, anchor, delegates, stranger, first):
        again = with_(first, epoch=2, consortiumDigest=digest("new"), previousHead=digest("signed again too"))
        one = delegates[0]
        proof = [attest(anchor, first, [one])[0], attest(anchor, again, [one])[0]]
        refuses("CheckpointAnchorNotEquivocation", anchor.proveEquivocation, first, again, *proof, sender=stranger)

    def test_neither_are_two_sequences_or_two_members(self, anchor, consortium, delegates, stranger, first, second):
        one, two, _ = delegates
        later = successor(anchor, consortium, first)
        proof = [attest(anchor, first, [one])[0], attest(anchor, later, [one])[0]]
        refuses("CheckpointAnchorNotEquivocation", anchor.proveEquivocation, first, later, *proof, sender=stranger)
        proof = [attest(anchor, first, [one])[0], attest(anchor, second, [two])[0]]
        refuses("CheckpointAnchorNotOneMember", anchor.proveEquivocation, first, second, *proof, sender=stranger)
        unknown = key("no member")
        proof = [attest(anchor, first, [unknown])[0], attest(anchor, second, [unknown])[0]]
        refuses("CheckpointAnchorNotOneMember", anchor.proveEquivocation, first, second, *proof, sender=stranger)


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
