"""Rounds that fail, are closed by hand or abandoned, typed on both chains."""

from __future__ import annotations

from pathlib import Path

from dispute_world import World
from walk import Walk


def test_a_round_fails_and_the_next_one_is_opened(world: World, folder: Path) -> None:
    number = world.open()
    world.submit("aurora", number, epsilon=400_000)
    private = world.consortium.private
    with Walk(world, "A failed round", folder) as walk:
        walk.block()
        world.mine(world.consortium.private_chain, private.rounds.deadline_of(number))
        walk.block()
        world.open()
        walk.block()
    assert len(world.state.due) == 1, "a failed round makes no checkpoint"


def test_a_quorum_abandons_a_round(world: World, folder: Path) -> None:
    number = world.open()
    world.submit("aurora", number, epsilon=250_000)
    with Walk(world, "An abandoned round", folder) as walk:
        walk.block()
    row = world.type("aurora", "round", "status", "--json").document["rounds"][-1]
    assert (row["failure"], row["abandoned_by"]) == ("abandoned", ["aurora", "cumulus"])
    assert row["spent"] == {"prekeys": ["aurora", "borealis", "cumulus"], "epsilon": {"aurora": [0, 250_000]}}
    world.open()
    assert world.state.open_round == number + 1


def test_too_few_released_names_who_did_not(world: World) -> None:
    number = world.open()
    for name in ("aurora", "borealis"):
        world.submit(name, number)
    world.by("cumulus", world.consortium.private.rounds.pass_round(number, world.SALT))
    world.release("borealis", number)
    world.mine(world.consortium.private_chain, world.consortium.private.rounds.deadline_of(number))
    told = world.done("cumulus", "round", "close", signs=True)
    assert "too few released: 1 of at least 2; released by borealis; not released by aurora" in told


def test_a_round_that_is_over_is_closed_by_any_member(world: World) -> None:
    number = world.open()
    for name in world.members:
        world.submit(name, number)
    assert "phase release" in world.refused("aurora", "round", "close", code=7, signs=True)
    for name in world.members:
        world.release(name, number)
    world.judge(number, {name: {"aurora": 5} for name in world.members})
    assert "any member ends it with `loranchor round close`" in world.done("borealis", "round", "status")
    late = world.refused("aurora", "round", "abandon", "--round", str(number), code=7, signs=True)
    assert "are over, and what was revealed stands" in late
    said = world.type("cumulus", "round", "close", "--round", str(number), "--json", signs=True).document
    assert (said["status"], said["failure"], said["spent"]) == ("closed", "", None)
    assert [item["accepted"] for item in said["updates"]] == [True] * 3
    assert len(world.state.due) == 2


def test_what_cannot_be_closed_or_abandoned(world: World) -> None:
    assert "no round is open" in world.refused("aurora", "round", "close", code=7, signs=True)
    assert "round 1 is closed already" in world.refused("aurora", "round", "close", "--round", "1", code=7, signs=True)
    number = world.open()
    other = ["round", "abandon", "--round", "9"]
    assert f"there is no round 9; round {number} is open" in world.refused("aurora", *other, code=7, signs=True)
    abandon = ["round", "abandon", "--round", str(number)]
    world.done("aurora", *abandon, signs=True)
    assert "wants round 2 abandoned already" in world.refused("aurora", *abandon, code=7, signs=True)
    world.done("borealis", *abandon, signs=True)
    assert "has failed already" in world.refused("cumulus", *abandon, code=7, signs=True)
