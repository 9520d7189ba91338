"""Look-ups by organisation and by key."""

from __future__ import annotations

from contract_support import name, refused


def test_an_organisation_has_a_seat_and_two_keys(consortium, parties):
    two = parties[1]
    assert consortium.seatOf(two.organisation) == (True, 1)
    assert consortium.seatOf(name("nobody")) == (False, 0)
    assert consortium.authorityOf(two.organisation) == two.authority
    assert consortium.delegateOf(two.organisation) == two.delegate
    assert consortium.organisationOf(two.delegate) == two.organisation
    assert consortium.organisationOfAuthority(two.authority) == two.organisation


def test_signers_are_a_bitmap_by_member(consortium, parties):
    assert consortium.signers([parties[0].delegate, parties[2].delegate]) == 0b101
    assert consortium.authoritySigners([parties[1].authority]) == 0b010


def test_a_cold_key_is_no_delegate(consortium, parties, stranger):
    with refused("ConsortiumNotADelegate"):
        consortium.organisationOf(parties[1].authority)
    with refused("ConsortiumNotADelegate"):
        consortium.signers([parties[0].delegate, stranger])


def test_a_hot_key_is_no_authority(consortium, parties, stranger):
    with refused("ConsortiumNotAnAuthority"):
        consortium.organisationOfAuthority(parties[1].delegate)
    with refused("ConsortiumNotAnAuthority"):
        consortium.authoritySigners([stranger])


def test_only_members_have_keys(consortium):
    for look_up in (consortium.authorityOf, consortium.delegateOf):
        with refused("ConsortiumUnknownOrganisation"):
            look_up(name("nobody"))


def test_places_end_with_the_last_member(consortium):
    with refused("ConsortiumIndexOutOfRange"):
        consortium.memberAt(3)
