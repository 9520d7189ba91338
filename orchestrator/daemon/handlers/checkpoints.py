"""Effects of checkpoints and awards."""

from __future__ import annotations

from orchestrator.chain.structs import AwardLeaf
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_content_digest, checkpoint_digest, head_of
from orchestrator.commitment.signatures import recover
from orchestrator.daemon.manifests import known_tasks
from orchestrator.daemon.services import Services
from orchestrator.errors import ChainRewritten, FormatError, ProtocolError
from orchestrator.ledger.awards import awards_tree
from orchestrator.ledger.checkpoint import GENESIS, Checkpoint
from orchestrator.ledger.entities import Due
from orchestrator.ledger.view import awards_of
from orchestrator.protocol import effects as fx
from orchestrator.protocol.rules_checkpoints import agreed_head
from orchestrator.protocol.state import NodeState
from orchestrator.types import Address

ATTESTED = "attested"
"""Results: the private block, by number and hash, of each checkpoint that this node may have signed."""


def attest(services: Services, state: NodeState, effect: fx.AttestCheckpoint) -> None:
    """Recompute the checkpoint from the own node and sign it, unless the chain behind the last one has changed.

    Raises:
        ChainRewritten: the private chain is another, or the tree does not extend the last checkpoint's.
        KeystoreError: other content was signed for this sequence before.
    """
    services.check_signing()
    checkpoint = build_checkpoint(services, state, effect.sequence)
    previous = _previous(state, effect.sequence)
    if previous is not GENESIS:
        found = services.private.rounds.chain.block(previous.private_block).hash
        if found != previous.private_block_hash or not services.history.extends(previous):
            raise ChainRewritten(
                f"the private chain no longer holds block {previous.private_block} as checkpoint {previous.sequence}"
                " anchored it; nothing is signed",
                mend="compare with the other members' nodes: the chain was rewritten",
            )
    anchor = services.public.anchor
    place = {"block": checkpoint.private_block, "hash": checkpoint.private_block_hash}
    services.journal.put(ATTESTED, str(effect.sequence), place)  # before it is signed: what may be signed is guarded
    with services.lock:
        signature = services.keystore.sign_checkpoint(
            chain_id=anchor.chain.chain_id,
            anchor=anchor.address,
            sequence=effect.sequence,
            content=checkpoint_content_digest(checkpoint),
            digest=checkpoint_digest(checkpoint, anchor.chain.chain_id, anchor.address),
        )
    services.send_private(services.private.schedule.attest(effect.sequence, head_of(checkpoint), signature))


def relay(services: Services, state: NodeState, effect: fx.RelayCheckpoint) -> None:
    """Bring the agreed checkpoint with its signatures to the public chain."""
    checkpoint = build_checkpoint(services, state, effect.sequence)
    head = agreed_head(state, effect.sequence)
    if head != head_of(checkpoint):
        raise ProtocolError(f"a quorum signed {head} for checkpoint {effect.sequence}, this node computes another")
    signatures = _good_signatures(services, state, checkpoint)[: state.ledger.members.quorum]
    previous = _previous(state, effect.sequence)
    services.send_public(services.public.anchor.anchor(previous, checkpoint, signatures))


def _good_signatures(services: Services, state: NodeState, checkpoint: Checkpoint) -> list[bytes]:
    """What the present delegates really signed, in the contract's order: anything can be posted as a signature."""
    anchor, members, head = services.public.anchor, state.ledger.members, head_of(checkpoint)
    message = checkpoint_digest(checkpoint, anchor.chain.chain_id, anchor.address)
    good: dict[Address, bytes] = {}
    for organisation, attested in state.attestations[checkpoint.sequence].items():
        if organisation in members.seats and attested.head == head:
            delegate = members.seats[organisation].delegate
            if _signer(message, attested.signature) == delegate:
                good[delegate] = attested.signature
    return [signature for _, signature in sorted(good.items())]


def _signer(message: bytes, signature: bytes) -> Address | None:
    try:
        return recover(message, signature)
    except FormatError:
        return None


def publish_awards(services: Services, state: NodeState, effect: fx.PublishAwards) -> None:
    """Show the distributor the checkpoint with the awards, and the later ones up to the head."""
    later = [state.anchored[sequence].checkpoint for sequence in sorted(state.anchored) if sequence >= effect.sequence]
    services.send_public(services.public.awards.publish(later))


def claim(services: Services, state: NodeState, effect: fx.ClaimAward) -> None:
    due = _due(state, effect.sequence)
    listed = awards_of(services.history.state_at(due.block, state.ledger), due, known_tasks(state.ledger, services))
    award = next(item for item in listed if item.index == effect.index)
    proof = awards_tree(effect.sequence, listed).proof(listed.index(award))
    leaf = AwardLeaf(effect.sequence, award.index, award.update_id, award.account, award.amount)
    services.send_public(services.public.awards.claim(leaf, proof))
    services.report_traffic()


def build_checkpoint(services: Services, state: NodeState, sequence: int) -> Checkpoint:
    """The checkpoint of ``sequence``, from this node's own records and the consortium as it is now."""
    due = _due(state, sequence)
    block_hash = services.private.rounds.chain.block(due.block).hash
    content = services.history.content(due, state.ledger, block_hash, known_tasks(state.ledger, services))
    members = state.ledger.members
    previous_head = state.anchored[sequence - 1].head if sequence > 1 else GENESIS_HEAD
    return content.checkpoint(
        previous_head=previous_head, consortium_digest=members.consortium_digest, epoch=members.epoch
    )


def _due(state: NodeState, sequence: int) -> Due:
    return state.ledger.due[sequence - 1]


def _previous(state: NodeState, sequence: int) -> Checkpoint:
    return state.anchored[sequence - 1].checkpoint if sequence > 1 else GENESIS
