"""Members on neighbouring versions of a format: the older refuses by name before it signs or trains, others go on."""

from __future__ import annotations

from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task_document

from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import canonical_bytes, check_format
from orchestrator.ledger.entities import RoundStatus
from orchestrator.ledger.task import TaskSpec
from orchestrator.protocol import effects as fx

NEWER = canonical_bytes({**task_document(), "version": 2, "something": "new"})
SAID = r"^loranchor/task: version 2 is unknown, this release reads 1; upgrade LoRAnchor$"


@pytest.fixture
def mixed(life: Consortium) -> Consortium:
    """Aurora's release knows tasks of version 1 only; that of the open round is, to it, one of version 2."""
    older: Any = life.services[AURORA]
    older.tasks = {}
    older.task_of = lambda found, **_: TaskSpec.from_bytes(NEWER)
    life.open_round(BOREALIS)
    return life


def test_the_older_passes_and_the_newer_go_on(mixed: Consortium) -> None:
    mixed.until(lambda: mixed.history.state.rounds[1].status is not RoundStatus.OPEN)
    round_ = mixed.history.state.rounds[1]
    assert round_.status is RoundStatus.CLOSED and AURORA in round_.passed
    assert {mixed.history.state.updates[item].organisation for item in round_.submissions} == {BOREALIS, CUMULUS}
    assert AURORA not in round_.commitments, "it cannot judge what it does not understand"
    mixed.until(lambda: 1 in mixed.heads)
    assert set(mixed.now().attestations[1]) == {BOREALIS, CUMULUS}, "a quorum signed, the older did not"


def test_it_names_the_version_before_it_trains(mixed: Consortium) -> None:
    with pytest.raises(FormatError) as refused:
        mixed.handle(AURORA, mixed.now(), fx.TrainUpdate(1))
    assert str(refused.value) == SAID.strip("^$")
    assert "train" not in mixed.benches[AURORA].asked


def test_it_names_the_version_before_it_signs(mixed: Consortium) -> None:
    mixed.until(lambda: mixed.history.state.rounds[1].status is not RoundStatus.OPEN)
    with pytest.raises(FormatError, match=SAID):
        mixed.handle(AURORA, mixed.now(), fx.AttestCheckpoint(1, 1))
    assert AURORA not in mixed.now().attestations.get(1, {})


def test_who_reads_only_newer_versions_says_that_the_writer_upgrades() -> None:
    with pytest.raises(
        FormatError, match="version 1 is unknown, this release reads 2, 3; whoever wrote it has an older"
    ):
        check_format({"format": "loranchor/task", "version": 1}, format="loranchor/task", versions={2, 3})
    with pytest.raises(FormatError, match="version 4 is unknown, this release reads 2, 3; upgrade LoRAnchor"):
        check_format({"format": "loranchor/task", "version": 4}, format="loranchor/task", versions={2, 3})
    for strange in (None, "1", True, 1.0):
        with pytest.raises(FormatError, match="upgrade LoRAnchor"):
            check_format({"format": "loranchor/task", "version": strange}, format="loranchor/task", versions={2})
