"""What is destroyed when a round has ended and when a revocation is certified, and what is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, task

from orchestrator.commitment.receipt import Receipt
from orchestrator.daemon.handlers import HANDLERS
from orchestrator.daemon.handlers.training import SEALED
from orchestrator.daemon.opening import removable_cids
from orchestrator.daemon.results import round_key
from orchestrator.daemon.workbench import Judgement
from orchestrator.errors import (
    ChainError,
    ContentKeyDestroyed,
    DiskError,
    KeystoreError,
    ProtocolError,
    StorageError,
)
from orchestrator.ledger.entities import RoundStatus, Update
from orchestrator.ledger.task import TaskSpec
from orchestrator.protocol import effects as fx
from orchestrator.protocol.state import NodeState
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


def test_what_is_computed_is_stopped_before_the_workbench_forgets(life: Consortium) -> None:
    """It serves one thread at a time, and shredding does not wait for a training: that goes on afterwards."""
    assert fx.ShredUpdates.lane == "fetch"
    life.open_round()
    life.settle()
    request = life.request(CUMULUS)
    life.until(lambda: life.history.state.revocations[request].certificate is not None)
    job = HANDLERS[fx.ShredUpdates](life.sync(AURORA), life.now(), fx.ShredUpdates(request))
    assert job is not None and life.benches[AURORA].forgotten == 0
    assert update_of(life, CUMULUS).id in life.keystores[AURORA].contents()
    services, bench = life.services[AURORA], life.benches[AURORA]
    services.model.acquire()  # as the lane does while something is computed
    bench.cancel = services.model.release  # type: ignore[method-assign]
    job()
    assert bench.forgotten == 1 and not services.model.locked()


def sealed_of(life: Consortium, number: int) -> Any:
    services = life.services[AURORA]
    return services.results.find(SEALED, round_key(life.now().ledger.rounds[number]))


def test_an_update_is_sealed_once_however_often_it_is_submitted(life: Consortium) -> None:
    """The key that is kept is that of the one seal; also where nobody knows whether a transaction has arrived."""
    number = life.open_round()
    life.handle(AURORA, life.now(), fx.TrainUpdate(number))
    kept, services = sealed_of(life, number), life.services[AURORA]
    services.private_sender.fails = ChainError("the chain is down")  # type: ignore[attr-defined]
    with pytest.raises(ChainError):
        life.handle(AURORA, life.now(), fx.SubmitUpdate(number))
    life.restart(AURORA)
    for effect in (fx.TrainUpdate(number), fx.SubmitUpdate(number)):
        life.handle(AURORA, life.now(), effect)
    assert sealed_of(life, number) == kept and life.benches[AURORA].asked.count("train") == 1
    mine = update_of(life, AURORA)
    assert (mine.id, mine.ciphertext_digest) == (kept["update_id"], kept["ciphertext_digest"])
    life.handle(AURORA, life.now(), fx.ReleaseUpdate(mine.id))
    assert life.services[AURORA].opener(life.history.state)(mine.id).startswith(b"delta of aurora in round 1")


def test_a_training_that_could_not_be_stored_is_not_repeated(life: Consortium) -> None:
    """IPFS is down when it ends: the delta waits in memory for it, and nothing of it is on the disk."""
    number, services = life.open_round(), life.services[AURORA]
    state = life.now()
    life.stores[AURORA].reachable = False
    with pytest.raises(StorageError):
        life.handle(AURORA, state, fx.TrainUpdate(number))
    assert list(services.desk) == [round_key(state.ledger.rounds[number])] and sealed_of(life, number) is None
    written = b"".join(path.read_bytes() for path in services.home.rglob("*") if path.is_file())
    assert b"delta of aurora" not in written
    life.stores[AURORA].reachable = True
    life.handle(AURORA, state, fx.TrainUpdate(number))
    assert life.benches[AURORA].asked.count("train") == 1 and not services.desk
    assert life.benches[AURORA].settled == [number]


def test_a_training_whose_seal_the_disk_refused_is_not_repeated(life: Consortium) -> None:
    number, services = life.open_round(), life.services[AURORA]
    services.journal._database.execute("PRAGMA query_only=ON")
    with pytest.raises(DiskError, match="readonly"):
        life.handle(AURORA, life.now(), fx.TrainUpdate(number))
    services.journal._database.execute("PRAGMA query_only=OFF")
    life.handle(AURORA, life.now(), fx.TrainUpdate(number))
    assert life.benches[AURORA].asked.count("train") == 1
    life.handle(AURORA, life.now(), fx.SubmitUpdate(number))
    mine, kept = update_of(life, AURORA), sealed_of(life, number)
    assert mine.content_commitment == kept["content_commitment"]
    life.handle(AURORA, life.now(), fx.ReleaseUpdate(mine.id))
    assert services.opener(life.history.state)(mine.id)


def test_another_round_of_the_same_number_has_an_update_of_its_own(life: Consortium) -> None:
    """As after a reorganisation: what was sealed for other recipients is of no use."""
    number = life.open_round()
    life.handle(AURORA, life.now(), fx.TrainUpdate(number))
    found = life.now().ledger.rounds[number]
    fewer = replace(found, recipients={name: found.recipients[name] for name in (AURORA, BOREALIS)})
    state = life.now().with_(ledger=life.now().ledger.with_(rounds={number: fewer}))
    with pytest.raises(ProtocolError, match="no update was sealed for round 1"):
        life.handle(AURORA, state, fx.SubmitUpdate(number))
    life.handle(AURORA, state, fx.TrainUpdate(number))
    assert life.benches[AURORA].asked.count("train") == 2


def test_an_update_whose_key_is_gone_is_not_submitted(life: Consortium) -> None:
    number = life.open_round()
    life.handle(AURORA, life.now(), fx.TrainUpdate(number))
    life.keystores[AURORA].shred([sealed_of(life, number)["update_id"]])
    with pytest.raises(ContentKeyDestroyed):
        life.handle(AURORA, life.now(), fx.SubmitUpdate(number))


def test_what_was_sealed_and_never_recorded_is_destroyed_with_the_round(life: Consortium) -> None:
    number = life.open_round()
    life.handle(AURORA, life.now(), fx.TrainUpdate(number))
    kept = sealed_of(life, number)
    assert kept["update_id"] in life.keystores[AURORA].contents()
    life.handle(AURORA, ended(life, number), fx.SettleKeys(number))
    assert kept["update_id"] not in life.keystores[AURORA].contents()
    assert not {kept["payload_cid"], kept["header_cid"]} & life.stores[AURORA].pinned


def test_a_release_of_what_was_sealed_elsewhere_says_so(life: Consortium) -> None:
    number = life.open_round()
    for effect in (fx.TrainUpdate(number), fx.SubmitUpdate(number)):
        life.handle(AURORA, life.now(), effect)
    mine = update_of(life, AURORA)
    life.services[AURORA].journal.drop(SEALED, round_key(life.now().ledger.rounds[number]))
    with pytest.raises(KeystoreError, match=f"does not know where update {mine.id} lies"):
        life.handle(AURORA, life.now(), fx.ReleaseUpdate(mine.id))


def ended(life: Consortium, number: int) -> NodeState:
    """The state, had the round failed."""
    found = life.history.state.rounds[number]
    failed = replace(found, status=RoundStatus.FAILED, ended=life.history.state.position)
    return life.now().with_(ledger=life.now().ledger.with_(rounds={number: failed}, open_round=None))


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
    """A delta that was never stored is plaintext; it must not outlive its round in memory."""
    number, services = life.open_round(), life.services[AURORA]
    life.stores[AURORA].reachable = False
    with pytest.raises(StorageError):
        life.handle(AURORA, life.now(), fx.TrainUpdate(number))
    assert services.desk
    life.stores[AURORA].reachable = True
    life.handle(AURORA, ended(life, number), fx.SettleKeys(number))
    assert not services.desk


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
