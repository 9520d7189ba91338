"""Checkpoints that members of the tests signed."""

from __future__ import annotations

from typing import Any

from unit.ledger.actors import BOREALIS, private_key, sign, word_of

from orchestrator.commitment.checkpoints import checkpoint_digest
from orchestrator.disputes.signed import SignedCheckpoint
from orchestrator.ledger.checkpoint import Checkpoint, CheckpointContent
from orchestrator.types import Address, OrganisationId

PUBLIC_ID = 31337
ANCHOR = Address("0x" + "a2" * 20)
CONTENT = CheckpointContent(
    3, word_of("records"), 45, 1337, 21, word_of("block"), word_of("manifest"), word_of("awards")
)


def checkpoint(**changes: Any) -> Checkpoint:
    """The honest checkpoint 3, with other fields."""
    terms: dict[str, Any] = {"previous_head": word_of("head"), "consortium_digest": word_of("consortium"), "epoch": 1}
    own = {name: changes.pop(name) for name in list(changes) if name not in terms}
    honest = CONTENT.checkpoint(**(terms | changes))
    return Checkpoint(**({name: getattr(honest, name) for name in Checkpoint.__slots__} | own))


def signed(name: OrganisationId = BOREALIS, *, by: OrganisationId | None = None, **changes: Any) -> SignedCheckpoint:
    """By the delegate of ``by``, which is the organisation named unless somebody poses as it."""
    made = checkpoint(**changes)
    message = checkpoint_digest(made, PUBLIC_ID, ANCHOR)
    return SignedCheckpoint(made, name, sign(private_key("delegate", by or name), message), PUBLIC_ID, ANCHOR)
