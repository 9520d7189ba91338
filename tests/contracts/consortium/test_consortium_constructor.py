"""Founding: what the first members must be, and what the contract tells of them."""

from __future__ import annotations

import pytest
from brownie import Consortium
from contract_support import ZERO, consortium_digest, digest, name
from reverting import refuses_to_deploy


def refuses_members(error, members, quorum=2):
    refuses_to_deploy(error, Consortium, digest("c"), members, quorum)


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


@pytest.mark.parametrize("quorum", [0, 1, 4])
def test_a_quorum_is_a_majority_that_exists(parties, quorum):
    refuses_members("ConsortiumQuorumInvalid", [one.member for one in parties], quorum)


def test_more_members_than_a_bitmap_holds_are_refused(parties):
    refuses_members("ConsortiumTooManyMembers", [parties[0].member] * 256, 129)


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("ConsortiumDuplicateOrganisation", {0: 0}),
        ("ConsortiumInvalidAuthority", {1: 1}),
        ("ConsortiumInvalidDelegate", {2: 2}),
        ("ConsortiumInvalidDelegate", {2: 1}),  # a cold key is no hot key
    ],
)
def test_founding_members_are_distinct(parties, error, changes):
    """The third member takes over a part of the first one."""
    one, two, three = (entry.member for entry in parties)
    wrong = tuple(one[changes[place]] if place in changes else part for place, part in enumerate(three))
    refuses_members(error, [one, two, wrong])


def test_no_organisation_is_without_a_name(parties):
    one, two, three = (entry.member for entry in parties)
    refuses_members("ConsortiumInvalidOrganisation", [one, two, (ZERO, *three[1:])])


@pytest.mark.parametrize(
    "wrong",
    ["Aurora", "1st", "-a", "a b", "a_b", "a.b", "aü", "a" * 32, "a\0b", ""],
)
def test_a_name_is_one_that_every_reader_writes(parties, wrong):
    """Another one would stop the fold of all members, who could not even say whom to remove."""
    refuses_members("ConsortiumInvalidOrganisation", [(name(wrong), *parties[0].member[1:])], quorum=1)


@pytest.mark.parametrize("right", ["a", "a-", "z9", "a" * 31])
def test_names_up_to_their_full_length(parties, deployer, right):
    made = deployer.deploy(Consortium, digest("c"), [(name(right), *parties[0].member[1:])], 1)
    assert made.seatOf(name(right)) == (True, 0)
