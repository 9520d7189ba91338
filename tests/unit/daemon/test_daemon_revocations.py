"""Revocations by the daemon's own handlers, where members leave or records lie, and in every mode."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, word_of

from orchestrator.commitment.certificate import outcome_of, parse_certificate
from orchestrator.commitment.receipt import Receipt
from orchestrator.daemon.claims import PATIENCE, Claims
from orchestrator.daemon.journal import read_journal
from orchestrator.errors import StorageError
from orchestrator.protocol import effects as fx
from orchestrator.protocol.events import BlockSeen
from orchestrator.types import OrganisationId, RequestId


def requested(life: Consortium, **how: Any) -> RequestId:
    """After a round, ``cumulus`` asks for its contribution back."""
    life.open_round()
    life.settle()
    mine = [item.id for item in life.history.state.updates.values() if item.organisation == CUMULUS]
    return life.history.request(CUMULUS, mine, **how)


def lying(life: Consortium, request: RequestId) -> None:
    named: dict[str, Any] = {"request_id": request, "organisation": CUMULUS}
    life.history.tell("UpdatesAffected", CUMULUS, **named, descendants=[word_of("nothing")])
    life.history.tell("ManifestReplaced", CUMULUS, **named, manifest_digest=word_of("a lie"))


def test_a_member_that_left_before_shredding_holds_nothing_up(life: Consortium) -> None:
    request = requested(life)
    life.until(lambda: life.history.state.revocations[request].certificate is not None)
    life.nodes.pop(CUMULUS)
    life.until(lambda: len(life.history.state.revocations[request].receipts) == 2)
    life.settle()
    assert not life.history.state.revocations[request].shredded
    life.history.change_members([AURORA, BOREALIS])
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.settle()
    sent = [call for name in (AURORA, BOREALIS) for call in life.services[name].private_sender.calls]  # type: ignore[attr-defined]
    assert sent.count("RevocationLedger.settle") == 1


@pytest.mark.parametrize("mode", ["heal", "replay"])
def test_every_mode_is_carried_out_to_its_receipts(life: Consortium, mode: str) -> None:
    request = requested(life, mode=mode)
    life.until(lambda: life.history.state.revocations[request].shredded)
    found = life.history.state.revocations[request]
    assert found.replacement == outcome_of(life.history.state, request, life.history.tasks).after
    assert {item.certificate_digest for item in found.endorsements.values()} == {found.certificate}


def test_a_certificate_says_what_follows_from_the_records(life: Consortium, caplog: pytest.LogCaptureFixture) -> None:
    """Even where the last record is a lie that nobody can correct any more; who endorses says so."""
    request = requested(life)
    lying(life, request)
    life.history.verify(request)
    with caplog.at_level(logging.WARNING):
        life.handle(AURORA, life.now(), fx.EndorseCertificate(request))
    assert "which is wrong" in caplog.text
    endorsement = life.history.state.revocations[request].endorsements[AURORA]
    certificate = parse_certificate(life.stores[AURORA].fetch(endorsement.certificate_cid, limit=1 << 20))
    outcome = outcome_of(life.history.state, request, life.history.tasks)
    assert certificate["manifest"]["after"] == outcome.after
    assert certificate["lineage"]["descendants"] == list(outcome.descendants) == []


def test_a_lie_is_corrected_by_the_daemon(life: Consortium) -> None:
    request = requested(life)
    lying(life, request)
    life.until(lambda: life.history.state.revocations[request].shredded)
    found = life.history.state.revocations[request]
    assert found.replacement == outcome_of(life.history.state, request, life.history.tasks).after
    assert found.affected == () and len(found.replaced_by) == len(found.affected_by) == 2


HEADS = BlockSeen(50, 50, None)


def test_claims_are_compared_with_what_the_node_computes(life: Consortium) -> None:
    request = requested(life)
    claims, services = Claims(life.sync(AURORA)), life.services[AURORA]
    assert claims.compared(HEADS, life.history.state) == HEADS, "nothing is recorded yet"
    named: dict[str, Any] = {"request_id": request, "organisation": CUMULUS}
    life.history.tell("UpdatesAffected", CUMULUS, **named, descendants=[word_of("nothing")])
    assert claims.compared(HEADS, life.history.state).affected_wrong == {request}
    life.history.tell("ManifestReplaced", CUMULUS, **named, manifest_digest=word_of("a lie"))
    found = claims.compared(HEADS, life.history.state)
    assert (found.affected_wrong, found.replacement_wrong) == ({request}, {request})
    services.tasks = {}
    assert claims.compared(HEADS, life.history.state) == found, "each outcome is computed once"
    life.history.replace(request, by=AURORA)
    assert claims.compared(HEADS, life.history.state) == HEADS


def test_what_cannot_be_computed_is_not_said_to_be_wrong(life: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that no node has: it is asked for again, but not in every block."""
    request = requested(life)
    lying(life, request)
    services, asked = life.sync(AURORA), []
    claims = Claims(services)

    def missing(found: Any, **_: Any) -> Any:
        asked.append(found.id)
        raise StorageError("no node has it")

    with monkeypatch.context() as patch:
        patch.setattr(services, "task_of", missing)
        for block in range(50, 50 + PATIENCE):
            heads = BlockSeen(block, block, None)
            assert claims.compared(heads, life.history.state) == heads
        assert len(asked) == 1
    later = BlockSeen(50 + PATIENCE, 50, None)
    assert claims.compared(later, life.history.state).replacement_wrong == {request}


def test_an_endorsement_waits_where_a_task_is_not_to_be_had(life: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    request = requested(life)
    life.fails = lambda effect: isinstance(effect, fx.RecordVerification | fx.EndorseCertificate)
    life.until(lambda: life.history.state.revocations[request].replacement is not None)
    life.history.verify(request)
    life.handle(AURORA, life.now(), fx.EndorseCertificate(request))
    services, asked = life.sync(AURORA), []
    claims, ledger = Claims(services), life.now().ledger

    def missing(found: Any, **_: Any) -> Any:
        asked.append(found.id)
        raise StorageError("no node has it")

    with monkeypatch.context() as patch:
        patch.setattr(services, "task_of", missing)
        for block in (50, 51):
            assert claims.compared(BlockSeen(block, block, None), ledger).stale_endorsements == frozenset()
        assert len(asked) == 1
    assert claims.compared(BlockSeen(50 + PATIENCE, 50, None), ledger).stale_endorsements == frozenset()
    assert claims._certificates.keys() == {request}


def test_an_endorsement_is_compared_with_what_the_records_give_since(life: Consortium) -> None:
    """Figures that were recorded before the first endorsement are in the certificate, also if its maker had not seen
    them; those that come later are not, and change nothing."""
    request = requested(life)
    life.fails = lambda effect: isinstance(effect, fx.RecordVerification | fx.EndorseCertificate)
    life.until(lambda: life.history.state.revocations[request].replacement is not None)
    row = {"metric": "loss", "value_before": 1, "value_after": 2, "samples": 3}
    life.record_figures(AURORA, request, row)
    claims = Claims(life.sync(AURORA))
    unseen = life.now()
    life.record_figures(BOREALIS, request, row)
    life.handle(AURORA, unseen, fx.EndorseCertificate(request))
    assert claims.compared(HEADS, life.now().ledger).stale_endorsements == {request}
    life.handle(AURORA, life.now(), fx.RenewEndorsement(request))
    assert claims.compared(HEADS, life.now().ledger).stale_endorsements == frozenset()
    life.record_figures(CUMULUS, request, row)
    assert claims.compared(HEADS, life.now().ledger).stale_endorsements == frozenset()
    life.handle(BOREALIS, life.now(BOREALIS), fx.EndorseCertificate(request))
    assert life.history.state.revocations[request].certificate is not None
    assert claims.compared(HEADS, life.now().ledger).stale_endorsements == frozenset()


def test_a_request_that_was_overtaken_by_another_is_still_certified(life: Consortium) -> None:
    """Shredding does not wait for the measuring of another request; what can be measured no more is said to be so."""
    life.open_round()
    life.settle()
    life.fails = lambda effect: isinstance(effect, fx.MeasureRevocation) and effect.request_id == first
    first = requested_by(life, CUMULUS)
    life.until(lambda: life.history.state.revocations[first].replacement is not None)
    second = requested_by(life, BOREALIS)
    life.until(lambda: life.history.state.revocations[second].shredded)
    life.fails = lambda effect: False
    life.until(lambda: life.history.state.revocations[first].shredded, steps=200)
    rows = life.history.state.revocations[first].verifications
    assert {(row.metric, row.samples) for row in rows.values()} == {("unavailable", 0)}
    assert {row.metric for row in life.history.state.revocations[second].verifications.values()} == {"loss"}


def test_a_model_that_was_not_measured_before_it_was_destroyed_is_said_to_be_lost(life: Consortium) -> None:
    """The figure of the round is missing for good; its row says so, and nobody waits for it."""
    life.fails = lambda effect: isinstance(effect, fx.EvaluateManifest)
    request = requested(life)
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.fails = lambda effect: False
    life.handle(AURORA, life.now(), fx.EvaluateManifest(1))
    row = json.loads((life.home / AURORA / "figures.json").read_text())["held_out"]["round/1"]
    assert (row["value"], row["samples"]) == (None, 0)
    assert row["reason"].startswith("not available: ") and "destroyed" in row["reason"]
    asked = list(life.benches[AURORA].asked)
    life.handle(AURORA, life.now(), fx.EvaluateManifest(1))
    assert life.benches[AURORA].asked == asked


def requested_by(life: Consortium, name: OrganisationId) -> RequestId:
    mine = [item.id for item in life.history.state.updates.values() if item.organisation == name]
    return life.history.request(name, mine)


def test_a_receipt_names_only_objects_that_are_gone(life: Consortium, caplog: pytest.LogCaptureFixture) -> None:
    """An operator has pinned one by hand: its keys go, and the receipt does not say that it is gone."""
    request = requested(life)
    life.until(lambda: life.history.state.revocations[request].certificate is not None)
    update = life.history.state.updates[life.history.state.revocations[request].updates[0]]
    store, unpin = life.stores[AURORA], life.stores[AURORA].unpin
    store.unpin = lambda cid: None if cid == update.payload_cid else unpin(cid)  # type: ignore[method-assign]
    life.until(lambda: life.history.state.revocations[request].shredded)
    told = {
        name: Receipt.from_bytes(life.stores[name].fetch(item.receipt_cid, limit=1 << 20))
        for name, item in life.history.state.revocations[request].receipts.items()
    }
    assert told[AURORA].unpinned == (update.header_cid,)
    assert set(told[BOREALIS].unpinned) == {update.header_cid, update.payload_cid}
    assert told[AURORA].content_keys == 1 and f"still keeps {update.payload_cid}" in caplog.text
    noted = [item for item in read_journal(life.home / AURORA) if item["event"] == "objects-kept"]
    assert [item["objects"] for item in noted] == [[update.payload_cid]]
