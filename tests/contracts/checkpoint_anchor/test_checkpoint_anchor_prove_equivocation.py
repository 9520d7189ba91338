"""Two contents that one member signed for one sequence: proven by anybody, and on record for ever."""

from __future__ import annotations

import pytest
from checkpoints import attest, head_of, successor, with_
from contract_support import digest, key, refuses
from reverting import MALFORMED


@pytest.fixture
def second(first):
    return with_(first, recordsRoot=digest("another history"))


@pytest.fixture
def proof(anchor):
    """Makes a signature under each of two checkpoints."""

    def make(a, by_a, b, by_b):
        return a, b, attest(anchor, a, [by_a])[0], attest(anchor, b, [by_b])[0]

    return make


def test_it_is_proven_and_stays_on_record(anchor, parties, delegates, stranger, first, second, proof):
    organisation, shown = parties[0].organisation, proof(first, delegates[0], second, delegates[0])
    event = anchor.proveEquivocation(*shown, {"from": stranger}).events["EquivocationProven"]
    assert tuple(event.values()) == (1, organisation, head_of(first), head_of(second))
    assert anchor.equivocated(1, organisation)
    refuses("CheckpointAnchorAlreadyProven", anchor.proveEquivocation, *shown, sender=stranger)


def test_a_former_delegate_answers_for_what_it_signed(
    anchor, consortium, parties, delegates, stranger, first, second, proof
):
    old, new = delegates[0], key("fresh delegate")
    consortium.rotateDelegate(parties[0].organisation, new, {"from": parties[0].authority})
    anchor.proveEquivocation(*proof(first, old, second, new), {"from": stranger})
    assert anchor.equivocated(1, parties[0].organisation)


def test_signing_again_for_a_newer_epoch_is_none(anchor, delegates, stranger, first, proof):
    again = with_(first, epoch=2, consortiumDigest=digest("new"), previousHead=digest("signed again too"))
    shown = proof(first, delegates[0], again, delegates[0])
    refuses("CheckpointAnchorNotEquivocation", anchor.proveEquivocation, *shown, sender=stranger)


def test_two_sequences_are_none(anchor, consortium, delegates, stranger, first, proof):
    shown = proof(first, delegates[0], successor(anchor, consortium, first), delegates[0])
    refuses("CheckpointAnchorNotEquivocation", anchor.proveEquivocation, *shown, sender=stranger)


def test_two_members_are_none(anchor, delegates, stranger, first, second, proof):
    shown = proof(first, delegates[0], second, delegates[1])
    refuses("CheckpointAnchorNotOneMember", anchor.proveEquivocation, *shown, sender=stranger)


def test_strangers_do_not_equivocate(anchor, stranger, first, second, proof):
    unknown = key("no member")
    shown = proof(first, unknown, second, unknown)
    refuses("CheckpointAnchorNotOneMember", anchor.proveEquivocation, *shown, sender=stranger)


@pytest.mark.parametrize("error", ["ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"])
def test_signatures_are_made_by_a_key(anchor, delegates, stranger, first, second, proof, error):
    *checkpoints, a, b = proof(first, delegates[0], second, delegates[0])
    for wrong in ((MALFORMED[error], b), (a, MALFORMED[error])):
        refuses(error, anchor.proveEquivocation, *checkpoints, *wrong, sender=stranger)
