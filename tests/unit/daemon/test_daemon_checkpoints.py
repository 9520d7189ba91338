"""What is signed, what is refused, what is relayed, and which awards are claimed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from unit.daemon.consortium import Consortium
from unit.daemon.contracts import ANCHOR, PUBLIC_ID
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, delegate, word_of

from orchestrator.commitment.checkpoints import checkpoint_digest, head_of
from orchestrator.commitment.signatures import recover
from orchestrator.daemon.handlers.checkpoints import build_checkpoint
from orchestrator.errors import ChainRewritten, KeystoreError, ProtocolError, TransactionReverted
from orchestrator.ledger.checkpoint import GENESIS
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.machine import transition
from orchestrator.protocol.state import NodeState
from orchestrator.types import OrganisationId


def closed(life: Consortium, rounds: int = 1) -> Consortium:
    """Rounds that have closed; the checkpoint of the last is due and nobody has signed it."""
    for number in range(1, rounds + 1):
        life.open_round()
        life.fails = partial(_withheld, last=number == rounds)
        life.until(partial(_is_due, life, number))
        if number < rounds:
            life.settle()
    return life


def _withheld(effect: fx.Effect, *, last: bool) -> bool:
    return last and isinstance(effect, fx.AttestCheckpoint)


def _is_due(life: Consortium, count: int) -> bool:
    return len(life.history.state.due) == count


def test_all_members_compute_and_sign_the_same(life: Consortium) -> None:
    closed(life)
    checkpoints = {build_checkpoint(life.sync(name), life.now(name), 1) for name in MEMBERS}
    assert len(checkpoints) == 1
    (checkpoint,) = checkpoints
    assert checkpoint.private_block == life.history.state.due[0].block
    assert checkpoint.private_block_hash == life.private_chain.block(checkpoint.private_block).hash
    for name in MEMBERS:
        life.handle(name, life.now(name), fx.AttestCheckpoint(1, 1))
    message = checkpoint_digest(checkpoint, PUBLIC_ID, ANCHOR)
    posted = life.now().attestations[1]
    for name in MEMBERS:
        assert posted[name].head == head_of(checkpoint)
        assert recover(message, posted[name].signature) == delegate(name)


def test_the_records_after_the_checkpoint_change_nothing(life: Consortium) -> None:
    closed(life)
    before = build_checkpoint(life.sync(AURORA), life.now(), 1)
    life.history.tell("AgreementAccepted", AURORA, agreement_digest=word_of("another"), organisation=AURORA)
    assert build_checkpoint(life.sync(AURORA), life.now(), 1) == before


def test_nothing_is_signed_when_the_chain_behind_the_last_checkpoint_was_rewritten(life: Consortium) -> None:
    closed(life, rounds=2)
    anchored = life.now().anchored[1].checkpoint
    life.private_chain.rewind(anchored.private_block - 1)
    state = life.now()
    assert life.private_chain.block(anchored.private_block).hash != anchored.private_block_hash
    with pytest.raises(ChainRewritten, match=rf"no longer holds block {anchored.private_block} as checkpoint 1"):
        life.handle(AURORA, state, fx.AttestCheckpoint(2, 1))
    assert AURORA not in life.now().attestations.get(2, {})


def test_nothing_is_signed_when_the_tree_does_not_extend_the_last_one(life: Consortium) -> None:
    closed(life, rounds=2)
    state = life.now()
    anchored = state.anchored[1]
    for changed in ({"records_root": word_of("other records")}, {"tree_size": 10_000}):
        other = replace(anchored, checkpoint=replace(anchored.checkpoint, **changed))
        with pytest.raises(ChainRewritten, match="nothing is signed"):
            life.handle(AURORA, state.with_(anchored={1: other}), fx.AttestCheckpoint(2, 1))


def test_other_content_is_never_signed_for_the_same_sequence(life: Consortium) -> None:
    """Equivocation is provable on chain; the keystore refuses before anything leaves the house."""
    closed(life)
    life.handle(AURORA, life.now(), fx.AttestCheckpoint(1, 1))
    life.private_chain.rewind(life.history.state.due[0].block - 1)
    with pytest.raises(KeystoreError, match="refused to sign checkpoint 1"):
        life.handle(AURORA, life.now(), fx.AttestCheckpoint(1, 1))
    assert sum(isinstance(item, ev.AttestationSeen) for item in life.private) == 1


def test_the_same_content_is_signed_again_for_a_newer_epoch(life: Consortium) -> None:
    closed(life)
    life.handle(AURORA, life.now(), fx.AttestCheckpoint(1, 1))
    state = life.now()
    members = replace(state.ledger.members, epoch=2, consortium_digest=word_of("new consortium"))
    later = state.with_(ledger=state.ledger.with_(members=members))
    life.handle(AURORA, later, fx.AttestCheckpoint(1, 2))
    heads = [item.head for item in life.private if isinstance(item, ev.AttestationSeen)]
    assert len(heads) == len(set(heads)) == 2


def signed_by_all(life: Consortium) -> NodeState:
    closed(life)
    for name in MEMBERS:
        life.handle(name, life.now(name), fx.AttestCheckpoint(1, 1))
    return life.now()


def test_a_quorum_of_signatures_is_relayed_in_the_order_of_the_contract(life: Consortium) -> None:
    life.handle(AURORA, signed_by_all(life), fx.RelayCheckpoint(1))
    anchored = life.now().anchored[1]
    assert anchored.head == head_of(anchored.checkpoint) == life.heads[1]
    assert anchored.checkpoint.previous_head == head_of(GENESIS)


@pytest.mark.parametrize("signature", [b"", b"nonsense", b"\x01" * 65, "another's"])
@pytest.mark.parametrize("liar", MEMBERS)
def test_a_worthless_signature_does_not_keep_the_others_from_anchoring(
    life: Consortium, liar: OrganisationId, signature: bytes | str
) -> None:
    """Anybody may post anything beside the right head; two good signatures are a quorum."""
    state = signed_by_all(life)
    posted = state.attestations[1]
    other = next(name for name in MEMBERS if name != liar)
    given = posted[other].signature if isinstance(signature, str) else signature
    state, _ = transition(state, ev.AttestationSeen(1, liar, posted[liar].head, given))
    life.handle(other, state, fx.RelayCheckpoint(1))
    assert 1 in life.heads


def test_a_head_that_this_node_does_not_compute_is_not_relayed(life: Consortium) -> None:
    state = signed_by_all(life)
    for name in (BOREALIS, CUMULUS):
        state, _ = transition(state, ev.AttestationSeen(1, name, word_of("other"), b"signature"))
    with pytest.raises(ProtocolError, match="this node computes another"):
        life.handle(AURORA, state, fx.RelayCheckpoint(1))
    assert 1 not in life.heads


def test_what_was_relayed_already_is_told_as_the_contract_tells_it(life: Consortium) -> None:
    state = signed_by_all(life)
    life.handle(AURORA, state, fx.RelayCheckpoint(1))
    with pytest.raises(TransactionReverted, match="another head"):
        life.handle(BOREALIS, state, fx.RelayCheckpoint(1))


def test_awards_of_an_earlier_checkpoint_are_published_with_the_way_to_the_head(life: Consortium) -> None:
    life.fails = lambda effect: isinstance(effect, fx.PublishAwards)
    for _ in range(2):
        life.open_round()
        life.settle()
    life.handle(AURORA, life.now(), fx.PublishAwards(1))
    assert [item[0] for item in life.public if isinstance(item, tuple)] == [1]
    assert life.services[AURORA].public_sender.calls[-1] == "AwardDistributor.publish"  # type: ignore[attr-defined]


def test_a_claim_proves_the_award(life: Consortium) -> None:
    """The simulated distributor verifies the proof against the anchored root."""
    life.open_round()
    life.settle()
    claims = life.asked(fx.ClaimAward)
    assert claims and not any(node.state.failures for node in life.nodes.values())
    paid = {item.index for item in life.public if isinstance(item, ev.AwardClaimedSeen)}
    assert paid == {effect.index for _, effect in claims if isinstance(effect, fx.ClaimAward)}
