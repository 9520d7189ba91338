"""Five organisations whose task has its updates masked: ``from unit.daemon.masked_world import Masked``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unit.daemon.consortium import Consortium
from unit.ledger.actors import task
from unit.protocol.simulation import Node

from orchestrator.daemon.masked_rounds import MaskedRounds
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.masked_rounds import Course, course
from orchestrator.ledger.task import TaskSpec
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.types import OrganisationId

FIVE = tuple(OrganisationId(name) for name in ("aurora", "borealis", "cumulus", "dune", "ember"))
SUBMIT = 480
"""Blocks of the phase: every transaction is a block here, and the first eighths have to hold some fifty."""


def masked_task(**changes: Any) -> TaskSpec:
    parts: dict[str, Any] = {
        "privacy": {"policy": "secagg", "epsilon_cap": 0, "delta_inverse": 0, "secagg": {"clip": 1000}},
        "strategy": {"name": "ffa", "settings": {"fraction_bits": 16, "rule": "mean", "trim": 0}},
        "adapter": {"modules": ["q_proj"], "ranks": [4], "alpha": 16, "rslora": False, "dense": []},
        "deadlines": {"submit": SUBMIT, "release": 60, "commit": 60, "reveal": 60},
    }
    return task(**(parts | changes))


class Masked(Consortium):
    """Five members, four of whom must agree."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, masked_task(), members=FIVE, quorum=4)

    def decide(self, node: Node, heads: ev.BlockSeen) -> tuple[fx.Effect, ...]:
        services = self.sync(node.me)
        return super().decide(node, MaskedRounds(services).compared(heads, self.told(node).ledger))

    def course(self, number: int) -> Course:
        state = self.history.state
        return course(state, state.rounds[number], self.history.block)

    def ended(self, number: int) -> bool:
        return self.history.state.rounds[number].status is not RoundStatus.OPEN
