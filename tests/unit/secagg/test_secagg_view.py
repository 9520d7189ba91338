"""What an aggregator sees of one member: words that are uniform, before and after it takes away all that it can."""

from __future__ import annotations

import numpy as np
import pytest
from unit.secagg.secagg_world import LEDGER, World, names, prekeys, terms, updates

from benchmarks.harness import Outcome, Preset, Result, markdown
from benchmarks.secagg import report
from benchmarks.secagg.__main__ import plan, work
from benchmarks.secagg.uniform import of_words
from orchestrator.envelope import Context, seal
from orchestrator.ledger.canonical import sha256
from orchestrator.secagg.keys import pair_key, self_key
from orchestrator.secagg.masks import add_stream, sign
from orchestrator.types import ZERO_DIGEST, protected

WORDS = 1_000_000
FAR = 6.0
"""Standard deviations: a uniform stream goes beyond them once in a billion draws."""


def uniform(words: np.ndarray) -> bool:
    return all(abs(found) < FAR for found in of_words(words))


@pytest.fixture(scope="module")
def big() -> World:
    """Eight members with the kind of update that hides worst: small numbers, most of them alike."""
    world = World(found=terms(8, words=WORDS, ring_bits=64))
    drawn = np.random.default_rng(1)
    units = {name: drawn.integers(-3, 4, WORDS) for name in world.terms.parties}
    world.dealt().sent(units, without=names(8)[6:])
    return world


def test_the_test_tells_an_update_in_the_open(big: World) -> None:
    """A control: one that nothing hides, and one whose sum with another is known."""
    plain = updates(terms(3, words=WORDS))[names(3)[0]].astype(np.uint64)
    assert not uniform(plain)
    assert not uniform(big.masked[names(8)[0]].words // 2)


def test_a_masked_update_is_uniform(big: World) -> None:
    assert uniform(big.masked[names(8)[0]].words)


def test_it_is_uniform_without_all_masks_that_are_ever_revealed(big: World) -> None:
    """After the reveals everybody can take away a member's own mask, and those with the two that dropped out."""
    for name in (names(8)[0], names(8)[3]):
        view = big.masked[name].words.copy()
        add_stream(view, self_key(big.terms, name, big.members[name].own.seed), -1)
        for gone in names(8)[6:]:
            key = pair_key(big.terms, gone, big.members[gone].own.mask_key, big.announced[name])
            add_stream(view, key, -sign(name, gone))
        assert uniform(view)


def test_what_two_members_sent_is_uniform_together(big: World) -> None:
    """Their sum: the mask of the two is gone from it, and those with the others are not."""
    one, two = names(8)[:2]
    view = big.masked[one].words + big.masked[two].words
    for name in (one, two):
        add_stream(view, self_key(big.terms, name, big.members[name].own.seed), -1)
    assert uniform(view)


def test_the_sum_of_all_is_what_is_left(big: World) -> None:
    found = big.revealed().sum()
    assert int(np.abs(found.total).max()) <= 18
    assert not uniform(found.total.astype(np.uint64))


@pytest.mark.parametrize(("ring_bits", "most"), [(32, 1.2), (64, 2.2)])
def test_bytes_beside_those_of_plain_fp32(ring_bits: int, most: float) -> None:
    """All that a member of eight puts on IPFS, sealed, for B of rank 8 on q and v of a model as SmolLM2-135M."""
    numbers = (576 + 192) * 8 * 30
    world = World(found=terms(8, words=numbers, ring_bits=ring_bits))
    world.dealt().sent(updates(world.terms)).revealed()
    one = names(8)[0]
    delta = protected(world.masked[one].to_bytes(), policy="secagg", samples=0, epsilon=0, parent_manifest=ZERO_DIGEST)
    sealed, _ = seal(delta, Context(1337, LEDGER, 1, one), prekeys(world.terms))
    documents = (world.announced[one], world.bundles[one], world.reveals[one])
    sent = len(sealed.payload) + len(sealed.header) + sum(len(found.to_bytes()) for found in documents)
    assert sent / (4 * numbers) < most < 3


def test_no_two_masks_of_a_session_are_alike() -> None:
    world = World(found=terms(4, words=64)).dealt()
    keys = [self_key(world.terms, name, member.own.seed) for name, member in world.members.items()]
    for name, member in world.members.items():
        keys += [pair_key(world.terms, name, member.own.mask_key, world.announced[o]) for o in names(4) if o > name]
    assert len({sha256(key) for key in keys}) == 4 + 6


def test_the_benchmark_has_a_page_that_judges_what_it_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "A_MODEL", 512)
    cells = [{"part": "round", "members": 4, "gone": 1, "words": 512, "ring": ring} for ring in (32, 64)]
    figures = [work(cell) for cell in cells]
    assert figures[0]["times"] == sum(figures[0]["sizes"].values()) / 2048 > 3
    cells.append({"part": "uniform", "members": 8, "gone": 2})
    figures.append({"masked": [0.5, -1.5], "bare": [1e6, 2e6]})
    outcomes = tuple(Outcome(cell, "done", made) for cell, made in zip(cells, figures, strict=True))
    about = ("secagg", "default", (), "none", "make bench-secagg", "c", "0x" + "a" * 64, "2026-01-01", {}, ())
    result = Result(*about, (*outcomes, Outcome({**cells[0], "words": 1 << 20})))
    assert [verdict for *_, verdict in report.limits(result)] == ["does not hold", "holds"], "the large ring has none"
    assert len(report.broken(result)) == 1
    page = markdown(report.report(result), result)
    assert "| 4, 1 | 512 | 2^32 | " in page and "not run" in page
    assert {cell["part"] for cell in plan(Preset("default", 60.0)).cells} == {"round", "uniform"}


def test_the_same_secrets_make_other_masks_in_another_session() -> None:
    """A member that kept its secrets over two rounds by mistake would still not send two updates behind one mask."""
    here, there = World(found=terms(3, round=1)).dealt(), World(found=terms(3, round=2)).dealt()
    own, (one, two, _) = here.members[names(3)[0]].own, names(3)
    assert self_key(here.terms, one, own.seed) != self_key(there.terms, one, own.seed)
    other = here.announced[two]
    assert pair_key(here.terms, one, own.mask_key, other) != pair_key(there.terms, one, own.mask_key, other)
