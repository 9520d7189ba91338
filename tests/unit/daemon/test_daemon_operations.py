"""What operators do by hand: opening a round, asking for a revocation, and what keeps them from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task

from orchestrator.daemon import operations
from orchestrator.daemon.view import Look
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.ledger.entities import Mode
from orchestrator.ledger.scope import Scope
from orchestrator.types import Digest, OrganisationId, RequestId, UpdateId

LIMIT = 200_000


@pytest.fixture(autouse=True)
def seen(life: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's own look, and the contract's answers, are those of the simulated chain."""

    def look(private: Any, *, block: int | None = None) -> Look:
        return Look(life.history.ledger, life.history.block)

    monkeypatch.setattr(operations, "look", look)
    monkeypatch.setattr(operations, "tasks_of", lambda state, store: dict(life.history.tasks))
    for services in life.services.values():
        monkeypatch.setattr(services.private.rounds, "max_phase_blocks", lambda: LIMIT)


def open_round(life: Consortium, spec: Any = None, **options: bool) -> int:
    return operations.open_round(life.sync(AURORA), spec or life.spec, life.history.agreement, **options)


def of_cumulus(life: Consortium) -> UpdateId:
    return next(item.id for item in life.history.state.updates.values() if item.organisation == CUMULUS)


def after_round(life: Consortium) -> None:
    assert open_round(life) == 1
    life.settle()


def test_no_round_opens_before_a_revocation_has_its_new_manifest(life: Consortium) -> None:
    after_round(life)
    request = life.request(CUMULUS)
    with pytest.raises(ProtocolError, match=f"revocation {request} waits for its new manifest") as caught:
        open_round(life)
    assert "daemons record it" in caught.value.mend
    life.until(lambda: life.history.state.revocations[request].replacement is not None)
    assert open_round(life) == 2


@pytest.mark.parametrize("mode", ["heal", "replay"])
def test_such_a_request_of_any_mode_ends_the_wait_by_itself(life: Consortium, mode: str) -> None:
    after_round(life)
    request = operations.request_revocation(life.sync(CUMULUS), [], reason="WITHDRAWN", mode=Mode(mode))
    with pytest.raises(ProtocolError, match=f"revocation {request} waits for its new manifest"):
        open_round(life)
    life.until(lambda: life.history.state.revocations[request].replacement is not None)
    assert open_round(life) == 2
    found, opened = life.history.state.revocations[request], life.history.state.rounds[2]
    assert found.mode is Mode(mode) and found.replacement == opened.opening.manifest_digest


def two_rounds(life: Consortium) -> None:
    for _ in range(2):
        open_round(life)
        life.settle()


def owners(life: Consortium, request: str) -> list[tuple[int, str]]:
    updates = life.history.state.revocations[RequestId(Digest(request))].updates
    return [(life.history.state.updates[item].round, life.history.state.updates[item].organisation) for item in updates]


def test_a_round_is_a_scope_of_its_own(life: Consortium) -> None:
    two_rounds(life)
    mine = operations.request_revocation(life.sync(CUMULUS), [], reason="WITHDRAWN", scope=Scope(round=1))
    assert owners(life, mine) == [(1, CUMULUS)] and life.history.state.revocations[mine].approved is not None
    all_of_it = operations.request_revocation(
        life.sync(AURORA), [], reason="POISONED", scope=Scope(round=2, of=(AURORA, BOREALIS, CUMULUS))
    )
    assert owners(life, all_of_it) == [(2, AURORA), (2, BOREALIS), (2, CUMULUS)]
    assert life.history.state.revocations[all_of_it].approved is None, "others' are a quorum's matter"


def test_an_organisation_is_a_scope_of_its_own(life: Consortium) -> None:
    two_rounds(life)
    request = operations.request_revocation(life.sync(AURORA), [], reason="POISONED", scope=Scope(of=(CUMULUS,)))
    assert owners(life, request) == [(1, CUMULUS), (2, CUMULUS)]


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Scope(round=7), "aurora has no live contribution to round 7"),
        (Scope(round=1, of=(CUMULUS,)), "cumulus has no live contribution to round 1"),
        (Scope(of=(BOREALIS, CUMULUS)), "borealis, cumulus have no live contribution"),
    ],
)
def test_a_scope_with_nothing_in_it_is_told(life: Consortium, scope: Scope, words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{words};"):
        operations.request_revocation(life.sync(AURORA), [], reason="POISONED", scope=scope)


def test_a_phase_longer_than_the_contracts_allow_is_told_before_anything_is_sent(life: Consortium) -> None:
    long = task(deadlines={"submit": 20, "release": LIMIT + 1, "commit": 10, "reveal": 10})
    with pytest.raises(ConfigurationError, match=f"has {LIMIT + 1} blocks, this consortium's contracts allow {LIMIT}"):
        open_round(life, long)
    assert "RoundLedger.openRound" not in life.services[AURORA].private_sender.calls  # type: ignore[attr-defined]


def test_an_update_is_revoked_by_one_request(life: Consortium) -> None:
    """While the round is open it is live still, and held already."""
    after_round(life)
    open_round(life)
    access = life.sync(CUMULUS)
    request = operations.request_revocation(access, [], reason="WITHDRAWN")
    assert life.history.state.revocations[request].effective is None
    with pytest.raises(ConfigurationError, match=f"is being revoked by request {request}"):
        operations.request_revocation(life.sync(AURORA), [of_cumulus(life)], reason="POISON")
    with pytest.raises(ConfigurationError, match="cumulus has no live contribution"):
        operations.request_revocation(access, [], reason="WITHDRAWN")


def test_a_request_that_waits_for_support_keeps_nobody_from_asking(life: Consortium) -> None:
    after_round(life)
    first = operations.request_revocation(life.sync(AURORA), [of_cumulus(life)], reason="POISON")
    assert life.history.state.revocations[first].approved is None
    own = operations.request_revocation(life.sync(CUMULUS), [], reason="WITHDRAWN")
    assert life.history.state.revocations[own].approved is not None


def test_a_round_under_an_agreement_that_somebody_has_not_accepted(life: Consortium) -> None:
    other = replace(life.history.agreement, title="Another")
    with pytest.raises(ProtocolError, match="is not accepted by aurora, borealis, cumulus"):
        operations.open_round(life.sync(AURORA), life.spec, other)


@pytest.mark.parametrize(
    ("bare", "minimum"),
    [((AURORA, BOREALIS, CUMULUS), 1), ((BOREALIS, CUMULUS), 1), ((AURORA,), 1), ((CUMULUS,), 3)],
    ids=["nobody has one", "fewer than a quorum", "not the opener", "fewer than the updates wanted"],
)
def test_no_round_opens_that_could_come_to_nothing_for_want_of_prekeys(
    life: Consortium, bare: tuple[OrganisationId, ...], minimum: int
) -> None:
    for name in bare:
        life.history.discard_prekeys(name)
    for without in (False, True):
        with pytest.raises(ProtocolError, match=f"^no unused prekey of {', '.join(bare)} on") as caught:
            open_round(life, task(minimum_updates=minimum), without_prekeys=without)
        assert "loranchor round status" in caught.value.mend and "--without-prekeys" not in caught.value.mend
    assert "RoundLedger.openRound" not in life.services[AURORA].private_sender.calls  # type: ignore[attr-defined]


def test_a_round_without_a_member_that_has_no_prekey_is_opened_on_demand_only(life: Consortium) -> None:
    life.history.discard_prekeys(CUMULUS)
    with pytest.raises(
        ProtocolError, match=r"no unused prekey of cumulus on .* sealed to them: they do not judge"
    ) as caught:
        open_round(life)
    assert "--without-prekeys" in caught.value.mend
    assert open_round(life, without_prekeys=True) == 1
    assert set(life.history.state.rounds[1].recipients) == {AURORA, BOREALIS}


def test_another_members_update_is_revoked_for_a_reason(life: Consortium) -> None:
    after_round(life)
    with pytest.raises(ConfigurationError, match="update of cumulus is revoked for a reason") as caught:
        operations.request_revocation(life.sync(AURORA), [of_cumulus(life)], reason=" ")
    assert "--reason" in caught.value.mend
    own = operations.request_revocation(life.sync(CUMULUS), [], reason="")
    assert life.history.state.revocations[own].reason == ""
