"""A key that waits and can never be taken any more: set aside for another one, instead of being tried for ever."""

from __future__ import annotations

from consortium_world import NOBODY, World

from orchestrator.types import Address, OrganisationId

DOWN_PRIVATE = f"chain.private.url={NOBODY}"


def delegates(world: World, name: str) -> list[str | None]:
    """On the public chain, then on the private one."""
    shown = world.shown()
    return [
        next(row["delegate"] for row in shown[side]["members"] if row["organisation"] == name)
        for side in ("public", "private")
    ]


def test_a_rotation_that_was_revoked_halfway_is_followed_by_another(world: World) -> None:
    world.refused("delegate", "rotate", *world.by("cumulus"), "--partial", DOWN_PRIVATE)
    waiting = world.ok("delegate", "show", *world.at("cumulus"))["next"]
    world.ok("delegate", "revoke", *world.by("cumulus"))
    rotated = world.ok("delegate", "rotate", *world.by("cumulus"))["delegate"]
    assert rotated != waiting
    assert delegates(world, "cumulus") == [rotated, rotated]
    assert world.addresses("cumulus").delegate == rotated
    assert (world.home("cumulus") / "keystore" / f"delegate.{waiting}.json").stat().st_mode & 0o077 == 0
    assert world.ok("delegate", "show", *world.at("cumulus"))["next"] is None


def test_a_waiting_key_that_somebody_squats_is_set_aside_also_where_one_chain_has_it(world: World) -> None:
    world.refused("delegate", "rotate", *world.by("cumulus"), "--partial", DOWN_PRIVATE)
    waiting = Address(world.ok("delegate", "show", *world.at("cumulus"))["next"])
    squatted = world.consortium.private.consortium.rotate_delegate(OrganisationId("borealis"), waiting)
    world.send("borealis", squatted)
    done = world.run("delegate", "rotate", *world.by("cumulus"))
    assert done.code == 0, done.error
    assert f"{waiting} was a delegate of borealis before and cannot be one again on the private chain" in done.out
    assert waiting not in delegates(world, "cumulus") and len(set(delegates(world, "cumulus"))) == 1


def test_the_next_authority_is_another_one_only_where_that_is_asked_for(world: World) -> None:
    waiting = Address(world.ok("authority", "new", *world.by("borealis"))["next"])
    assert world.ok("authority", "new", *world.by("borealis"))["next"] == waiting
    made = world.ok("authority", "new", "--another", *world.by("borealis"))["next"]
    assert made != waiting and world.ok("authority", "new", *world.by("borealis"))["next"] == made
    assert (world.home("borealis") / "keystore" / f"authority.{waiting}.json").exists()
