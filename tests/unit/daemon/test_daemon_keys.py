"""What is destroyed when a round has ended and when a revocation is certified, and what is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task

from orchestrator.commitment.receipt import Receipt
from orchestrator.daemon.handlers import HANDLERS
from orchestrator.daemon.opening import removable_cids
from orchestrator.daemon.workbench import Judgement
from orchestrator.errors import ChainError, ContentKeyDestroyed, KeystoreError, ProtocolError
from orchestrator.ledger.entities import RoundStatus, Update
from orchestrator.ledger.task import TaskSpec
from orchestrator.protocol import effects as fx
from orchestrator.types import MILLION, Cid


def update_of(life: Consortium, organisation: str) -> Update:
    return next(item for item in life.history.state.updates.values() if item.organisation == organisation)


def rejecting_cumulus(life: Consortium) -> Update:
    """A round that ends with the update of cumulus refused by the others."""
    for name in (AURORA, BOREALIS):
        bench = life.benches[name]
        honest = bench.judge

        def strict(task, manifest, candidates, opener, refused, honest=honest):  # type: ignore[no-untyped-def]
            found = honest(task, manifest, candidates, opener, refused)
            theirs = update_of(life, CUMULUS).id
            return {**found, theirs: Judgement(False, MILLION, 0, "NORM_TOO_LARGE")}

        bench.judge = strict  # type: ignore[method-assign]
    life.open_round()
    life.settle()
    return update_of(life, CUMULUS)


def test_the_keys_of_a_rejected_update_go_when_the_round_closes(life: Consortium) -> None:
    rejected = rejecting_cumulus(life)
    assert life.history.state.rounds[1].status is RoundStatus.CLOSED
    assert len(life.manifest(AURORA).entries) == 2
    for name in (AURORA, BOREALIS, CUMULUS):
        services = life.services[name]
        with pytest.raises(ContentKeyDestroyed):
            services.keystore.content_key(rejected.id)
        assert rejected.payload_cid not in services.store.pinned  # type: ignore[attr-defined]
        assert rejected.header_cid not in services.store.pinned  # type: ignore[attr-defined]
        kept = update_of(life, AURORA)
        assert services.keystore.content_key(kept.id)
        assert {kept.payload_cid, kept.header_cid} <= services.store.pinned  # type: ignore[attr-defined]


def test_the_prekey_of_a_round_is_destroyed(life: Consortium) -> None:
    life.open_round()
    assigned = life.history.state.rounds[1].recipients[AURORA].digest
    assert life.keystores[AURORA].prekey_private(assigned)
    life.settle()
    with pytest.raises(KeystoreError, match="destroyed"):
        life.keystores[AURORA].prekey_private(assigned)
    unused = [item.digest for item in life.history.state.prekeys[AURORA].values() if item.unused]
    assert unused and set(life.keystores[AURORA].prekeys()) == set(unused)


def test_settling_again_after_a_restart_changes_nothing(life: Consortium) -> None:
    rejecting_cumulus(life)
    before = life.keystores[AURORA].contents()
    life.restart(AURORA)
    life.handle(AURORA, life.now(), fx.SettleKeys(1))
    assert life.keystores[AURORA].contents() == before


def test_a_failed_round_leaves_no_key(life: Consortium) -> None:
    life.open_round()
    life.until(lambda: len(life.keystores[AURORA].contents()) == 3)
    found = life.history.state.rounds[1]
    failed = replace(found, status=RoundStatus.FAILED, ended=life.history.state.position)
    ledger = life.now().ledger.with_(rounds={1: failed}, open_round=None)
    life.handle(AURORA, life.now().with_(ledger=ledger), fx.SettleKeys(1))
    assert life.keystores[AURORA].contents() == ()


def test_nobody_has_another_ones_object_unpinned(life: Consortium) -> None:
    """A refused update may name the CIDs of another's contribution; that one stays."""
    rejected, good = rejecting_cumulus(life), update_of(life, AURORA)
    thief = replace(rejected, payload_cid=good.payload_cid, header_cid=Cid("nonsense"))
    ledger = life.history.state.with_(updates={**life.history.state.updates, rejected.id: thief})
    assert removable_cids(ledger, [rejected.id]) == ()
    assert removable_cids(ledger, [good.id]) == tuple(sorted([good.payload_cid, good.header_cid]))  # type: ignore[type-var]
    assert removable_cids(life.history.state, [rejected.id, good.id]) == tuple(
        sorted(cid for item in (rejected, good) for cid in (item.payload_cid, item.header_cid) if cid)
    )


def test_an_update_that_was_never_released_is_shredded_too(life: Consortium) -> None:
    """Anybody may ask for its own update back, whatever became of it."""
    life.open_round()
    life.settle()
    life.open_round()
    life.until(
        lambda: any(item.round == 2 and item.organisation == CUMULUS for item in life.history.state.updates.values())
    )
    silent = next(
        item.id for item in life.history.state.updates.values() if item.round == 2 and item.organisation == CUMULUS
    )
    life.fails = lambda effect: effect == fx.ReleaseUpdate(silent)
    life.settle()
    assert not life.history.state.updates[silent].released
    life.fails = lambda effect: False
    request = life.history.request(CUMULUS, [silent, update_of(life, CUMULUS).id])
    life.until(lambda: life.history.state.revocations[request].shredded)
    for name in (AURORA, BOREALIS, CUMULUS):
        assert silent not in life.keystores[name].contents()


def test_nothing_is_shredded_without_a_certificate(life: Consortium) -> None:
    life.open_round()
    life.settle()
    request = life.request(CUMULUS)
    with pytest.raises(ProtocolError, match="has no certificate yet"):
        life.handle(AURORA, life.now(), fx.ShredUpdates(request))
    assert update_of(life, CUMULUS).id in life.keystores[AURORA].contents()
    assert life.benches[AURORA].forgotten == 0


def test_shredding_that_was_cut_off_is_told_in_full(life: Consortium) -> None:
    """The keys went, the receipt did not: what is recorded later counts what was destroyed then."""
    life.open_round()
    life.settle()
    request = life.request(CUMULUS)
    life.until(lambda: life.history.state.revocations[request].certificate is not None)
    state, services = life.now(), life.services[AURORA]
    services.private_sender.fails = ChainError("the chain is down")  # type: ignore[attr-defined]
    with pytest.raises(ChainError):
        life.handle(AURORA, state, fx.ShredUpdates(request))
    life.restart(AURORA)
    life.handle(AURORA, life.now(), fx.ShredUpdates(request))
    recorded = life.history.state.revocations[request].receipts[AURORA]
    receipt = Receipt.from_bytes(life.stores[AURORA].fetch(recorded.receipt_cid, limit=1 << 20))
    assert (receipt.content_keys, receipt.content_salts, len(receipt.unpinned)) == (1, 1, 2)


def test_the_workbench_forgets_in_its_own_thread(life: Consortium) -> None:
    """It serves one thread at a time: a training under way must not have its model reset."""
    assert fx.ShredUpdates.heavy
    life.open_round()
    life.settle()
    request = life.request(CUMULUS)
    life.until(lambda: life.history.state.revocations[request].certificate is not None)
    job = HANDLERS[fx.ShredUpdates](life.sync(AURORA), life.now(), fx.ShredUpdates(request))
    assert job is not None and life.benches[AURORA].forgotten == 0
    assert update_of(life, CUMULUS).id in life.keystores[AURORA].contents()
    job()
    assert life.benches[AURORA].forgotten == 1


def test_a_seal_that_was_not_recorded_is_made_again(life: Consortium) -> None:
    """The key that is kept is the one of the update that reached the chain."""
    number = life.open_round()
    life.handle(AURORA, life.now(), fx.TrainUpdate(number))
    services = life.services[AURORA]
    services.private_sender.fails = ChainError("the chain is down")  # type: ignore[attr-defined]
    with pytest.raises(ChainError):
        life.handle(AURORA, life.now(), fx.SubmitUpdate(number))
    life.handle(AURORA, life.now(), fx.SubmitUpdate(number))
    mine = update_of(life, AURORA)
    life.handle(AURORA, life.now(), fx.ReleaseUpdate(mine.id))
    assert services.opener(life.history.state)(mine.id).startswith(b"delta of aurora in round 1")


def test_a_release_without_its_file_says_so(life: Consortium) -> None:
    number = life.open_round()
    for effect in (fx.TrainUpdate(number), fx.SubmitUpdate(number)):
        life.handle(AURORA, life.now(), effect)
    mine = update_of(life, AURORA)
    (life.services[AURORA].home / "updates" / f"{mine.id}.json").unlink()
    with pytest.raises(KeystoreError, match=f"{mine.id} cannot be released"):
        life.handle(AURORA, life.now(), fx.ReleaseUpdate(mine.id))


def test_a_round_on_another_manifest_is_not_trained(life: Consortium) -> None:
    number = life.open_round()
    found = life.now().ledger.rounds[number]
    other = replace(found, opening=replace(found.opening, manifest_digest=found.opening.task_digest))
    state = life.now().with_(ledger=life.now().ledger.with_(rounds={number: other}))
    with pytest.raises(ProtocolError, match="names manifest"):
        life.handle(AURORA, state, fx.TrainUpdate(number))
    assert life.benches[AURORA].asked == []


def test_a_revocation_is_measured_under_the_task_of_its_manifests(life: Consortium) -> None:
    """A round under another task may open and close before anybody gets to measure."""
    life.open_round()
    life.settle()
    first = life.spec
    request = life.request(CUMULUS)
    life.fails = lambda effect: isinstance(effect, fx.MeasureRevocation)
    life.until(lambda: life.history.state.revocations[request].replacement is not None)
    life.spec = task(name="the next experiment")
    life.open_round()
    life.until(lambda: life.history.state.rounds[2].status is RoundStatus.CLOSED)
    asked: list[TaskSpec] = []
    honest = life.benches[AURORA].evaluate
    life.benches[AURORA].evaluate = lambda task, *rest: asked.append(task) or honest(task, *rest)  # type: ignore
    life.handle(AURORA, life.now(), fx.MeasureRevocation(request))
    assert [item.digest for item in asked] == [first.digest, first.digest]


def test_nothing_of_a_round_stays_on_the_desk_when_it_has_ended(life: Consortium) -> None:
    """A delta that was never submitted is plaintext; it must not outlive its round in memory."""
    number = life.open_round()
    life.handle(AURORA, life.now(), fx.TrainUpdate(number))
    desk = life.services[AURORA].desk
    desk.refused[number], desk.judged[number] = {}, {}
    found = life.history.state.rounds[number]
    failed = replace(found, status=RoundStatus.FAILED, ended=life.history.state.position)
    ledger = life.now().ledger.with_(rounds={number: failed}, open_round=None)
    assert number in desk.trained
    life.handle(AURORA, life.now().with_(ledger=ledger), fx.SettleKeys(number))
    assert (desk.trained, desk.refused, desk.judged) == ({}, {}, {})


@pytest.mark.parametrize("terms", [{"submit_blocks": 2**31}, {"epsilon_cap": 8_000_000}, {"minimum_updates": 3}])
def test_a_round_on_other_terms_than_its_tasks_is_not_trained(life: Consortium, terms: dict[str, int]) -> None:
    number = life.open_round()
    found = life.now().ledger.rounds[number]
    assert all(getattr(found.opening, name) != value for name, value in terms.items())
    other = replace(found, opening=replace(found.opening, **terms))
    state = life.now().with_(ledger=life.now().ledger.with_(rounds={number: other}))
    with pytest.raises(ProtocolError, match=f"other terms than its task's: {next(iter(terms))}"):
        life.handle(AURORA, state, fx.TrainUpdate(number))
    assert life.benches[AURORA].asked == []
