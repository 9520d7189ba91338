"""Consortium: ways through its code that the stories of the other files do not take."""

from __future__ import annotations

from brownie import Consortium
from contract_support import NOBODY, digest, membership_change, refused, sign_membership


def test_a_decision_of_another_consortium_is_refused(pair, parties, stranger):
    seats = [one.seat for one in parties]
    change = (digest("another"), *membership_change(pair, seats, 3)[1:])
    signatures = sign_membership(change, [one.authority for one in parties])
    with refused("ConsortiumWrongConsortium"):
        pair[0].changeMembership(change, signatures, {"from": stranger})
    assert pair[0].epoch() == 1


def test_a_founding_member_may_name_its_delegate_later(parties, deployer):
    one, two, three = parties
    without = (two.organisation, two.authority, NOBODY)
    made = deployer.deploy(Consortium, digest("c"), [one.member, without, three.member], 2)
    assert made.delegateOf(two.organisation) == NOBODY
    assert [event["organisation"] for event in made.tx.events["DelegateRotated"]] == [
        one.organisation,
        three.organisation,
    ]
    made.rotateDelegate(two.organisation, two.delegate, {"from": two.authority})
    assert made.organisationOf(two.delegate) == two.organisation


def test_a_member_without_a_delegate_moves_up_without_one(pair, parties, stranger):
    one, two, three = parties
    pair[0].revokeDelegate(three.organisation, {"from": three.authority})
    change = membership_change(pair, [two.seat, three.seat], 2)
    pair[0].changeMembership(change, sign_membership(change, [two.authority, three.authority]), {"from": stranger})
    assert pair[0].members() == (two.member, (three.organisation, three.authority, NOBODY))
    with refused("ConsortiumNotADelegate"):
        pair[0].organisationOf(three.delegate)
    with refused("ConsortiumNotADelegate"):  # nobody stands in the third place any more, nor does the zero address
        pair[0].signers([NOBODY])
    pair[0].rotateDelegate(three.organisation, stranger, {"from": three.authority})
    assert pair[0].signers([stranger]) == 0b10
    assert pair[0].formerOrganisationOf(one.delegate) == one.organisation
