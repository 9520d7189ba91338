"""A restored keystore learns what was signed from the chains, and signs nothing before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.chain.public_events import Anchored, Place
from orchestrator.chain.reader import Attestation
from orchestrator.commitment.checkpoints import GENESIS_HEAD, checkpoint_content_digest, head_of
from orchestrator.daemon import recall
from orchestrator.daemon.recall import Recalled, matching, recall_own_signatures
from orchestrator.errors import ChainError, KeystoreError
from orchestrator.keystore import Keystore
from orchestrator.ledger.checkpoint import Checkpoint, CheckpointContent
from orchestrator.ledger.entities import Members
from orchestrator.types import Address, Digest, OrganisationId

ANCHOR = Address("0x" + "aa" * 20)
ME, OTHER = OrganisationId("aurora"), OrganisationId("borealis")
MEMBERS = [Members(1, 2, Digest("0x" + "c1" * 32)), Members(2, 2, Digest("0x" + "c2" * 32))]
NOWHERE = Place(1, Digest("0x" + "00" * 32), Digest("0x" + "00" * 32), 0)


def digest(number: int) -> Digest:
    return Digest(f"0x{number:064x}")


def content(sequence: int, records: int = 7) -> CheckpointContent:
    return CheckpointContent(sequence, digest(records), 5, 1337, 9, digest(9), digest(1), digest(2))


def signed(
    sequence: int, records: int = 7, previous: Digest = GENESIS_HEAD, members: Members = MEMBERS[0]
) -> Checkpoint:
    return content(sequence, records).checkpoint(
        previous_head=previous, consortium_digest=members.consortium_digest, epoch=members.epoch
    )


def attested(checkpoint: Checkpoint, organisation: OrganisationId = ME) -> Attestation:
    return Attestation(
        checkpoint.sequence, organisation, head_of(checkpoint), b"", ANCHOR, 20, digest(3), checkpoint.sequence
    )


def anchored(checkpoint: Checkpoint) -> Anchored:
    return Anchored(checkpoint.sequence, head_of(checkpoint), digest(1), checkpoint, 3, NOWHERE)


@dataclass
class Chains:
    """What both chains tell, and what follows from the records."""

    attestations: list[Attestation] = field(default_factory=list)
    anchors: list[Anchored] = field(default_factory=list)
    contents: dict[int, CheckpointContent] = field(default_factory=dict)
    down: bool = False
    looked: list[str] = field(default_factory=list)


@pytest.fixture
def chains(monkeypatch: pytest.MonkeyPatch) -> Chains:
    found = Chains()

    def attestations(*_: Any) -> Iterator[Attestation]:
        if found.down:
            raise ChainError("no answer")
        return iter(found.attestations)

    def anchors(*_: Any) -> Iterator[Anchored]:
        found.looked.append("anchor")
        return iter(found.anchors)

    def records(access: Any, missing: list[Attestation], listed: list[Anchored]) -> dict[Digest, Digest]:
        known = {item.head: checkpoint_content_digest(item.checkpoint) for item in listed}
        return known | matching(missing, found.contents, [item.head for item in listed], MEMBERS)

    monkeypatch.setattr(recall, "read_attestations", attestations)
    monkeypatch.setattr(recall, "read_anchored", anchors)
    monkeypatch.setattr(recall, "_matched", records)
    return found


@pytest.fixture
def keystore(tmp_path: Path) -> Iterator[Keystore]:
    """One that was restored from a backup."""
    Keystore.create(tmp_path, "secret", scrypt_n=2).close()
    (tmp_path / "keystore" / "kek.json").unlink()
    with Keystore.restore(tmp_path, "secret", scrypt_n=2) as opened:
        yield opened


@pytest.fixture
def access(keystore: Keystore) -> Any:
    chain = SimpleNamespace(chain_id=31337, block_number=lambda: 30)
    contracts = SimpleNamespace(deployment=SimpleNamespace(first_block=1))
    return SimpleNamespace(
        me=ME,
        keystore=keystore,
        private=SimpleNamespace(rounds=SimpleNamespace(chain=chain), **vars(contracts)),
        public=SimpleNamespace(anchor=SimpleNamespace(chain=chain, address=ANCHOR), **vars(contracts)),
    )


def sign(keystore: Keystore, checkpoint: Checkpoint) -> bytes:
    return keystore.sign_checkpoint(
        chain_id=31337,
        anchor=ANCHOR,
        sequence=checkpoint.sequence,
        content=checkpoint_content_digest(checkpoint),
        digest=bytes(32),
    )


def test_nothing_is_signed_before_the_chains_were_asked(access: Any, keystore: Keystore, chains: Chains) -> None:
    with pytest.raises(KeystoreError, match="was restored"):
        sign(keystore, signed(1))
    chains.down = True
    with pytest.raises(ChainError):
        recall_own_signatures(access)
    with pytest.raises(KeystoreError, match="was restored"):
        sign(keystore, signed(1))
    chains.down = False
    assert recall_own_signatures(access) == Recalled()
    assert sign(keystore, signed(1))


def test_an_own_attestation_binds_to_its_content(access: Any, keystore: Keystore, chains: Chains) -> None:
    chains.attestations, chains.contents = [attested(signed(1))], {1: content(1)}
    assert recall_own_signatures(access) == Recalled(learnt=(1,))
    with pytest.raises(KeystoreError, match="refused to sign checkpoint 1"):
        sign(keystore, signed(1, records=8))
    assert sign(keystore, signed(1))
    assert sign(keystore, signed(1, members=MEMBERS[1]))  # the same content, for a newer epoch


def test_a_head_that_nothing_explains_binds_to_no_content(access: Any, keystore: Keystore, chains: Chains) -> None:
    chains.attestations, chains.contents = [attested(signed(1))], {1: content(1, records=8)}  # rewritten since
    assert recall_own_signatures(access) == Recalled(unclear=(1,))
    for records in (7, 8):
        with pytest.raises(KeystoreError, match="refused to sign checkpoint 1"):
            sign(keystore, signed(1, records=records))
    assert sign(keystore, signed(2))


def test_what_others_attested_binds_nobody_here(access: Any, keystore: Keystore, chains: Chains) -> None:
    chains.attestations = [attested(signed(1), OTHER)]
    assert recall_own_signatures(access) == Recalled()
    assert sign(keystore, signed(1, records=8))


def test_an_anchored_checkpoint_binds_though_the_private_chain_forgot_it(
    access: Any, keystore: Keystore, chains: Chains
) -> None:
    chains.anchors = [anchored(signed(1)), anchored(signed(2, previous=head_of(signed(1))))]
    assert recall_own_signatures(access) == Recalled(learnt=(1, 2))
    with pytest.raises(KeystoreError, match="refused"):
        sign(keystore, signed(2, records=8))


def test_an_anchored_one_explains_the_head_that_was_attested(access: Any, keystore: Keystore, chains: Chains) -> None:
    first = signed(1)
    chains.anchors, chains.attestations = [anchored(first)], [attested(first)]
    assert recall_own_signatures(access) == Recalled(learnt=(1,))


def test_the_same_attested_again_for_a_newer_epoch_is_one_content(
    access: Any, keystore: Keystore, chains: Chains
) -> None:
    chains.attestations = [attested(signed(1)), attested(signed(1, members=MEMBERS[1]))]
    chains.contents = {1: content(1)}
    assert recall_own_signatures(access) == Recalled(learnt=(1,))
    assert sign(keystore, signed(1))


def test_a_keystore_that_knows_everything_asks_nothing_more(access: Any, keystore: Keystore, chains: Chains) -> None:
    keystore.finish_recall()
    sign(keystore, signed(1))
    chains.attestations = [attested(signed(1))]
    assert recall_own_signatures(access) == Recalled()
    assert chains.looked == []


def test_two_contents_that_were_attested_are_told_and_none_is_added(
    access: Any, keystore: Keystore, chains: Chains, caplog: pytest.LogCaptureFixture
) -> None:
    chains.anchors = [anchored(signed(1))]
    chains.attestations, chains.contents = [attested(signed(1, records=8))], {1: content(1, records=8)}
    recall_own_signatures(access)
    assert "attested with two contents" in caplog.text
    with pytest.raises(KeystoreError, match="refused"):
        sign(keystore, signed(1, records=8))


def test_heads_are_matched_by_what_they_follow_and_by_their_epoch() -> None:
    first = signed(1)
    second = signed(2, previous=head_of(first), members=MEMBERS[1])
    stranger = replace(second, epoch=9)
    items = [attested(second), attested(stranger)]
    found = matching(items, {2: content(2)}, [head_of(first)], MEMBERS)
    assert found == {head_of(second): checkpoint_content_digest(second)}
    assert matching(items, {2: content(2)}, [], MEMBERS) == {}
    assert matching(items, {}, [head_of(first)], MEMBERS) == {}
