"""A member never says two things in one session, not after a restart either."""

from __future__ import annotations

import stat
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.secagg.secagg_world import World, names, prekey, prekeys, terms, updates

from orchestrator.errors import KeystoreError
from orchestrator.secagg.book import REVEALED, Book, Statement
from orchestrator.secagg.member import Member
from orchestrator.secagg.refusal import Reason, SecaggRefused
from orchestrator.types import Digest

ONE = names(1)[0]
SESSION = Digest("0x" + "5e" * 32)


def restarted(world: World, path: Path) -> tuple[Member, Book]:
    """The same member in another process: its secrets and its book, nothing else."""
    book = Book(path)
    member = Member(world.terms, ONE, prekey(ONE)[0], book, own=world.members[ONE].own)
    member.take(world.announced, world.bundles)
    return member, book


def test_both_secrets_of_one_member_are_never_revealed(tmp_path: Path) -> None:
    """The chain tells of one dropout, then it is rewritten and tells of another: the second reveal is refused."""
    world = World(tmp_path, terms(4))
    world.dealt().sent(updates(world.terms))
    first = world.members[ONE].reveal(names(4)[:3])
    for survivors in (names(4), (names(4)[0], *names(4)[2:])):
        with pytest.raises(SecaggRefused, match="never will be") as caught:
            world.members[ONE].reveal(survivors)
        assert caught.value.reason is Reason.BOTH_SECRETS
    world.close()
    again, book = restarted(world, tmp_path / f"{ONE}.sqlite")
    with pytest.raises(SecaggRefused, match="never will be"):
        again.reveal(names(4))
    assert again.reveal(names(4)[:3]) == first, "the same may be said again"
    book.close()


@settings(max_examples=15, deadline=None)
@given(views=st.lists(st.sampled_from([*combinations(names(4), 3), names(4)]), min_size=2, max_size=4))
def test_whatever_a_holder_is_told_it_reveals_one_secret_of_each(
    views: list[tuple], tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = World(tmp_path_factory.mktemp("books"), terms(4))
    world.dealt()
    told: dict[str, set[str]] = {}
    for survivors in views:
        try:
            found = world.members[ONE].reveal(survivors)
        except SecaggRefused as error:
            assert error.reason is Reason.BOTH_SECRETS
            continue
        for item in found.shares:
            told.setdefault(item.of, set()).add(item.secret)
    assert told and all(len(secrets) == 1 for secrets in told.values())
    world.close()


def test_a_member_reveals_only_for_the_dealers_that_it_masked_against(tmp_path: Path) -> None:
    """The chain tells some of fewer dealers, and is rewritten: masks of those that it kept out then hide nothing."""
    world = World(tmp_path, terms(4)).dealt()
    victim, colluder, told, late = names(4)
    first = [{name: kept[name] for name in (victim, colluder, told)} for kept in (world.announced, world.bundles)]
    world.members[told].take(*first)
    world.members[told].mask(updates(world.terms)[told])
    world.members[told].take(world.announced, world.bundles)
    with pytest.raises(SecaggRefused, match="dealers org-3 in session") as caught:
        world.members[told].reveal((victim, colluder, late))
    assert caught.value.reason is Reason.SAID_OTHERWISE
    world.close()


def test_who_has_masked_gives_no_share_of_its_own_mask_key(tmp_path: Path) -> None:
    """Whatever the chain tells, it knows that it has not dropped out."""
    world = World(tmp_path, terms(4)).dealt().sent(updates(terms(4)))
    one, *others = names(4)
    assert one not in [item.of for item in world.members[one].reveal(others).shares]
    shown = world.members[others[0]].reveal(others).shares
    assert [item.secret for item in shown if item.of == one] == ["mask_key"]
    world.close()


def test_a_refused_reveal_leaves_nothing_in_the_book(tmp_path: Path) -> None:
    """Or the second attempt, with the right survivors, would meet what the first one left."""
    book = Book(tmp_path / "book.sqlite")
    book.claim(SESSION, [Statement(REVEALED, "b", "seed")])
    with pytest.raises(SecaggRefused):
        book.claim(SESSION, [Statement(REVEALED, "a", "mask_key"), Statement(REVEALED, "b", "mask_key")])
    assert book.said(SESSION, REVEALED, "a") is None
    assert book.said(SESSION, REVEALED, "b") == "seed"
    book.close()


def test_another_session_begins_anew(tmp_path: Path) -> None:
    book = Book(tmp_path / "book.sqlite")
    book.claim(SESSION, [Statement(REVEALED, "a", "seed")])
    book.claim(Digest("0x" + "5f" * 32), [Statement(REVEALED, "a", "mask_key")])
    book.close()


def test_an_update_is_masked_once(tmp_path: Path) -> None:
    """Two updates behind the same masks differ by what the updates differ by."""
    world = World(tmp_path, terms(3))
    units = updates(world.terms)
    first = world.dealt().members[ONE].mask(units[ONE])
    with pytest.raises(SecaggRefused) as caught:
        world.members[ONE].mask(units[ONE] // 2)
    assert caught.value.reason is Reason.SAID_OTHERWISE
    assert np.array_equal(world.members[ONE].mask(units[ONE]).words, first.words)
    world.close()
    again, book = restarted(world, tmp_path / f"{ONE}.sqlite")
    with pytest.raises(SecaggRefused, match="the next round has new keys"):
        again.mask(units[ONE] // 2)
    book.close()


def test_secrets_are_dealt_once(tmp_path: Path) -> None:
    world = World(tmp_path, terms(3))
    world.members[ONE].deal(prekeys(world.terms))
    with pytest.raises(SecaggRefused) as caught:
        world.members[ONE].deal(prekeys(world.terms))
    assert caught.value.reason is Reason.SAID_OTHERWISE
    world.close()


def test_the_book_is_private_and_damage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite"
    Book(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"no database" * 100)
    with pytest.raises(KeystoreError):
        Book(path)
