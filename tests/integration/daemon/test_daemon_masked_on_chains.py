"""A masked round by three daemons, all of whom must agree, on real chains and nodes, by the contracts as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from real_world import LONG, World, world
from unit.daemon.fake_workbench import FakeWorkbench
from unit.daemon.masked_world import masked_task

from orchestrator.daemon.operations import open_round
from orchestrator.ledger.contributions import active_updates
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.masked_rounds import KINDS, course
from orchestrator.types import OrganisationId

MEMBERS = tuple(OrganisationId(name) for name in ("aurora", "borealis", "cumulus"))
pytestmark = pytest.mark.slow


def test_the_members_see_the_sum_of_their_updates_and_are_paid_alike(tmp_path: Path) -> None:
    with world(tmp_path, quorum=3) as found:
        agreement = found.agree()
        for name in MEMBERS:
            found.start(name)
        found.until(lambda: not found.ledger.without_prekeys, 120, "prekeys")
        services = {name: found.members[name].services for name in MEMBERS}
        opener = services[MEMBERS[0]]
        assert opener is not None
        number = open_round(opener, masked_task(deadlines=LONG), agreement)
        found.until(lambda: found.ledger.rounds[number].status is RoundStatus.CLOSED, 400, "the masked round")
        ledger = found.ledger
        now = course(ledger, ledger.rounds[number], 1 << 40)
        assert (now.dealers, now.survivors, now.holders) == (MEMBERS, MEMBERS, MEMBERS)
        agreed = [item.kind for item in ledger.artefacts.values() if item.agreed is not None]
        assert {kind: agreed.count(kind) for kind in KINDS[:3]} == dict.fromkeys(KINDS[:3], 3)
        (update,) = active_updates(ledger, number)
        units = [FakeWorkbench(name).units(number) for name in MEMBERS]
        whole = b"the sum" + np.sum(units, axis=0).astype("<i4").tobytes()
        for member in services.values():
            assert member is not None and member.opener(ledger)(update) == whole
        found.until(lambda: _claimed(found) == 3, 240, "each claims its part of the award")


def _claimed(found: World) -> int:
    """How many awards were paid, as some daemon knows."""
    return max(len(member.node.state.claimed) for member in found.members.values() if member.node is not None)
