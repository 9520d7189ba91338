"""What members send, sealed as updates are, and its size; and a policy as a task has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.privacy.sizes import DELTA_INVERSE, STRENGTH, Row
from orchestrator.daemon.workbench import Layout
from orchestrator.envelope import Context, generate_prekey, seal
from orchestrator.ledger.privacy import NANO
from orchestrator.secagg.masks import Units
from orchestrator.secagg.simulation import play
from orchestrator.secagg.terms import Terms, usual_threshold
from orchestrator.types import Address, Digest, OrganisationId, ProtectedDelta

LEDGER = Address("0x" + "1e" * 20)
CHAIN = 1337
NO_CAP = 10**15
"""Millionths of ε: the list prints what is spent, and stops nobody."""


class Seals:
    """Seals to all members, and counts.

    Attributes:
        sent: bytes of all members together.
    """

    def __init__(self, names: Sequence[OrganisationId]) -> None:
        self._names, self.sent = tuple(sorted(names)), 0
        self._publics = {name: generate_prekey()[1] for name in names}

    def send(self, number: int, name: OrganisationId, delta: ProtectedDelta) -> None:
        """One sealed update of a round."""
        sealed, _ = seal(delta, Context(CHAIN, LEDGER, number, name), self._publics)
        self.sent += len(sealed.payload) + len(sealed.header)

    def masked(
        self,
        number: int,
        task: Digest,
        layout: Layout,
        clip: int,
        units: Mapping[OrganisationId, Units],
        folder: Path,
    ) -> Units:
        """A masked round's sum, with all objects that it takes; nobody drops out.

        Args:
            clip: the largest size of a number. folder: for the members' books.
        """
        terms = Terms(
            chain_id=CHAIN,
            ledger=LEDGER,
            round=number,
            task=task,
            parties=self._names,
            threshold=usual_threshold(len(self._names)),
            ring_bits=32,
            clip=clip,
            most_weight=1,
            words=layout.words,
            layout=layout.layout,
        )
        played = play(terms, units, folder)
        self.sent += len(self._names) * sum(played.sizes.values())
        return played.found.total


def policy_document(row: Row, members: int, *, rate: float, clip: float) -> dict[str, Any]:
    """``privacy`` of a task.

    Args:
        rate: chance of a sample to be in a step. clip: L2 norm of its gradient.
    """
    bounded = "dp" in row.parts
    found: dict[str, Any] = {
        "policy": row.policy,
        "epsilon_cap": NO_CAP if bounded else 0,
        "delta_inverse": DELTA_INVERSE if bounded else 0,
    }
    own: Mapping[str, Mapping[str, Any]] = {
        "dp": {
            "unit": "example",
            "clip_nano": round(clip * NANO),
            "noise_nano": round(row.noise * NANO),
            "rate_nano": round(rate * NANO),
            "accountant": "prv",
            "generator": "secure",
        },
        "keylock": {"strength_millionths": STRENGTH, "shift_millionths": 0},
        "secagg": {"clip": ((1 << 23) - 1) // members},
    }
    return found | {name: own[name] for name in row.parts if name in own}
