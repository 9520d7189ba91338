"""Objects that a quorum stands behind, four members, and three when one has left."""

from __future__ import annotations

from typing import Any

from benchmarks.gas.keys import signatures
from benchmarks.gas.meter import Meter
from benchmarks.gas.parts.governance import names_of
from benchmarks.gas.world import STRANGER, World, cid, consortium, digest
from orchestrator.commitment.eip712 import MembershipChange


def measure() -> dict[str, Any]:
    meter = Meter()
    with consortium(4, meter) as world:
        registry, delegates, salt = world.private["ArtefactRegistry"], world.delegates, digest("salt")
        proposal = ("compaction", digest("manifest"), digest("object"), cid("object"), salt)
        registry.send("propose", *proposal, sender=delegates[0], variant="the first ever")
        registry.send("propose", *proposal, sender=delegates[0], variant="a later one")
        first, second = (registry.read("artefactAt", number) for number in (1, 2))
        registry.send("endorse", first, 0, salt, sender=delegates[1], variant="one of several")
        registry.send("endorse", first, 7, salt, sender=delegates[2], variant="the deciding one, of four members")
        registry.send("endorse", second, 0, salt, sender=delegates[1])
        registry.send("dispute", second, "other-bytes", salt, sender=delegates[3], variant="")
        _leave(world)
        registry.send("settle", second, salt, sender=delegates[2], variant="after a member left")
        return meter.figures()


def _leave(world: World) -> None:
    """The fourth member leaves the private side, and the quorum falls to two."""
    change = MembershipChange(world.pair, 2, tuple(member.seat for member in world.members[:3]), 2)
    fields = names_of(world) | {"epoch": 2, "seats": change.seats, "quorum": 2}
    signed = signatures([member.authority for member in world.members[:3]], change.digest())
    world.private["Consortium"].send("changeMembership", fields, signed, sender=STRANGER)
