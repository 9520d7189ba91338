"""A revocation that daemons decline is not said to wait for what they will never record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from unit.ledger.actors import CUMULUS
from unit.ledger.history import History

from orchestrator.chain.structs import Stage
from orchestrator.disputes.revocations import waiting_of


def words(mode: str, stage: Stage) -> str:
    history = History()
    request = history.request(CUMULUS, [history.round()[CUMULUS]], mode=mode)
    view = SimpleNamespace(stage=stage, deadline=700)
    private: Any = SimpleNamespace(revocations=SimpleNamespace(revocation=lambda request_id, block: view))
    return waiting_of(private, history.state, history.state.revocations[request], 100).words


@pytest.mark.parametrize("mode", ["heal", "replay"])
@pytest.mark.parametrize("stage", [Stage.APPROVED, Stage.AFFECTED, Stage.REPLACED, Stage.VERIFIED, Stage.CERTIFIED])
def test_the_status_says_that_daemons_decline_the_mode(mode: str, stage: Stage) -> None:
    assert words(mode, stage) == f"nobody: this version's daemons decline mode {mode}"


def test_what_is_carried_out_waits_for_its_next_step() -> None:
    assert words("drop", Stage.AFFECTED) == "any member's record of the new manifest (due by block 700)"
    assert "decline" not in words("heal", Stage.SHREDDED)
