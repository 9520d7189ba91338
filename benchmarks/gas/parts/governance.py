"""The consortium's own decisions. One source on both chains, so the public side stands for both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.gas.keys import Key, signatures
from benchmarks.gas.meter import Meter
from benchmarks.gas.world import STRANGER, World, consortium, member
from orchestrator.commitment.eip712 import MembershipChange, PauseChange, Seat


def measure(organisations: int) -> dict[str, Any]:
    meter = Meter()
    with consortium(organisations, meter) as world:
        _delegates(world)
        _pause(world)
        _membership(world)
        return meter.figures()


def _delegates(world: World) -> None:
    contract, first = world.public["Consortium"], world.members[0]
    rotated = Key(f"{first.name} second delegate").address
    contract.send("rotateDelegate", first.name, rotated, sender=first.authority, variant="")
    contract.send("revokeDelegate", first.name, sender=first.authority, variant="")
    again = Key(f"{first.name} third delegate").address
    contract.send("rotateDelegate", first.name, again, sender=first.authority, variant="where there was none")


def _pause(world: World) -> None:
    contract = world.public["Consortium"]
    for nonce, (paused, variant) in enumerate(((True, "pausing"), (False, "resuming"))):
        change = PauseChange(world.pair, 1, nonce, paused)
        signed = signatures([one.authority for one in world.members[: world.quorum]], change.digest())
        fields = names_of(world) | {"epoch": 1, "nonce": nonce, "paused": paused}
        contract.send("setPaused", fields, signed, sender=STRANGER, variant=f"{variant}, {len(signed)} signatures")


def _membership(world: World) -> None:
    """One more member, a new authority for the first, a member less; each is an epoch."""
    size, joining = len(world.members), member(len(world.members))
    seats = [one.seat for one in world.members]
    keys = {one.name: one.authority for one in (*world.members, joining)}
    fresh = Key(f"{world.members[0].name} second authority")
    renewed = replace(seats[0], authority=fresh.address)
    steps = [
        ("one more member", [*seats, joining.seat], (size + 1) // 2 + 1),
        ("a lost authority replaced", [renewed, *seats[1:], joining.seat], (size + 1) // 2 + 1),
        ("a member less", [renewed, *seats[1:]], world.quorum),
    ]
    quorum = world.quorum
    for epoch, (variant, following, next_quorum) in enumerate(steps, start=2):
        signers = [keys[one.name] for one in world.members[1 : quorum + 1]]
        if len(signers) < quorum:
            signers.append(keys[joining.name])
        _change(world, epoch, following, next_quorum, signers, f"{variant}, {size} before")
        quorum = next_quorum


def _change(world: World, epoch: int, seats: list[Seat], quorum: int, signers: list[Key], variant: str) -> None:
    change = MembershipChange(world.pair, epoch, tuple(seats), quorum)
    fields = names_of(world) | {"epoch": epoch, "seats": seats, "quorum": quorum}
    signed = signatures(signers, change.digest())
    full = f"{variant}, {len(signed)} signatures"
    world.public["Consortium"].send("changeMembership", fields, signed, sender=STRANGER, variant=full)


def names_of(world: World) -> dict[str, Any]:
    pair = world.pair
    return {
        "consortium_id": pair.consortium_id,
        "public_chain_id": pair.public_chain_id,
        "public_address": pair.public_address,
        "private_chain_id": pair.private_chain_id,
        "private_address": pair.private_address,
    }
