"""Epochs as an audit sees them: who could sign when, and at which place of the bitmap."""

from __future__ import annotations

from unit.ledger.actors import (
    AURORA,
    BOREALIS,
    CONSORTIUM_ID,
    CUMULUS,
    MEMBERS,
    address_of_key,
    authority,
    delegate,
    private_key,
)
from unit.ledger.history import History

from orchestrator.audit.membership import Epoch, Membership, membership_of
from orchestrator.commitment.consortium import consortium_digest
from orchestrator.commitment.eip712 import Seat
from orchestrator.ledger.entities import Members
from orchestrator.ledger.members import NO_ADDRESS
from orchestrator.types import OrganisationId

DRAVA = OrganisationId("drava")


def changed() -> History:
    """``borealis`` rotates its delegate; then ``aurora`` leaves and ``drava`` joins."""
    history = History()
    fresh = address_of_key(private_key("delegate", BOREALIS, 2))
    history.tell("DelegateRotated", BOREALIS, organisation=BOREALIS, previous=delegate(BOREALIS), current=fresh)
    history.tell("MemberRemoved", BOREALIS, organisation=AURORA, authority=authority(AURORA))
    joined = {"same_transaction": True, "organisation": DRAVA}
    history.tell("MemberAdded", BOREALIS, **joined, authority=authority(DRAVA))
    history.tell("DelegateRotated", BOREALIS, **joined, previous=NO_ADDRESS, current=delegate(DRAVA))
    seats = [Seat(name, authority(name)) for name in (BOREALIS, CUMULUS, DRAVA)]
    digest = consortium_digest(CONSORTIUM_ID, 2, 2, seats)
    advanced = {"epoch": 2, "consortium_digest": digest, "quorum": 2, "members": "3"}
    history.tell("EpochAdvanced", BOREALIS, same_transaction=True, **advanced)
    return history


def test_epochs_keep_the_members_of_their_time() -> None:
    membership = membership_of(changed().records)
    first, second = membership.epochs[1], membership.epochs[2]
    assert first.order == MEMBERS
    assert second.order == (BOREALIS, CUMULUS, DRAVA)
    assert first.organisations(0b101) == (AURORA, CUMULUS)
    assert second.organisations(0b101) == (BOREALIS, DRAVA)
    assert second.organisations(0b1000) is None


def test_a_rotated_delegate_could_sign_in_the_epoch_of_its_rotation_only() -> None:
    membership = membership_of(changed().records)
    old, new = delegate(BOREALIS), address_of_key(private_key("delegate", BOREALIS, 2))
    assert membership.epochs[1].delegates[BOREALIS] == {old, new}
    assert membership.epochs[2].delegates[BOREALIS] == {new}
    assert membership.epochs[1].signer(delegate(DRAVA)) is None
    assert membership.epochs[2].signer(delegate(DRAVA)) == DRAVA
    assert membership.epochs[2].signer(delegate(AURORA)) is None


def test_a_certificate_is_held_to_the_quorum_of_its_time() -> None:
    small, large = Members(epoch=1, quorum=2), Members(epoch=2, quorum=4)
    membership = Membership({1: Epoch(small, 5), 2: Epoch(large, 90)}, large)
    assert [membership.quorum_in(block) for block in (5, 89, 90, 91)] == [2, 2, 2, 4]
