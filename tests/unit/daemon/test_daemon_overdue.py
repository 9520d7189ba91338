"""Members that shred late are an alarm at every daemon, by name, until they have."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS
from unit.ledger.history import History

from orchestrator.daemon.alarms import SHREDDING_OVERDUE
from orchestrator.daemon.node import Node
from orchestrator.daemon.overdue import Overdue
from orchestrator.daemon.services import Services
from orchestrator.deployment import ContractRecord
from orchestrator.types import RequestId

STEPS = 50


@pytest.fixture
def services(life: Consortium) -> Services:
    """Whose deployment says how many blocks a step may take."""
    made = life.services[AURORA]
    record = ContractRecord(made.private.revocations.address, 0, "", ("0x1", "0x2", "0x3", str(STEPS)), "")
    deployment = replace(made.private.deployment, contracts={"RevocationLedger": record})
    return replace(made, private=replace(made.private, deployment=deployment))


def certified(*receipts: str) -> tuple[History, RequestId, int]:
    """A certified request with these receipts, and the block by which the others are due."""
    history = History()
    request = history.request(CUMULUS, [history.round()[CUMULUS]])
    history.verify(request)
    history.certify(request)
    place = history.state.revocations[request].certified
    assert place is not None
    if receipts:
        history.shred(request, receipts)  # type: ignore[arg-type]
    return history, request, place.block + STEPS


def test_who_is_late_is_named_from_the_block_after_the_deadline(services: Services) -> None:
    history, request, due = certified(CUMULUS)
    overdue = Overdue(services)
    assert overdue.alarms(history.state, due) == ()
    (alarm,) = overdue.alarms(history.state, due + 1)
    assert alarm.name == SHREDDING_OVERDUE
    assert alarm.text == (
        f"revocation {request} lacks the shred receipt of aurora (this member), borealis, due by block {due}:"
        " see `loranchor revoke status`"
    )
    assert overdue.alarms(history.state, due + 9) == (alarm,)  # since it was first seen


def test_it_passes_with_the_last_receipt(services: Services) -> None:
    history, request, due = certified(CUMULUS, BOREALIS)
    overdue = Overdue(services)
    assert overdue.alarms(history.state, due + 1)
    history.shred(request, [AURORA])
    assert overdue.alarms(history.state, due + 1) == ()


def test_a_member_that_left_is_not_waited_for(services: Services) -> None:
    history, _, due = certified(AURORA, BOREALIS)
    history.change_members([AURORA, BOREALIS])
    assert Overdue(services).alarms(history.state, due + 1) == ()


def test_many_are_one_alarm(services: Services) -> None:
    history = History()
    for _ in range(5):
        request = history.request(CUMULUS, [history.round()[CUMULUS]])
        history.verify(request)
        history.certify(request)
    (alarm,) = Overdue(services).alarms(history.state, history.block + STEPS + 1)
    assert alarm.text.count("lacks the shred receipt") == 3 and "; and 2 more: see" in alarm.text


def test_nothing_is_late_before_it_is_certified_or_where_the_deployment_does_not_tell(
    services: Services, life: Consortium
) -> None:
    history = History()
    request = history.request(CUMULUS, [history.round()[CUMULUS]])
    history.verify(request)
    assert Overdue(services).alarms(history.state, 10_000) == ()
    history.certify(request)
    assert Overdue(life.services[AURORA]).alarms(history.state, 10_000) == ()


def test_a_node_with_the_alarm_is_ready(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    history, _, due = certified()
    node = Node(services)
    node._machine.state = replace(node.state, ledger=history.state)
    seen = node._following.seen()
    heads = {**seen, "private": replace(seen["private"], followed=due + 1)}
    monkeypatch.setattr(node._following, "seen", lambda: heads)
    health = node._seen(caught_up=True)
    assert [alarm.name for alarm in health.alarms] == [SHREDDING_OVERDUE]
    assert health.ready and health.reasons == ()
