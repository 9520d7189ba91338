"""Keys and rounds on the private chain, three members: every entry point of the three contracts."""

from __future__ import annotations

from typing import Any

from benchmarks.gas.meter import Meter
from benchmarks.gas.played import Rounds
from benchmarks.gas.world import World, cid, consortium, digest
from orchestrator.envelope.prekeys import PUBLIC_SIZE

NTH = ("the first member", "another member", "the last member, which ends the phase")


def measure() -> dict[str, Any]:
    meter = Meter()
    with consortium(3, meter) as world:
        rounds = Rounds(world)
        _keys(world, rounds)
        for member, variant in zip(world.members, ("the first of an agreement", "another member's", None), strict=True):
            rounds.accept(member, variant)
        _first(rounds)
        _second(rounds)
        _failed(rounds)
        _abandoned(rounds)
        return meter.figures()


def _keys(world: World, rounds: Rounds) -> None:
    keys, one = world.private["KeyDirectory"], world.members[0].delegate
    for text, variant in (("key 1", "the first"), ("key 2", "another in its place")):
        keys.send("publishKey", text.encode().ljust(PUBLIC_SIZE, b"\x5a"), rounds.salt(), sender=one, variant=variant)
    keys.send("revokeKey", rounds.salt(), sender=one, variant="")
    rounds.publish(world.members[0], 1, "one key, the first")
    rounds.publish(world.members[0], 1, "one key")
    rounds.publish(world.members[0], 10, "10 keys")
    keys.send("discardPrekeys", rounds.salt(), sender=one, variant="")
    for member in world.members:
        rounds.publish(member, 8)
    _catch_ups(world, rounds)


def _catch_ups(world: World, rounds: Rounds) -> None:
    """Keys are as long as the hybrid's."""
    keys, (one, two, three) = world.private["KeyDirectory"], world.delegates
    for text, variant in (("one-time 1", "the first ever"), ("one-time 2", "in place of a former one")):
        keys.send("askCatchUp", text.encode().ljust(PUBLIC_SIZE, b"\x5a"), rounds.salt(), sender=one, variant=variant)
    for sender, variant in ((two, "the first to a request"), (three, "another's")):
        keys.send("answerCatchUp", 2, digest("object"), cid("object"), rounds.salt(), sender=sender, variant=variant)


def _first(rounds: Rounds) -> None:
    """The first round of a task, everything in it."""
    members = rounds.world.members
    rounds.open("3 members, the first of a task")
    rounds.submit(members[0], "the first of a member and task")
    rounds.submit(members[0], "in place of a former one")
    updates = [rounds.submit(member) for member in members]
    for member, update, variant in zip(members, updates, NTH, strict=True):
        rounds.release(member, update, variant)
    for member, variant in zip(members, NTH, strict=True):
        rounds.commit(member, updates, variant)
    for member, variant in zip(members, NTH, strict=True):
        rounds.reveal(member, updates, f"3 verdicts, {variant}")
    rounds.close("closed, the first ever")
    rounds.attest(members[0], "")


def _second(rounds: Rounds) -> None:
    """A round in service; one member passes."""
    members = rounds.world.members
    receipt = rounds.open("3 members")
    rounds.ledger.chain.inner(receipt, "RoundLedger.openRound", rounds.keys, "assignPrekeys", "3 members")
    updates = [rounds.submit(members[0], "a later round"), rounds.submit(members[1])]
    terms = (rounds.number, rounds.salt())
    rounds.ledger.send("passRound", *terms, sender=members[2].delegate, variant="the last member, which ends the phase")
    for member, update in zip(members[:2], updates, strict=True):
        rounds.release(member, update)
    for member in members:
        rounds.commit(member, updates)
    for member in members:
        rounds.reveal(member, updates)
    receipt = rounds.close("closed")
    rounds.ledger.chain.inner(receipt, "RoundLedger.closeRound", rounds.schedule, "announce", "for a round")


def _failed(rounds: Rounds) -> None:
    rounds.open(manifest_digest=digest("another manifest"))
    rounds.submit(rounds.world.members[0])
    terms = (rounds.number, rounds.salt())
    rounds.ledger.send("passRound", *terms, sender=rounds.world.delegates[1], variant="another member")
    rounds.expire()
    rounds.close("failed: too few updates")


def _abandoned(rounds: Rounds) -> None:
    rounds.wait(2)  # the last one came to nothing
    rounds.open()
    for delegate, variant in zip(rounds.world.delegates, ("the first", "the deciding one", None), strict=True):
        if variant is not None:
            terms = (rounds.number, rounds.salt())
            rounds.ledger.send("abandonRound", *terms, sender=delegate, variant=variant)
