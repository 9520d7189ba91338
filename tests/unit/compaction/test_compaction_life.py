"""Compactions by the daemon's own handlers: proposed, compared, used, and gone with a revocation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from unit.daemon.catching import DORADO
from unit.ledger.actors import AURORA, BOREALIS, CUMULUS, MEMBERS, word_of

from orchestrator.compaction import examining
from orchestrator.compaction.document import UNIT
from orchestrator.compaction.examining import in_a_process
from orchestrator.compaction.gathering import Order, gather
from orchestrator.compaction.measure import measured
from orchestrator.compaction.opening import document_of, key_name, open_object
from orchestrator.compaction.proposing import Proposed
from orchestrator.compaction.verdict import Fault
from orchestrator.contribution import parse
from orchestrator.errors import ConfigurationError, ContentKeyDestroyed, ProtocolError, StorageError, WorkerError
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.covers import stands
from orchestrator.ledger.entities import Artefact
from orchestrator.types import RequestId
from tests.unit.compaction.compacting_life import CompactingConsortium, RealDeltas


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CompactingConsortium]:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    consortium = CompactingConsortium(tmp_path, monkeypatch)
    consortium.until(lambda: all(name in consortium.history.state.prekeys for name in MEMBERS))
    consortium.rounds(2)
    yield consortium
    consortium.close()


def known(life: CompactingConsortium, made: Proposed) -> Artefact:
    return life.history.state.artefacts[made.artefact.id]


def agreed(life: CompactingConsortium, until_round: int = 2) -> Proposed:
    made = life.compact(AURORA, until_round)
    item = key_name(made.artefact)
    life.until(lambda: all(item in life.keystores[name].contents() for name in life.nodes), 400)
    life.until(lambda: known(life, made).agreed is not None)
    return made


def revoked(life: CompactingConsortium) -> RequestId:
    """Everything of ``cumulus``, certified and shredded."""
    mine = [item for item in life.manifest.updates if life.history.state.updates[item].organisation == CUMULUS]
    request = life.history.request(CUMULUS, mine)
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.settle()
    return request


def test_a_round_that_was_not_yet_is_named(life: CompactingConsortium) -> None:
    with pytest.raises(ConfigurationError, match="round 9 has no contributions") as caught:
        life.compact(AURORA, 9)
    assert "2" in str(caught.value.mend) and not life.history.state.artefacts


def test_members_compare_and_the_next_round_is_trained_on_the_object(life: CompactingConsortium) -> None:
    whole = life.manifest
    made = agreed(life)
    told = known(life, made)
    assert told.agreed is not None and len(told.endorsements) >= 2 and not told.disputes
    assert all(value < UNIT // 10**6 for value in told.endorsements.values()), "exact but for rounding"
    entry = life.manifest.compaction
    assert entry is not None and entry.object == made.document.digest
    assert life.manifest.originals == whole.entries and life.manifest.entries == (entry,)
    for name in MEMBERS:
        life.benches[name].opened.clear()
    life.rounds(1)
    found = life.history.state.rounds[3]
    assert found.opening.manifest_digest != whole.digest and len(found.submissions) == 3
    for name in MEMBERS:
        opened = life.benches[name].opened
        assert entry.update_id in opened and not set(whole.updates) & set(opened), "no original was opened"
        assert parse(opened[entry.update_id]).parent_manifest == whole.digest
    assert len(life.manifest.entries) == 4 and len(life.manifest.updates) == 9
    for name in told.endorsements:
        assert life.stores[name].has(made.document.content.cid), "who stands behind an object keeps it"


def test_without_the_key_nobody_says_anything(life: CompactingConsortium) -> None:
    """And nobody has it but its maker, whose node is down."""
    made = life.compact(AURORA, 2)
    aurora = life.nodes.pop(AURORA)
    life.until(lambda: bool(life.history.state.catch_ups))
    for _ in range(60):
        life.step()
    assert known(life, made).endorsements == {AURORA: 0} and not known(life, made).disputes
    with pytest.raises(StorageError, match="has not reached this member yet"):
        open_object(life.services[BOREALIS], known(life, made))
    life.nodes[AURORA] = aurora
    life.until(lambda: known(life, made).agreed is not None)
    assert life.manifest.compaction is not None


def test_a_newcomer_folds_the_object_and_has_the_originals_too(life: CompactingConsortium) -> None:
    made = agreed(life)
    life.join()
    life.until(lambda: not life.lacks(DORADO))
    life.until(lambda: key_name(made.artefact) in life.keystores[DORADO].contents())
    life.benches[DORADO] = life.services[DORADO].bench = RealDeltas(DORADO)  # type: ignore[assignment]
    life.rounds(1)
    opened = life.benches[DORADO].opened
    assert key_name(made.artefact) in opened
    revoked(life)
    assert life.manifest.compaction is None
    life.rounds(1)
    assert set(life.manifest.updates) >= {item for item in life.benches[DORADO].opened if item in life.manifest.updates}
    assert DORADO in {life.history.state.updates[item].organisation for item in life.manifest.updates}
    with pytest.raises(ContentKeyDestroyed):
        life.keystores[DORADO].content_key(key_name(made.artefact))


def test_after_a_revocation_the_originals_are_used_and_the_object_is_gone(life: CompactingConsortium) -> None:
    made = agreed(life)
    life.rounds(1)
    whole = life.manifest
    request = revoked(life)
    assert life.manifest.compaction is None
    assert set(life.manifest.updates) == {
        item for item in whole.updates if life.history.state.updates[item].organisation != CUMULUS
    }
    for name in MEMBERS:
        with pytest.raises(ContentKeyDestroyed):
            life.keystores[name].content_key(key_name(made.artefact))
        assert not life.stores[name].has(made.document.content.cid)
        with pytest.raises(ContentKeyDestroyed):
            life.keystores[name].store_content(key_name(made.artefact), b"\x01" * 32, b"\x02" * 32)
    receipts = life.history.state.revocations[request].receipts
    assert set(receipts) == set(MEMBERS)
    life.rounds(1)
    assert life.history.state.rounds[4].submissions, "the rest goes on from the originals"


def test_an_older_object_serves_where_a_newer_one_fell(life: CompactingConsortium) -> None:
    first = agreed(life, 1)
    second = agreed(life, 2)
    assert life.manifest.compaction is not None and life.manifest.compaction.artefact_id == second.artefact.id
    late = list(life.history.state.rounds[2].submissions)
    owner = life.history.state.updates[late[0]].organisation
    request = life.history.request(owner, late[:1])
    life.until(lambda: life.history.state.revocations[request].shredded)
    assert life.manifest.compaction.artefact_id == first.artefact.id
    assert life.keystores[AURORA].content_key(key_name(first.artefact))
    with pytest.raises(ContentKeyDestroyed):
        life.keystores[AURORA].content_key(key_name(second.artefact))


def _disputed(life: CompactingConsortium, made: Artefact) -> set[str]:
    life.until(lambda: len(life.history.state.artefacts[made.id].disputes) == 2, 400)
    life.settle()
    assert life.history.state.artefacts[made.id].agreed is None
    return set(life.history.state.artefacts[made.id].disputes.values())


def _raw(life: CompactingConsortium, subject: str, data: bytes, digest: str | None = None) -> Artefact:
    """A proposal by hand, whatever it is of."""
    services = life.sync(AURORA)
    cid = services.store.add(data)
    call = services.private.artefacts.propose("compaction", subject, digest or sha256(data), cid, word_of("salt"))  # type: ignore[arg-type]
    services.private_sender.send(call)
    return list(life.history.state.artefacts.values())[-1]


def test_what_is_no_proposal_at_all_is_disputed(life: CompactingConsortium) -> None:
    assert _disputed(life, _raw(life, word_of("nothing"), b"{}")) == {"UNKNOWN_SUBJECT"}
    assert _disputed(life, _raw(life, life.manifest.digest, b"{}")) == {"WRONG_DOCUMENT"}
    assert _disputed(life, _raw(life, life.manifest.digest, b"{}", word_of("other"))) == {"WRONG_DOCUMENT"}


def test_a_document_of_another_proposal_is_disputed(life: CompactingConsortium) -> None:
    whole = life.manifest.digest
    made = agreed(life, 1)
    document = document_of(life.stores[AURORA], made.artefact)
    assert _disputed(life, _raw(life, whole, document.to_bytes())) == {"WRONG_DOCUMENT"}
    assert _disputed(life, _raw(life, life.manifest.digest, document.to_bytes())) == {"UNKNOWN_SUBJECT"}, (
        "an object stands for contributions, never for another object"
    )


def test_what_was_revoked_meanwhile_is_outdated(life: CompactingConsortium) -> None:
    made = life.compact(AURORA, 2)
    revoked(life)
    assert _disputed(life, made.artefact) == {"OUTDATED"}


@pytest.mark.parametrize("rank", [1, 5])
def test_what_is_cut_too_deep_is_not_proposed(life: CompactingConsortium, rank: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"cut to rank {rank} the object is off by"):
        life.compact(AURORA, 2, rank=rank)
    assert not life.history.state.artefacts


def test_a_rank_that_holds_all_is_exact(life: CompactingConsortium) -> None:
    made = life.compact(AURORA, 2, rank=24)
    assert made.document.rank == 24 and made.document.error < UNIT // 10**6


def test_what_cannot_be_compacted_is_refused_with_the_reason(life: CompactingConsortium) -> None:
    with pytest.raises(ConfigurationError, match="up to round 0 there are not two contributions"):
        life.compact(AURORA, 0)
    agreed(life)
    with pytest.raises(ProtocolError, match="have agreed on an object for these 6 contributions"):
        life.compact(BOREALIS, 2)
    life.open_round()
    life.history.request(CUMULUS, [life.manifest.updates[2]])
    with pytest.raises(ProtocolError, match="takes out a contribution"):
        life.compact(BOREALIS, 1)


def test_the_comparison_runs_in_a_process_of_its_own(
    life: CompactingConsortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Order] = []
    monkeypatch.setattr(examining, "in_a_process", lambda order: given.append(order) or measured(order))
    found = agreed(life)
    order = given[-1]
    assert order["subject"] == found.document.manifest and len(order["originals"]) == 6
    scratch = Path(order["object"]["payload"]).parent
    assert not scratch.exists(), "what was fetched for it is gone"
    with pytest.raises(WorkerError, match="DataError"):
        in_a_process(order)
    again = _written_again(life, found)
    assert in_a_process(again) == measured(again)
    again["originals"].reverse()
    assert in_a_process(again).fault is None, "the order in which they are given does not matter"
    again["originals"][0]["weight"] += 2**20
    assert in_a_process(again).against(found.document.error).fault is Fault.NOT_THE_SUM


def test_nobody_waits_for_the_keystore_while_an_object_is_fetched(
    life: CompactingConsortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = agreed(life)
    services, free = life.services[BOREALIS], []
    fetch = services.store.fetch

    def slow(*given: object, **more: object) -> bytes:
        with ThreadPoolExecutor(1) as other:
            free.append(other.submit(services.lock.acquire, timeout=0.2).result())
            if free[-1]:
                other.submit(services.lock.release).result()
        return fetch(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(services.store, "fetch", slow)
    assert open_object(services, known(life, made))
    _written_again(life, made)
    assert len(free) > 4 and all(free)


def _written_again(life: CompactingConsortium, found: Proposed) -> Order:
    """The order with its ciphertexts in a folder that stays."""
    folder = life.home / "again"
    cover = stands(life.history.state, known(life, found), life.history.tasks)
    assert cover is not None
    document = document_of(life.stores[BOREALIS], found.artefact)
    return gather(life.services[BOREALIS], life.history.state, found.artefact, cover, document, folder)
