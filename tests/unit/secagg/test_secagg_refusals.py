"""Whoever lies, repeats or overflows gets an error by name, and honest members go on where they can."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from unit.secagg.secagg_world import World, names, prekey, prekeys, terms, updates

from orchestrator.errors import FormatError
from orchestrator.ledger.words import hex_word, word
from orchestrator.secagg.bundles import Bundle, check_bundle, deal, open_shares
from orchestrator.secagg.keys import Announcement, Secrets, check_announcement, pair_key
from orchestrator.secagg.masked import MaskedUpdate, check_masked
from orchestrator.secagg.member import Member
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.secagg.reveals import Reveal, check_reveal
from orchestrator.secagg.terms import Terms
from orchestrator.types import Digest, OrganisationId

ONE, TWO, THREE = names(3)
STRANGER = OrganisationId("stranger")


@pytest.fixture
def three() -> World:
    return World(found=terms(4, words=6))


class Refused:
    """``with Refused(Reason.X):`` expects that refusal, and nothing else."""

    def __init__(self, reason: Reason) -> None:
        self._reason, self._caught = reason, pytest.raises(SecaggRefused)

    def __enter__(self) -> None:
        self._info = self._caught.__enter__()

    def __exit__(self, *raised: object) -> bool:
        swallowed = self._caught.__exit__(*raised)  # type: ignore[arg-type]
        assert self._info.value.reason is self._reason
        assert str(self._info.value).startswith(f"{self._reason}: ")
        return bool(swallowed)


# -- terms


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"threshold": 4}, Reason.BAD_TERMS),  # half: two halves could be asked for two secrets
        ({"threshold": 9}, Reason.BAD_TERMS),
        ({"ring_bits": 16}, Reason.BAD_TERMS),
        ({"clip": 1 << 22, "most_weight": 64}, Reason.OVERFLOW),
        ({"clip": (1 << 23) - 1, "most_weight": 1 << 33, "ring_bits": 64, "count": 255}, Reason.OVERFLOW),
    ],
)
def test_terms_that_would_not_hide_or_not_hold(changes: dict[str, int], reason: Reason) -> None:
    with Refused(reason):
        terms(**({"count": 8} | changes))


def test_two_of_three_would_show_each_other_their_updates() -> None:
    """One that drops out is enough, and nobody has to cheat."""
    with pytest.raises(SecaggRefused, match="3 are the least"):
        terms(3, threshold=2)


@pytest.mark.parametrize("count", [1, 2])
def test_two_members_cannot_hide_from_each_other(count: int) -> None:
    with Refused(Reason.BAD_TERMS):
        terms(count, threshold=count)


def test_just_below_half_of_the_ring_is_allowed() -> None:
    assert terms(8, clip=(1 << 28) // 8 - 1, most_weight=8).most < 1 << 31
    with Refused(Reason.OVERFLOW):
        terms(8, clip=(1 << 28) // 8, most_weight=8)


def test_the_larger_ring_holds_whatever_a_fold_does() -> None:
    """Its whole grid, the weight 1 in 2**32 parts, and as many members as there can be."""
    assert terms(255, clip=(1 << 23) - 1, most_weight=1 << 32, ring_bits=64).most < 1 << 63


def test_terms_are_read_back_and_any_change_is_another_session() -> None:
    found = terms()
    assert Terms.from_bytes(found.to_bytes()) == found
    assert len({found.session, terms(round=2).session, terms(clip=5).session, terms(7).session}) == 4
    with pytest.raises(FormatError, match="unknown member"):
        Terms.from_document({**found.document(), "more": 1})


# -- overflow, before anything is sealed


@pytest.mark.parametrize("size", [(1 << 20) + 1, -(1 << 20) - 1])
def test_a_number_beyond_the_clip_is_not_masked(three: World, size: int) -> None:
    units = np.zeros(6, np.int64)
    units[3] = size
    with Refused(Reason.OVERFLOW):
        three.dealt().members[ONE].mask(units)


@pytest.mark.parametrize("weight", [0, 2, -1])
def test_a_weight_beyond_the_terms_is_not_masked(three: World, weight: int) -> None:
    with Refused(Reason.OVERFLOW):
        three.dealt().members[ONE].mask(np.zeros(6, np.int64), weight)


def test_an_update_of_another_size_is_not_masked(three: World) -> None:
    with Refused(Reason.OVERFLOW):
        three.dealt().members[ONE].mask(np.zeros(7, np.int64))


def test_who_masks_beyond_its_terms_all_the_same_spoils_the_sum_and_is_noticed(three: World) -> None:
    units = updates(three.terms)
    three.dealt().sent(units)
    spoilt = three.masked[TWO].words.copy()
    spoilt[:1] += np.uint32(1 << 29)  # arrays wrap as the protocol's words do; scalars would warn
    three.masked[TWO] = replace(three.masked[TWO], words=spoilt)
    three.revealed()
    with Refused(Reason.OUT_OF_RANGE):
        three.sum()


# -- replays and forgeries


def test_everything_of_another_round_is_refused() -> None:
    before = World(found=terms(3, words=4, round=1))
    before.dealt().sent(updates(before.terms)).revealed()
    now = terms(3, words=4, round=2)
    with Refused(Reason.REPLAYED):
        check_announcement(now, before.announced[ONE], ONE)
    with Refused(Reason.REPLAYED):
        check_bundle(now, before.bundles[ONE], ONE)
    with Refused(Reason.REPLAYED):
        check_masked(now, before.masked[ONE], ONE, names(3))
    with Refused(Reason.REPLAYED):
        check_reveal(now, before.reveals[ONE], ONE, before.bundles, names(3))


def test_nobody_speaks_for_another(three: World) -> None:
    three.dealt().sent(updates(three.terms)).revealed()
    dealers = names(4)
    with Refused(Reason.FORGED):
        check_announcement(three.terms, three.announced[ONE], TWO)
    with Refused(Reason.FORGED):
        check_bundle(three.terms, three.bundles[ONE], TWO)
    with Refused(Reason.FORGED):
        check_masked(three.terms, three.masked[ONE], TWO, dealers)
    with Refused(Reason.FORGED):
        check_reveal(three.terms, three.reveals[ONE], TWO, three.bundles, dealers)


def test_a_stranger_has_no_part(three: World) -> None:
    found = replace(three.members[ONE].announce(), organisation=STRANGER)
    with Refused(Reason.NOT_A_MEMBER):
        check_announcement(three.terms, found, STRANGER)
    with Refused(Reason.NOT_A_MEMBER):
        Member(three.terms, STRANGER, prekey(STRANGER)[0], three.books[ONE])


@pytest.mark.parametrize("key", ["0x" + "00" * 32, "0x01" + "00" * 31, "0x" + "ec" + "ff" * 30 + "7f"])
def test_a_key_of_low_order_is_none(three: World, key: str) -> None:
    """With such a key the secret of every pair would be known to all: zero."""
    forged = replace(three.members[ONE].announce(), mask_key=Digest(key))
    with Refused(Reason.BAD_KEY):
        check_announcement(three.terms, forged, ONE)


def test_who_copies_a_key_has_no_masks_of_its_owner_and_keeps_nobody_from_masking(three: World) -> None:
    three.dealt()
    one, key = three.announced[ONE], three.members[ONE].own.mask_key
    three.announced[TWO] = replace(three.announced[TWO], mask_key=one.mask_key)
    three.members[THREE].take(three.announced, three.bundles)
    three.members[THREE].mask(np.zeros(6, np.int64))
    other = three.announced[THREE]
    assert pair_key(three.terms, ONE, key, other) != pair_key(three.terms, TWO, key, other)


def test_a_prekey_that_is_none_costs_its_member_its_shares_and_nobody_else(three: World) -> None:
    made = three.members[ONE].deal(prekeys(three.terms) | {TWO: bytes(len(prekey(TWO)[1]))})
    again = Bundle.from_bytes(made.to_bytes())
    check_bundle(three.terms, again, ONE)
    open_shares(three.terms, again, THREE, prekey(THREE)[0])
    with Refused(Reason.BAD_DEAL):
        open_shares(three.terms, again, TWO, prekey(TWO)[0])
    with Refused(Reason.BAD_KEY):
        three.members[THREE].deal({ONE: prekey(ONE)[1]})


# -- dealing


def test_a_bundle_that_leaves_somebody_out(three: World) -> None:
    three.dealt()
    short = replace(three.bundles[ONE], holders=three.bundles[ONE].holders[1:])
    with Refused(Reason.BAD_DEAL):
        check_bundle(three.terms, short, ONE)


def test_shares_that_do_not_open_cost_one_holder_and_not_the_round(tmp_path: Path) -> None:
    """The holder knows at once, says so, and reveals the rest."""
    world = World(tmp_path, terms(4, words=6))
    units = updates(world.terms)
    world.dealt()
    bundle = world.bundles[ONE]
    swapped = replace(bundle.holders[1], sealed=bundle.holders[2].sealed)
    world.bundles[ONE] = replace(bundle, holders=(bundle.holders[0], swapped, *bundle.holders[2:]))
    cheated = Member(world.terms, TWO, prekey(TWO)[0], world.books[TWO], own=world.members[TWO].own)
    assert cheated.take(world.announced, world.bundles) == names(4)
    assert {name: error.reason for name, error in cheated.faults.items()} == {ONE: Reason.BAD_DEAL}
    world.members[TWO] = cheated
    found = world.sent(units).revealed().sum()
    assert np.array_equal(found.total, sum(units.values()))
    world.close()


def test_shares_that_are_not_the_committed_ones(three: World) -> None:
    three.dealt()
    bundle = three.bundles[ONE]
    wrong = replace(bundle.holders[1], seed=bundle.holders[2].seed)
    cheated = three.members[TWO]
    cheated.take(
        three.announced, three.bundles | {ONE: replace(bundle, holders=(bundle.holders[0], wrong, *bundle.holders[2:]))}
    )
    assert "another share of its seed than it says" in str(cheated.faults[ONE])


def test_a_dealer_whose_shares_do_not_make_its_key_is_named(three: World) -> None:
    """It commits to shares of other secrets: each holder finds its own in order, and the sum tells."""
    units = updates(three.terms)
    three.dealt()
    three.bundles[ONE] = deal(three.terms, ONE, Secrets.made(), prekeys(three.terms))
    for member in three.members.values():
        member.take(three.announced, three.bundles)
    three.sent(units).revealed()
    with pytest.raises(SecaggRefused, match="the shares that org-1 dealt do not make the seed") as caught:
        three.sum()
    assert caught.value.reason is Reason.BAD_DEAL


# -- masked updates


def test_masks_against_other_dealers_would_not_cancel(three: World) -> None:
    three.dealt().sent(updates(three.terms))
    with Refused(Reason.WRONG_DEALERS):
        check_masked(three.terms, three.masked[ONE], ONE, names(3))
    with Refused(Reason.WRONG_DEALERS):
        World(found=three.terms).members[ONE].mask(np.zeros(6, np.int64))


def test_masked_bytes_are_read_back_and_nothing_else(three: World) -> None:
    three.dealt().sent(updates(three.terms))
    data = three.masked[ONE].to_bytes()
    again = MaskedUpdate.from_bytes(data, three.terms)
    assert again == three.masked[ONE]
    assert np.array_equal(again.words, three.masked[ONE].words)
    for wrong in (data[:-1], data + b"\0", data[1:], b"", data[:8] + b"\xff\xff\xff\xff" + data[12:]):
        with Refused(Reason.BAD_FORMAT):
            MaskedUpdate.from_bytes(wrong, three.terms)


def test_documents_are_read_back(three: World) -> None:
    three.dealt().sent(updates(three.terms)).revealed()
    for found in (three.announced[ONE], three.bundles[ONE], three.reveals[ONE]):
        assert type(found).from_bytes(found.to_bytes()) == found
    for kind, found in ((Announcement, three.announced), (Bundle, three.bundles), (Reveal, three.reveals)):
        with pytest.raises(FormatError):
            kind.from_document({**found[ONE].document(), "version": 2})


# -- reveals


def test_a_wrong_share_is_named_and_left_out() -> None:
    world = World()
    units = updates(world.terms)
    world.dealt().sent(units).revealed()
    liar, found = names(8)[6], world.reveals[names(8)[6]]
    wrong = replace(found.shares[0], share=hex_word(word(found.shares[0].share)[:-1] + b"\0"))
    world.reveals[liar] = replace(found, shares=(wrong, *found.shares[1:]))
    total = world.sum()
    assert {name: error.reason for name, error in total.faults.items()} == {liar: Reason.WRONG_SHARE}
    assert np.array_equal(total.total, sum(units.values()))


def test_as_many_liars_as_leave_too_few_shares_are_named(three: World) -> None:
    three.dealt().sent(updates(three.terms)).revealed()
    for liar in (ONE, TWO):
        found = three.reveals[liar]
        three.reveals[liar] = replace(found, shares=(replace(found.shares[0], share=found.shares[1].share),))
    with pytest.raises(SecaggRefused, match=r"WRONG_SHARE: org-1 .*WRONG_SHARE: org-2 ") as caught:
        three.sum()
    assert caught.value.reason is Reason.TOO_FEW


def test_a_reveal_for_other_survivors_is_left_out(three: World) -> None:
    three.dealt().sent(updates(three.terms)).revealed()
    with Refused(Reason.WRONG_SURVIVORS):
        check_reveal(three.terms, three.reveals[ONE], ONE, three.bundles, names(3))


def test_a_reveal_of_the_other_secret_is_refused(three: World) -> None:
    three.dealt().sent(updates(three.terms)).revealed()
    found = three.reveals[ONE]
    other = replace(found.shares[0], secret="mask_key")
    with Refused(Reason.BOTH_SECRETS):
        check_reveal(three.terms, replace(found, shares=(other,)), ONE, three.bundles, names(4))
    with Refused(Reason.BOTH_SECRETS):
        check_reveal(
            three.terms, replace(found, shares=(found.shares[0], found.shares[0])), ONE, three.bundles, names(4)
        )


def test_a_survivor_that_never_dealt_is_no_survivor(three: World) -> None:
    three.dealt(without=names(4)[3:])
    with Refused(Reason.WRONG_SURVIVORS):
        three.members[ONE].reveal(names(4))
