"""Rounds and a revocation by the daemon's own handlers, with real seals, keys, proofs and signatures."""

from __future__ import annotations

import json

import pytest
from unit.daemon.consortium import Consortium
from unit.ledger.actors import AURORA, CUMULUS, MEMBERS

from orchestrator.commitment.receipt import Receipt
from orchestrator.daemon.opening import stored_cids
from orchestrator.errors import ContentKeyDestroyed, KeystoreError, StorageError
from orchestrator.keystore import Keystore
from orchestrator.ledger.canonical import sha256
from orchestrator.ledger.entities import RoundStatus
from orchestrator.protocol import effects as fx


def test_a_round_and_its_awards(life: Consortium) -> None:
    life.open_round()
    life.settle()
    state = life.history.state
    assert state.rounds[1].status is RoundStatus.CLOSED and sorted(life.heads) == [0, 1]
    assert len(life.manifest(AURORA).entries) == 3
    for name in MEMBERS:
        services = life.services[name]
        assert set(services.keystore.contents()) == set(state.rounds[1].submissions)
        assert state.rounds[1].recipients[name].digest not in services.keystore.prekeys()
        for update in state.updates.values():
            opened = services.opener(state)(update.id)
            assert opened.startswith(f"delta of {update.organisation} in round 1".encode())
            assert all(services.store.has(cid) for cid in stored_cids(update))
        figures = json.loads((services.home / "figures.json").read_text())
        assert set(figures["held_out"]) == {"base", "round/1"}
        assert figures["manifests"]["1"] == life.manifest(AURORA).digest
        assert figures["traffic"]["bytes_sent"] > 0
    claims = life.asked(fx.ClaimAward)
    assert len({effect.id for _, effect in claims}) == len(claims) > 0
    assert not any(node.state.failures for node in life.nodes.values())


def test_a_revocation_destroys_what_opened_the_contributions(life: Consortium) -> None:
    for _ in range(2):
        life.open_round()
        life.settle()
    kept = life.now(AURORA).ledger
    request = life.request(CUMULUS)
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.settle()
    gone = set(life.history.state.revocations[request].updates)
    assert len(gone) == 2 and sorted(life.heads) == [0, 1, 2, 3]
    for name in MEMBERS:
        services = life.services[name]
        assert life.benches[name].forgotten == 1
        for update in life.history.state.updates.values():
            if update.id not in gone:
                assert services.opener(kept)(update.id)
                continue
            with pytest.raises(ContentKeyDestroyed, match=update.id):
                services.opener(kept)(update.id)
            assert not any(services.store.has(cid) for cid in stored_cids(update))
        receipt = life.history.state.revocations[request].receipts[name]
        data = services.store.fetch(receipt.receipt_cid, limit=1 << 20)
        assert sha256(data) == receipt.receipt_digest
        assert Receipt.from_bytes(data).content_keys == 2
        held_out = json.loads((services.home / "figures.json").read_text())["held_out"]
        assert held_out[f"revocation/{request}/before"]["value"] < held_out[f"revocation/{request}/after"]["value"]
    assert not any(node.state.failures for node in life.nodes.values())


def test_a_restarted_member_goes_on(life: Consortium) -> None:
    life.open_round()
    for step in range(30):
        if step % 4 == 1:
            life.restart(MEMBERS[step % 3])
        life.step()
    life.settle()
    assert life.history.state.rounds[1].status is RoundStatus.CLOSED
    assert not any(node.state.failures for node in life.nodes.values())
    assert len(life.manifest(CUMULUS).entries) == 3


def test_a_restart_after_a_revocation_does_not_rewrite_the_figures_of_the_round(life: Consortium) -> None:
    life.open_round()
    life.settle()
    request = life.request(CUMULUS)
    life.until(lambda: life.history.state.revocations[request].shredded)
    life.settle()
    before = json.loads((life.services[AURORA].home / "figures.json").read_text())
    life.restart(AURORA)
    life.settle()
    after = json.loads((life.services[AURORA].home / "figures.json").read_text())
    assert after["held_out"] == before["held_out"]
    assert after["manifests"] == before["manifests"]


def test_a_member_that_was_no_recipient_opens_nothing(life: Consortium) -> None:
    """It never had a key: others may give it one, so that is told apart from a key that was destroyed."""
    life.open_round()
    life.settle()
    update = next(item for item in life.history.state.updates.values() if item.organisation == AURORA)
    home = life.home / "dune"
    services = life.services[CUMULUS]
    with Keystore.create(home, "another", scrypt_n=2) as stranger:
        services.keystore = stranger
        with pytest.raises(StorageError, match="cannot be opened yet: this keystore has no content key") as caught:
            services.opener(life.history.state)(update.id)
    assert isinstance(caught.value.__cause__, KeystoreError)
    assert not isinstance(caught.value.__cause__, ContentKeyDestroyed)
