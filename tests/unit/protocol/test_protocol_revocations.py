"""Revocations of every mode, and where something goes wrong: members leave, records lie."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, cid_of, word_of
from unit.protocol.simulation import Simulation

from orchestrator.commitment.certificate import outcome_of
from orchestrator.ledger.entities import Revocation
from orchestrator.protocol import effects as fx
from orchestrator.types import ZERO_DIGEST, OrganisationId, RequestId

REMAINING = [AURORA, BOREALIS]


def after_round(**how: Any) -> Simulation:
    life = Simulation(**how)
    life.until(lambda: all(name in life.history.state.prekeys for name in life.nodes))
    life.open_round()
    life.settle()
    return life


def of_cumulus(life: Simulation) -> list[Any]:
    return [item.id for item in life.history.state.updates.values() if item.organisation == CUMULUS]


def found(life: Simulation, request: RequestId) -> Revocation:
    return life.history.state.revocations[request]


def leaves(life: Simulation, name: OrganisationId = CUMULUS, quorum: int = 2) -> None:
    """The member's node stops, and the authorities remove it."""
    life.nodes.pop(name, None)
    life.history.change_members([item for item in MEMBERS if item != name], quorum)


# -- a membership that changes under a revocation


def waiting_for_support() -> tuple[Simulation, RequestId]:
    life = after_round(quorum=3)
    request = life.history.request(AURORA, of_cumulus(life), reason="poison")
    life.history.support(request, BOREALIS)
    return life, request


def waiting_for_figures() -> tuple[Simulation, RequestId]:
    life = after_round()
    request = life.request(CUMULUS)
    life.nodes.pop(CUMULUS)
    life.until(lambda: len(found(life, request).verifications) == 2)
    return life, request


def waiting_for_endorsements() -> tuple[Simulation, RequestId]:
    """Figures were mined between its look and its endorsement: the others endorse a certificate that has them."""
    life = after_round(quorum=3)
    request = life.request(CUMULUS)
    life.until(lambda: len(found(life, request).verifications) == 3)
    life.nodes.pop(CUMULUS)
    life.until(lambda: len(found(life, request).endorsements) == 2)
    return life, request


def waiting_for_receipts() -> tuple[Simulation, RequestId]:
    life = after_round()
    request = life.request(CUMULUS)
    life.until(lambda: found(life, request).certificate is not None)
    life.nodes.pop(CUMULUS)
    life.until(lambda: len(found(life, request).receipts) == 2)
    return life, request


STUCK: dict[str, Callable[[], tuple[Simulation, RequestId]]] = {
    "support": waiting_for_support,
    "figures": waiting_for_figures,
    "endorsements": waiting_for_endorsements,
    "receipts": waiting_for_receipts,
}


@pytest.mark.parametrize("step", STUCK)
def test_a_revocation_that_waits_for_a_member_goes_on_without_it(step: str) -> None:
    life, request = STUCK[step]()
    life.settle()
    assert not life.asked(fx.SettleRevocation), "while the member belongs to the consortium, it is waited for"
    leaves(life)
    life.until(lambda: found(life, request).shredded)
    life.settle()
    ((_, effect),) = life.asked(fx.SettleRevocation)
    assert isinstance(effect, fx.SettleRevocation) and effect.epoch == 2
    certificate = found(life, request).certificate
    assert effect.certificate == (certificate if step == "endorsements" else ZERO_DIGEST)
    assert CUMULUS not in {item.organisation for item in life.manifest(AURORA).entries}


def test_a_revocation_that_nobody_left_is_never_counted_again() -> None:
    life = after_round()
    request = life.request(BOREALIS)
    life.until(lambda: found(life, request).shredded)
    life.settle()
    assert not life.asked(fx.SettleRevocation)


def test_who_settles_passes_on_until_it_is_done() -> None:
    """It is nobody's in particular, and a refusal by a slow node is tried again."""
    life, request = waiting_for_receipts()
    leaves(life)
    refused: list[fx.Effect] = []
    life.fails = lambda effect: (
        isinstance(effect, fx.SettleRevocation) and not refused.append(effect) and len(refused) < 4
    )
    life.until(lambda: found(life, request).shredded)
    assert {name for name, _ in life.asked(fx.SettleRevocation)} == set(REMAINING)


def test_a_request_that_has_lapsed_stays_so() -> None:
    life, request = waiting_for_support()
    life.deadlines[request] = life.history.block + 2
    life.history.mine(2)
    leaves(life)
    life.settle()
    assert found(life, request).approved is None and not life.asked(fx.SettleRevocation)


def test_a_request_is_not_approved_over_one_that_holds_its_updates() -> None:
    life, request = waiting_for_support()
    own = life.request(CUMULUS)
    leaves(life)
    life.until(lambda: found(life, own).shredded)
    life.settle()
    assert found(life, request).approved is None
    assert not [effect for _, effect in life.asked(fx.SettleRevocation) if effect.request_id == request]  # type: ignore[attr-defined]


# -- records that lie


def lying(life: Simulation, request: RequestId, liar: OrganisationId) -> None:
    named: dict[str, Any] = {"request_id": request, "organisation": liar}
    life.history.tell("UpdatesAffected", liar, **named, descendants=[word_of("nothing")])
    life.history.tell("ManifestReplaced", liar, **named, manifest_digest=word_of("a lie"))


@pytest.mark.parametrize("liar", MEMBERS)
def test_a_wrong_record_is_corrected_once_before_anybody_measures(liar: OrganisationId) -> None:
    life = after_round()
    request = life.request(CUMULUS)
    lying(life, request, liar)
    life.until(lambda: found(life, request).shredded)
    life.settle()
    for kind in (fx.RecordAffected, fx.RecordReplacement):
        ((corrector, _),) = life.asked(kind)
        assert corrector != liar
    order = [type(effect) for name, effect in life.log if name != liar]
    assert order.index(fx.RecordReplacement) < order.index(fx.MeasureRevocation)
    assert found(life, request).replacement == outcome_of(life.history.state, request, life.history.tasks).after
    assert found(life, request).affected == ()


def test_a_record_that_nobody_can_correct_any_more_stops_nobody() -> None:
    """Its certificate says what follows from the records, whatever the last claim was."""
    life = after_round()
    request = life.request(CUMULUS)
    for liar in MEMBERS:
        lying(life, request, liar)
    life.until(lambda: found(life, request).shredded)
    assert not life.asked(fx.RecordAffected) and not life.asked(fx.RecordReplacement)
    assert found(life, request).replacement == word_of("a lie")


def test_a_round_that_opens_over_a_wrong_record_does_not_hold_the_figures_back() -> None:
    life = after_round()
    request = life.request(CUMULUS)
    lying(life, request, BOREALIS)
    life.open_round(by=BOREALIS)
    life.until(lambda: len(found(life, request).verifications) == 3)
    assert not life.asked(fx.RecordReplacement)
    life.until(lambda: found(life, request).shredded)


# -- modes that take more out, or put something in


@pytest.mark.parametrize("mode", ["heal", "replay"])
def test_every_mode_goes_the_way_of_drop(mode: str) -> None:
    """No step waits for rounds that are trained again, or in which the model recovers."""
    life = after_round()
    life.open_round()
    life.settle()
    request = life.history.request(CUMULUS, of_cumulus(life)[:1], mode=mode)
    life.until(lambda: found(life, request).shredded)
    life.settle()
    assert found(life, request).replacement == outcome_of(life.history.state, request, life.history.tasks).after
    assert {item.round for item in life.manifest(AURORA).entries} == ({1} if mode == "replay" else {1, 2})


def test_a_daemon_that_comes_back_in_a_replay_goes_on_with_it() -> None:
    life = after_round()
    request = life.history.request(CUMULUS, of_cumulus(life), mode="replay")
    life.until(lambda: found(life, request).replacement is not None)
    life.restart(AURORA)
    life.until(lambda: found(life, request).shredded)


def test_rounds_go_on_while_a_replay_is_certified() -> None:
    life = after_round()
    life.history.replace(life.history.request(CUMULUS, of_cumulus(life), mode="replay"))
    life.open_round()
    life.settle()
    assert life.history.state.rounds[2].closed_block is not None
    assert [item.round for item in life.manifest(AURORA).entries if item.organisation == CUMULUS] == [2]


# -- figures that come late


def test_who_alone_is_missing_for_a_quorum_renews_its_endorsement() -> None:
    """Figures were mined between its look and its endorsement: the others endorse a certificate that has them."""
    life = after_round(quorum=3)
    request = life.request(CUMULUS)
    life.until(lambda: len(found(life, request).verifications) == 3)
    named: dict[str, Any] = {"request_id": request, "organisation": AURORA}
    stale: dict[str, Any] = {"certificate_digest": word_of("without it"), "certificate_cid": cid_of("without it")}
    life.history.tell("CertificateEndorsed", AURORA, **named, **stale, signature="0x" + "11" * 65)
    life.until(lambda: found(life, request).shredded)
    assert [name for name, _ in life.asked(fx.RenewEndorsement)] == [AURORA]
    assert {item.certificate_digest for item in found(life, request).endorsements.values()} == {
        found(life, request).certificate
    }
