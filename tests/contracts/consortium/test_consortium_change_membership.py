"""Which changes of membership are refused; what one does is in test_consortium_ceremonies.py."""

from __future__ import annotations

import pytest
from brownie import Consortium
from contract_support import NOBODY, digest, membership_change, name, refuses, sign_membership
from reverting import MALFORMED, refuses_strangers


@pytest.fixture
def admission(pair, parties, newcomer):
    """A change that is in order: one member more."""
    return membership_change(pair, [entry.seat for entry in parties] + [newcomer.seat], 3)


@pytest.fixture
def signers(parties):
    return [parties[0].authority, parties[1].authority]


def test_it_needs_a_quorum(pair, parties, admission, stranger):
    alone = sign_membership(admission, [parties[0].authority])
    refuses("ConsortiumQuorumMissed", pair[0].changeMembership, admission, alone, sender=stranger)


def test_it_needs_cold_keys(pair, parties, admission, stranger):
    signatures = sign_membership(admission, [parties[0].authority, parties[1].delegate])
    refuses("ConsortiumNotAnAuthority", pair[0].changeMembership, admission, signatures, sender=stranger)


def test_it_needs_distinct_signers_in_order(pair, parties, admission, signers, stranger):
    twice = sign_membership(admission, [parties[0].authority] * 2)
    backwards = sign_membership(admission, signers)[::-1]
    for wrong in (twice, backwards):
        refuses("SignaturesNotAscending", pair[0].changeMembership, admission, wrong, sender=stranger)


def test_signatures_of_other_content_recover_to_strangers(pair, parties, admission, signers, stranger):
    other = membership_change(pair, [one.seat for one in parties[:2]], 2)
    signatures = sign_membership(admission, signers)
    error, method = "ConsortiumNotAnAuthority", pair[0].changeMembership
    refuses_strangers(error, method, other, signatures=signatures, sender=stranger)


@pytest.mark.parametrize("error", ["ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"])
def test_signatures_are_made_by_a_key(pair, admission, stranger, error):
    refuses(error, pair[0].changeMembership, admission, [MALFORMED[error]] * 2, sender=stranger)


def test_governance_waits_for_the_binding(parties, deployer, pair):
    unbound = deployer.deploy(Consortium, digest("c"), [one.member for one in parties], 2)
    change = membership_change(pair, [one.seat for one in parties[:2]], 2)
    refuses("ConsortiumNotBound", unbound.changeMembership, change, [], sender=deployer)


def test_a_decision_is_good_once_on_each(pair, admission, signers, stranger):
    signatures = sign_membership(admission, signers)
    for one in pair:
        one.changeMembership(admission, signatures, {"from": stranger})
        refuses("ConsortiumWrongEpoch", one.changeMembership, admission, signatures, sender=stranger)


def test_more_members_than_a_bitmap_holds_are_refused(pair, parties, stranger):
    change = membership_change(pair, [parties[0].seat] * 256, 129)
    refuses("ConsortiumTooManyMembers", pair[0].changeMembership, change, [], sender=stranger)


class TestRulesThatHoldForEver:
    """Signed by a quorum, and refused all the same."""

    @pytest.fixture
    def refuses_change(self, pair, signers, stranger):
        def check(error, seats, quorum=2, epoch=2, of=pair):
            change = membership_change(of, seats, quorum, epoch)
            refuses(error, pair[0].changeMembership, change, sign_membership(change, signers), sender=stranger)

        return check

    def test_the_quorum_is_a_majority_that_exists(self, refuses_change, parties):
        one, two, three = (entry.seat for entry in parties)
        refuses_change("ConsortiumQuorumInvalid", [one, two, three], quorum=1)
        refuses_change("ConsortiumQuorumInvalid", [one])

    def test_the_epoch_is_the_next_one(self, refuses_change, parties):
        refuses_change("ConsortiumWrongEpoch", [one.seat for one in parties[:2]], epoch=3)

    def test_members_that_stay_keep_their_order(self, refuses_change, parties):
        one, two, _ = (entry.seat for entry in parties)
        refuses_change("ConsortiumSeatsOutOfOrder", [two, one])

    def test_an_organisation_is_a_member_once(self, refuses_change, parties):
        one, two, _ = (entry.seat for entry in parties)
        refuses_change("ConsortiumDuplicateOrganisation", [one, two, two])

    def test_a_new_member_has_a_name(self, refuses_change, parties, newcomer):
        one, two, _ = (entry.seat for entry in parties)
        refuses_change("ConsortiumInvalidOrganisation", [one, two, (name("No Name"), newcomer.authority.address)])

    def test_an_authority_is_a_fresh_address(self, refuses_change, parties, newcomer):
        one, two, _ = (entry.seat for entry in parties)
        for wrong in (NOBODY, parties[0].authority.address):
            refuses_change("ConsortiumInvalidAuthority", [one, two, (newcomer.organisation, wrong)])

    def test_it_names_this_pair_of_contracts(self, refuses_change, pair, parties, stranger):
        seats = [entry.seat for entry in parties[:2]]
        refuses_change("ConsortiumWrongConsortium", seats, of=(pair[0], stranger))


class TestWhoWasSomebodyElse:
    """Naming a delegate takes no proof of its key, and names carry more than a seat."""

    @pytest.fixture
    def change(self, pair, parties, stranger):
        def make(seats, quorum=2, epoch=2):
            agreed = membership_change(pair, seats, quorum, epoch)
            signatures = sign_membership(agreed, [one.authority for one in parties[:2]])
            return [one.changeMembership(agreed, signatures, {"from": stranger}) for one in pair][1]

        return make

    def test_a_squatted_address_becomes_an_authority_all_the_same(self, pair, parties, newcomer, change):
        squatter, seats = parties[2], [entry.seat for entry in parties]
        pair[1].rotateDelegate(squatter.organisation, newcomer.authority, {"from": squatter.authority})
        events = change([*seats, newcomer.seat], 3).events
        told = (squatter.organisation, newcomer.authority.address, NOBODY)
        assert tuple(events["DelegateRotated"].values()) == told
        assert pair[1].delegateOf(squatter.organisation) == NOBODY
        assert pair[1].organisationOfAuthority(newcomer.authority) == newcomer.organisation
        assert pair[0].consortiumDigest() == pair[1].consortiumDigest()

    def test_so_does_one_that_was_a_delegate_once(self, pair, parties, newcomer, change):
        one = parties[2]
        former = one.delegate
        pair[1].rotateDelegate(one.organisation, newcomer.delegate, {"from": one.authority})
        change([entry.seat for entry in parties[:2]] + [(one.organisation, former.address)])
        assert pair[1].authorityOf(one.organisation) == former

    def test_a_name_comes_back_with_its_authority_only(self, pair, parties, newcomer, change, stranger):
        one, two, three = (entry.seat for entry in parties)
        change([one, two])
        taken = membership_change(pair, [one, two, (three[0], newcomer.authority.address)], 2, 3)
        signatures = sign_membership(taken, [entry.authority for entry in parties[:2]])
        refuses("ConsortiumNameTaken", pair[1].changeMembership, taken, signatures, sender=stranger)
        change([one, two, three], epoch=3)
        assert pair[1].authorityOf(three[0]) == three[1]
