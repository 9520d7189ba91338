"""What one decision of a quorum of authorities does on both chains."""

from __future__ import annotations

from contract_support import (
    NOBODY,
    consortium_digest,
    digest,
    key,
    membership_change,
    refused,
    sign_membership,
)


def apply_everywhere(pair, change, signatures, sender):
    return [one.changeMembership(change, signatures, {"from": sender}) for one in pair]


def test_one_ceremony_admits_a_member_on_both_chains(pair, parties, newcomer, stranger):
    seats = [one.seat for one in parties] + [newcomer.seat]
    change = membership_change(pair, seats, 3)
    signatures = sign_membership(change, [parties[0].authority, parties[2].authority])
    for tx in apply_everywhere(pair, change, signatures, stranger):
        assert tx.events["MemberAdded"]["organisation"] == newcomer.organisation
        assert tuple(tx.events["QuorumChanged"].values()) == (2, 3)
        assert tx.events["EpochAdvanced"]["epoch"] == 2 and tx.events["EpochAdvanced"]["members"] == 4
    expected = consortium_digest(digest("c"), 2, 3, seats)
    assert [one.consortiumDigest() for one in pair] == [expected, expected]
    assert pair[0].delegateOf(newcomer.organisation) == NOBODY  # its authority names one
    pair[0].rotateDelegate(newcomer.organisation, newcomer.delegate, {"from": newcomer.authority})
    assert pair[0].signers([newcomer.delegate]) == 0b1000


def test_a_member_leaves_and_the_others_move_up(pair, parties, stranger):
    one, two, three = parties
    change = membership_change(pair, [one.seat, three.seat], 2)
    tx = apply_everywhere(pair, change, sign_membership(change, [one.authority, three.authority]), stranger)[0]
    assert tx.events["MemberRemoved"]["organisation"] == two.organisation
    assert pair[0].members() == (one.member, three.member)
    assert pair[0].signers([three.delegate]) == 0b10
    assert pair[0].seatOf(two.organisation) == (False, 0)
    assert pair[0].formerOrganisationOf(two.delegate) == two.organisation
    with refused("ConsortiumNotADelegate"):
        pair[0].signers([two.delegate])
    with refused("ConsortiumNotAnAuthority"):
        pair[0].authoritySigners([two.authority])


def test_a_lost_authority_is_replaced_and_its_delegate_stays(pair, parties, stranger):
    one, two, three = parties
    new = key("new authority")
    seats = [(one.organisation, new.address), two.seat, three.seat]
    change = membership_change(pair, seats, 2)
    tx = apply_everywhere(pair, change, sign_membership(change, [two.authority, three.authority]), stranger)[0]
    assert tuple(tx.events["AuthorityReplaced"].values()) == (one.organisation, one.authority, new)
    assert pair[0].delegateOf(one.organisation) == one.delegate
    with refused("ConsortiumNotAnAuthority"):
        pair[0].revokeDelegate(one.organisation, {"from": one.authority})
    pair[0].revokeDelegate(one.organisation, {"from": new})


def test_members_may_swap_authorities(pair, parties, stranger):
    one, two, three = parties
    seats = [(one.organisation, two.authority.address), (two.organisation, one.authority.address), three.seat]
    change = membership_change(pair, seats, 2)
    apply_everywhere(pair, change, sign_membership(change, [one.authority, two.authority]), stranger)
    assert pair[1].authorityOf(one.organisation) == two.authority
