"""Membership: cold authorities, hot delegates, one decision for both chains."""

from __future__ import annotations

import pytest
from brownie import Consortium, web3
from contract_support import (
    NOBODY,
    ZERO,
    consortium_digest,
    digest,
    identity,
    key,
    membership_change,
    name,
    party,
    refused,
    refuses,
    sign_membership,
    sign_pause,
)


@pytest.fixture(scope="module")
def newcomer():
    return party("dorado")


def apply_everywhere(pair, change, signatures, sender):
    return [one.changeMembership(change, signatures, {"from": sender}) for one in pair]


def test_the_constructor_tells_the_whole_state(parties, deployer):
    made = deployer.deploy(Consortium, digest("c"), [one.member for one in parties], 2)
    assert [event["organisation"] for event in made.tx.events["MemberAdded"]] == [one.organisation for one in parties]
    assert [event["current"] for event in made.tx.events["DelegateRotated"]] == [one.delegate for one in parties]
    expected = consortium_digest(digest("c"), 1, 2, [one.seat for one in parties])
    assert made.tx.events["EpochAdvanced"]["consortiumDigest"] == expected
    assert made.current() == (1, 2, expected)
    assert made.members() == tuple(one.member for one in parties)
    assert made.memberAt(1) == parties[1].member and made.memberCount() == 3
    assert made.seats() == tuple(one.seat for one in parties)
    assert made.consortiumId() == digest("c")


def test_views_by_organisation_and_by_key(consortium, parties, stranger):
    two = parties[1]
    assert consortium.seatOf(two.organisation) == (True, 1)
    assert consortium.seatOf(name("nobody")) == (False, 0)
    assert consortium.authorityOf(two.organisation) == two.authority
    assert consortium.delegateOf(two.organisation) == two.delegate
    assert consortium.organisationOf(two.delegate) == two.organisation
    assert consortium.organisationOfAuthority(two.authority) == two.organisation
    assert consortium.signers([parties[0].delegate, parties[2].delegate]) == 0b101
    assert consortium.authoritySigners([two.authority]) == 0b010
    with refused("ConsortiumNotADelegate"):
        consortium.organisationOf(two.authority)
    with refused("ConsortiumNotAnAuthority"):
        consortium.organisationOfAuthority(two.delegate)
    with refused("ConsortiumNotADelegate"):
        consortium.signers([parties[0].delegate, stranger])
    with refused("ConsortiumNotAnAuthority"):
        consortium.authoritySigners([stranger])
    with refused("ConsortiumUnknownOrganisation"):
        consortium.authorityOf(name("nobody"))
    with refused("ConsortiumIndexOutOfRange"):
        consortium.memberAt(3)


@pytest.mark.parametrize("quorum", [0, 1, 4])
def test_a_quorum_is_a_majority_that_exists(parties, deployer, quorum):
    with refused("ConsortiumQuorumInvalid"):
        deployer.deploy(Consortium, digest("c"), [one.member for one in parties], quorum)


def test_founding_members_are_distinct(parties, deployer):
    one, two, three = (entry.member for entry in parties)
    wrong = {
        "ConsortiumDuplicateOrganisation": [one, two, (one[0], three[1], three[2])],
        "ConsortiumInvalidAuthority": [one, two, (three[0], one[1], three[2])],
        "ConsortiumInvalidDelegate": [one, two, (three[0], three[1], one[2])],
        "ConsortiumInvalidOrganisation": [one, two, (ZERO, three[1], three[2])],
    }
    for error, members in wrong.items():
        with refused(error):
            deployer.deploy(Consortium, digest("c"), members, 2)
    with refused("ConsortiumInvalidDelegate"):  # a cold key is no hot key
        deployer.deploy(Consortium, digest("c"), [one, two, (three[0], three[1], one[1])], 2)


@pytest.mark.parametrize(
    "wrong",
    ["Aurora", "1st", "-a", "a b", "a_b", "a.b", "aü", "a" * 32, "a\0b", ""],
)
def test_a_name_is_one_that_every_reader_writes(parties, deployer, wrong):
    """Another one would stop the fold of all members, who could not even say whom to remove."""
    members = [(name(wrong), *parties[0].member[1:])]
    with refused("ConsortiumInvalidOrganisation"):
        deployer.deploy(Consortium, digest("c"), members, 1)


@pytest.mark.parametrize("right", ["a", "a-", "z9", "a" * 31])
def test_names_up_to_their_full_length(parties, deployer, right):
    made = deployer.deploy(Consortium, digest("c"), [(name(right), *parties[0].member[1:])], 1)
    assert made.seatOf(name(right)) == (True, 0)


def test_more_members_than_a_bitmap_holds_are_refused(pair, parties, stranger):
    change = membership_change(pair, [parties[0].seat] * 256, 129)
    refuses("ConsortiumTooManyMembers", pair[0].changeMembership, change, [], sender=stranger)


def test_only_the_deployer_binds_and_only_once(parties, deployer, stranger):
    one, two = (deployer.deploy(Consortium, digest("c"), [each.member for each in parties], 2) for _ in range(2))
    chain = web3.chain_id
    refuses("ConsortiumNotDeployer", one.bind, chain, one, chain, two, sender=stranger)
    for wrong in ((chain, two, chain, two), (chain, one, chain, one), (chain + 1, one, chain, two)):
        refuses("ConsortiumWrongBinding", one.bind, *wrong, sender=deployer)
    refuses("ConsortiumWrongBinding", one.bind, chain, one, 1337, NOBODY, sender=deployer)
    assert one.bind(chain, one, 1337, two, {"from": deployer}).events["ConsortiumBound"]["privateChainId"] == 1337
    assert one.binding() == (chain, one, 1337, two)
    refuses("ConsortiumAlreadyBound", one.bind, chain, one, chain, two, sender=deployer)


def test_governance_waits_for_the_binding(parties, deployer, pair):
    unbound = deployer.deploy(Consortium, digest("c"), [one.member for one in parties], 2)
    change = membership_change(pair, [one.seat for one in parties[:2]], 2)
    refuses("ConsortiumNotBound", unbound.changeMembership, change, [], sender=deployer)


def test_an_authority_rotates_its_delegate_at_once(consortium, parties):
    one, new = parties[0], key("new delegate")
    digest_before = consortium.consortiumDigest()
    tx = consortium.rotateDelegate(one.organisation, new, {"from": one.authority})
    assert dict(tx.events["DelegateRotated"]) == {
        "organisation": one.organisation,
        "previous": one.delegate,
        "current": new,
    }
    assert consortium.organisationOf(new) == one.organisation
    assert consortium.formerOrganisationOf(one.delegate) == one.organisation
    assert consortium.consortiumDigest() == digest_before
    with refused("ConsortiumNotADelegate"):
        consortium.organisationOf(one.delegate)


def test_only_the_own_authority_touches_a_delegate(consortium, parties, stranger):
    one, two = parties[:2]
    for sender in (two.authority, one.delegate, stranger):
        refuses("ConsortiumNotAnAuthority", consortium.rotateDelegate, one.organisation, key("other"), sender=sender)
        refuses("ConsortiumNotAnAuthority", consortium.revokeDelegate, one.organisation, sender=sender)
    refuses(
        "ConsortiumUnknownOrganisation", consortium.rotateDelegate, name("nobody"), key("other"), sender=one.authority
    )


def test_a_delegate_serves_once(consortium, parties):
    one, two = parties[:2]
    for used in (one.delegate, two.delegate, two.authority, NOBODY):
        refuses("ConsortiumInvalidDelegate", consortium.rotateDelegate, one.organisation, used, sender=one.authority)
    consortium.rotateDelegate(one.organisation, key("second"), {"from": one.authority})
    # a former delegate never comes back
    refuses(
        "ConsortiumInvalidDelegate", consortium.rotateDelegate, one.organisation, one.delegate, sender=one.authority
    )


def test_a_revoked_delegate_is_gone_but_remembered(consortium, parties):
    one = parties[0]
    tx = consortium.revokeDelegate(one.organisation, {"from": one.authority})
    assert tx.events["DelegateRotated"]["current"] == NOBODY
    assert consortium.delegateOf(one.organisation) == NOBODY
    assert consortium.formerOrganisationOf(one.delegate) == one.organisation
    with refused("ConsortiumNotADelegate"):
        consortium.organisationOf(one.delegate)
    refuses("ConsortiumInvalidDelegate", consortium.revokeDelegate, one.organisation, sender=one.authority)


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
    for one in pair:  # good once on each
        refuses("ConsortiumWrongEpoch", one.changeMembership, change, signatures, sender=stranger)


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


def test_a_change_needs_a_quorum_of_present_authorities(pair, parties, newcomer, stranger):
    one, two, _ = parties
    change = membership_change(pair, [entry.seat for entry in parties] + [newcomer.seat], 3)
    cases = {
        "ConsortiumQuorumMissed": sign_membership(change, [one.authority]),
        "ConsortiumNotAnAuthority": sign_membership(change, [one.authority, two.delegate]),
        "SignaturesNotAscending": sign_membership(change, [one.authority, one.authority]),
    }
    for error, signatures in cases.items():
        refuses(error, pair[0].changeMembership, change, signatures, sender=stranger)
    with refused("SignaturesNotAscending"):
        backwards = sign_membership(change, [one.authority, two.authority])[::-1]
        pair[0].changeMembership(change, backwards, {"from": stranger})
    with refused("ConsortiumNotAnAuthority"):  # signatures of other content recover to strangers
        other = membership_change(pair, [one.seat, two.seat], 2)
        pair[0].changeMembership(other, sign_membership(change, [one.authority, two.authority]), {"from": stranger})


def test_a_change_is_refused_by_rules_that_hold_for_ever(pair, parties, newcomer, stranger):
    one, two, three = parties
    signers = [one.authority, two.authority]
    cases = [
        ("ConsortiumQuorumInvalid", membership_change(pair, [one.seat, two.seat, three.seat], 1)),
        ("ConsortiumQuorumInvalid", membership_change(pair, [one.seat], 2)),
        ("ConsortiumWrongEpoch", membership_change(pair, [one.seat, two.seat], 2, epoch=3)),
        ("ConsortiumSeatsOutOfOrder", membership_change(pair, [two.seat, one.seat], 2)),
        ("ConsortiumDuplicateOrganisation", membership_change(pair, [one.seat, two.seat, two.seat], 2)),
        (
            "ConsortiumInvalidAuthority",
            membership_change(pair, [one.seat, two.seat, (newcomer.organisation, NOBODY)], 2),
        ),
        (
            "ConsortiumInvalidAuthority",
            membership_change(pair, [one.seat, two.seat, (newcomer.organisation, one.delegate.address)], 2),
        ),
        ("ConsortiumWrongConsortium", membership_change((pair[0], stranger), [one.seat, two.seat], 2)),
    ]
    for error, change in cases:
        refuses(error, pair[0].changeMembership, change, sign_membership(change, signers), sender=stranger)


def test_pause_and_resume_are_signed_like_a_change(pair, parties, stranger):
    signers = [parties[0].authority, parties[1].authority]
    pause = (*identity(*pair), 1, 0, True)
    for one in pair:
        assert one.setPaused(pause, sign_pause(pause, signers), {"from": stranger}).events["Paused"]["nonce"] == 0
        assert one.paused() and one.pauseNonce() == 1
        refuses("ConsortiumNonceUsed", one.setPaused, pause, sign_pause(pause, signers), sender=stranger)
    again = (*identity(*pair), 1, 1, True)
    refuses("ConsortiumPauseUnchanged", pair[0].setPaused, again, sign_pause(again, signers), sender=stranger)
    resume = (*identity(*pair), 1, 5, False)  # gaps are allowed
    refuses("ConsortiumQuorumMissed", pair[0].setPaused, resume, sign_pause(resume, signers[:1]), sender=stranger)
    with refused("ConsortiumNotAnAuthority"):
        delegates = [one.delegate for one in parties[:2]]
        pair[0].setPaused(resume, sign_pause(resume, delegates), {"from": stranger})
    assert pair[0].setPaused(resume, sign_pause(resume, signers), {"from": stranger}).events["Resumed"]["nonce"] == 5
    assert not pair[0].paused()
    late = (*identity(*pair), 2, 9, True)
    refuses("ConsortiumWrongEpoch", pair[0].setPaused, late, sign_pause(late, signers), sender=stranger)
