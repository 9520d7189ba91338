"""The sum is the plain one, bit for bit, whoever drops out within the threshold, and a named error beyond it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.secagg.secagg_world import World, names, terms, updates

from orchestrator.aggregation.fixed_point import weighted_sum
from orchestrator.ledger.masked_rounds import LEAST_OWNERS
from orchestrator.secagg.recover import opened, without
from orchestrator.secagg.refusal import Reason, SecaggRefused


def plain(world: World, units: dict, owners: tuple) -> np.ndarray:
    """What the fold computes of the same updates in the open (``orchestrator.aggregation.fixed_point``)."""
    parts = [torch.from_numpy(units[name]).to(torch.int32) for name in owners]  # as they come out of a delta
    return weighted_sum(parts, [world.masked[name].weight for name in owners]).numpy()


def test_eight_members_two_of_whom_drop_out_after_masking(world: World) -> None:
    """Their masks are in the others' updates, and what they sent is not there."""
    units, gone = updates(world.terms), names(8)[3:5]
    found = world.dealt().sent(units, without=gone).revealed().sum()
    assert found.owners == tuple(name for name in names(8) if name not in gone)
    assert found.total.dtype == np.int64
    assert np.array_equal(found.total, plain(world, units, found.owners))
    assert not found.faults


@pytest.mark.parametrize("ring_bits", [32, 64])
def test_weights_are_those_of_the_plain_sum(ring_bits: int) -> None:
    world = World(found=terms(4, ring_bits=ring_bits, clip=1 << 16, most_weight=7))
    units = updates(world.terms)
    found = world.dealt().sent(units, weight=7).revealed().sum()
    assert np.array_equal(found.total, plain(world, units, found.owners))
    assert set(found.weights.values()) == {7}


def test_weights_of_a_fold_need_the_larger_ring() -> None:
    """Weights over 2**32 and the whole grid: the int64 of the fold."""
    world = World(found=terms(4, ring_bits=64, clip=(1 << 23) - 1, most_weight=1 << 32))
    units = updates(world.terms)
    found = world.dealt().sent(units, weight=1 << 32).revealed().sum()
    assert np.array_equal(found.total, plain(world, units, found.owners))


@settings(max_examples=25, deadline=None)
@given(data=st.data(), count=st.integers(3, 6), seed=st.integers(0, 2**32))
def test_any_drop_pattern_within_the_threshold_gives_the_plain_sum(data: st.DataObject, count: int, seed: int) -> None:
    """Some never deal, some drop out before they send, some before they reveal."""
    world = World(found=terms(count, words=5))
    least, everybody = world.terms.threshold, names(count)
    dealers = data.draw(st.sets(st.sampled_from(everybody), min_size=least))
    senders = data.draw(st.sets(st.sampled_from(sorted(dealers)), min_size=least))
    holders = data.draw(st.sets(st.sampled_from(everybody), min_size=least))
    units = updates(world.terms, seed)
    world.dealt(without=set(everybody) - dealers).sent(units, without=set(everybody) - senders)
    found = world.revealed(by=sorted(holders)).sum()
    assert found.owners == tuple(sorted(senders))
    assert np.array_equal(found.total, plain(world, units, found.owners))


def test_every_one_and_two_of_eight_may_drop_out_after_masking() -> None:
    """All 37 patterns: each is another set of recovered keys and seeds."""
    world = World()
    units = updates(world.terms)
    everybody = world.dealt().sent(units).masked
    for gone in (*combinations(names(8), 0), *combinations(names(8), 1), *combinations(names(8), 2)):
        world.masked = {name: update for name, update in everybody.items() if name not in gone}
        world.reveals = {}
        found = world.revealed().sum()
        assert np.array_equal(found.total, plain(world, units, found.owners)), gone


def refused(reason: Reason, world: World) -> None:
    with pytest.raises(SecaggRefused) as caught:
        world.sum()
    assert caught.value.reason is reason


def test_too_few_to_deal() -> None:
    world = World()
    with pytest.raises(SecaggRefused, match="5 members have dealt shares, 6 of 8 must") as caught:
        world.dealt(without=names(8)[:3])
    assert caught.value.reason is Reason.TOO_FEW


def test_too_few_updates(world: World) -> None:
    world.dealt().sent(updates(world.terms), without=names(8)[:3])
    with pytest.raises(SecaggRefused, match="nothing is revealed below 6") as caught:
        world.revealed()
    assert caught.value.reason is Reason.TOO_FEW
    refused(Reason.TOO_FEW, world)


def test_too_few_reveals(world: World) -> None:
    world.dealt().sent(updates(world.terms)).revealed(by=names(8)[:5])
    refused(Reason.TOO_FEW, world)


def test_an_owner_is_taken_out_of_a_sum_by_its_own_secrets(world: World) -> None:
    units, gone = updates(world.terms), names(8)[:2]
    found = world.dealt().sent(units, without=gone).revealed().sum()
    leaves = found.owners[2]
    own = world.members[leaves].own
    assert np.array_equal(opened(world.terms, world.announced, world.masked[leaves], own), units[leaves])
    rest = without(world.terms, found, world.announced, world.masked[leaves], own)
    assert leaves not in rest.owners
    assert np.array_equal(rest.total, plain(world, units, rest.owners))


def test_the_last_owners_of_a_sum_keep_hiding_each_other() -> None:
    world = World(found=terms(LEAST_OWNERS))
    found = world.dealt().sent(updates(world.terms)).revealed().sum()
    leaves = found.owners[0]
    with pytest.raises(SecaggRefused, match="replay the round") as caught:
        without(world.terms, found, world.announced, world.masked[leaves], world.members[leaves].own)
    assert caught.value.reason is Reason.TOO_FEW


def test_nobody_is_opened_with_anothers_secrets(world: World) -> None:
    world.dealt().sent(updates(world.terms))
    one, other = names(8)[:2]
    with pytest.raises(SecaggRefused) as caught:
        opened(world.terms, world.announced, world.masked[one], world.members[other].own)
    assert caught.value.reason is Reason.FORGED
