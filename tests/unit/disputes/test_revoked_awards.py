"""What a certified revocation voids, by its reason and by what has vested and was paid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS
from unit.ledger.history import History

from orchestrator.disputes.awards_list import AwardList
from orchestrator.disputes.revoked_awards import voided_by
from orchestrator.disputes.sheets import Sheet, Stand
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.ledger.awards import awards
from orchestrator.ledger.entities import Revocation
from orchestrator.types import UpdateId

VESTED_FROM = 100


@dataclass
class Case:
    """A certified request for one contribution of cumulus, and the sheet of its round."""

    history: History
    found: Revocation
    sheet: Sheet

    def voided(self, anchored_in: int | None = VESTED_FROM - 1, **changes: Any) -> tuple[UpdateId, ...]:
        place = None if anchored_in is None else SimpleNamespace(place=SimpleNamespace(block=anchored_in))
        view: Any = SimpleNamespace(get=lambda sequence: place if sequence == 2 else None)
        return voided_by(self.history.state, self.found, replace(self.sheet, **changes), view)


def case(reason: str, *, by_owner: bool = True, certified: bool = True) -> Case:
    history = History()
    updates = history.round()
    (spec,) = history.tasks.values()
    request = history.request(CUMULUS if by_owner else AURORA, [updates[CUMULUS]], reason=reason)
    if not by_owner:
        history.support(request, BOREALIS, approves=True)
    history.verify(request)
    if certified:
        history.certify(request)
    listed = AwardList(1, awards(history.state, 1, spec.per_round))
    sheet = Sheet(
        sequence=1,
        subject="round 1",
        stand=Stand.VESTING,
        anchored_root=listed.root,
        recomputed=listed,
        problem="",
        publication=SimpleNamespace(root=listed.root),  # type: ignore[arg-type]
        vested_from=VESTED_FROM,
        objections=(),
        replacements=(),
        claims=(),
        voided=(),
        listed=listed,
        differences=(),
    )
    return Case(history, history.state.revocations[request], sheet)


def test_a_cause_voids_whatever_has_vested() -> None:
    made = case("POISONED", by_owner=False)
    assert made.voided(VESTED_FROM + 50) == made.voided(None) == made.found.updates


def test_a_withdrawal_voids_what_had_not_vested_when_the_certificate_was_anchored() -> None:
    made = case("WITHDRAWN")
    assert made.voided(VESTED_FROM - 1) == made.found.updates
    with pytest.raises(ProtocolError, match=r"had vested in block 100, before .* anchored in block 100"):
        made.voided(VESTED_FROM)
    with pytest.raises(ProtocolError, match=r"checkpoint 2, with the certificate .* is not anchored yet"):
        made.voided(None)


def test_who_obeys_a_demand_keeps_its_award() -> None:
    with pytest.raises(ProtocolError, match="the reason 'ERASURE' leaves the awards"):
        case("ERASURE").voided()


def test_what_is_paid_or_void_is_not_named_again() -> None:
    made = case("POISONED", by_owner=False)
    (award,) = (item for item in made.sheet.listed.awards if item.update_id in made.found.updates)  # type: ignore[union-attr]
    for spent in ({"voided": (award.index,)}, {"claims": (SimpleNamespace(index=award.index),)}):
        with pytest.raises(ProtocolError, match="are paid or void already"):
            made.voided(**spent)


def test_nothing_is_voided_before_the_certificate_or_in_another_checkpoint() -> None:
    with pytest.raises(ProtocolError, match="is not certified"):
        case("POISONED", by_owner=False, certified=False).voided()
    made = case("POISONED", by_owner=False)
    assert made.sheet.listed is not None
    others = tuple(item for item in made.sheet.listed.awards if item.update_id not in made.found.updates)
    with pytest.raises(ConfigurationError, match="checkpoint 1 pays nothing for what request"):
        made.voided(listed=AwardList(1, others))
