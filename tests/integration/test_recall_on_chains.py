"""A home that was restored from a backup older than a checkpoint, before real chains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from audit_life import RealLife
from chain_deployment import deploy
from chain_nodes import anvil, ganache
from ipfs_node import ipfs_node

from orchestrator.chain.public_events import Anchored, read_anchored
from orchestrator.commitment.checkpoints import checkpoint_content_digest
from orchestrator.daemon import recall
from orchestrator.daemon.recall import Recalled, recall_own_signatures
from orchestrator.errors import KeystoreError
from orchestrator.keystore import Keystore
from orchestrator.keystore.backup import restore_backup, write_backup
from orchestrator.storage import IpfsStore
from orchestrator.types import Digest

PASSWORD = "secret"


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLife]:
    """After one round, whose checkpoint everybody attested and somebody anchored."""
    with (
        ipfs_node(tmp_path_factory.mktemp("ipfs")) as url,
        anvil() as public,
        ganache(tmp_path_factory.mktemp("ganache")) as private,
    ):
        life = RealLife(deploy(public, private, tmp_path_factory.mktemp("deployments")), IpfsStore(url))
        life.round()
        yield life


@pytest.fixture
def restored(life: RealLife, tmp_path: Path) -> Iterator[Keystore]:
    """Of a backup from before the round."""
    aurora = life.consortium.members[0]
    key = bytes(aurora.delegate.account.key)
    Keystore.create(tmp_path / "home", PASSWORD, scrypt_n=2, delegate_key=key).close()
    (tmp_path / "home" / "organisation.json").write_text("{}")
    write_backup(tmp_path / "home", tmp_path / "old.tar")
    restore_backup(tmp_path / "old.tar", tmp_path / "restored", PASSWORD, scrypt_n=2)
    with Keystore.open(tmp_path / "restored", PASSWORD) as opened:
        yield opened


def access(life: RealLife, keystore: Keystore) -> Any:
    me = life.consortium.members[0].organisation
    contracts = {"private": life.consortium.private, "public": life.consortium.public}
    return SimpleNamespace(me=me, keystore=keystore, store=life.store, **contracts)


def anchored(life: RealLife) -> list[Anchored]:
    public = life.consortium.public
    return list(read_anchored(public.anchor.chain, public, 0, public.anchor.chain.block_number()))


def sign(life: RealLife, keystore: Keystore, content: Digest) -> bytes:
    anchor = life.consortium.public.anchor
    return keystore.sign_checkpoint(
        chain_id=anchor.chain.chain_id, anchor=anchor.address, sequence=1, content=content, digest=bytes(32)
    )


@pytest.mark.parametrize("explained_by", ["anchor", "records"])
def test_what_was_attested_after_the_backup_binds(
    life: RealLife, restored: Keystore, explained_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkpoint,) = [item.checkpoint for item in anchored(life)]
    content, other = checkpoint_content_digest(checkpoint), Digest("0x" + "ee" * 32)
    if explained_by == "records":  # as where it was attested and nobody has brought it to the public chain yet
        monkeypatch.setattr(recall, "read_anchored", lambda *_: iter(()))
    with pytest.raises(KeystoreError, match="was restored, and may have signed another"):
        sign(life, restored, other)
    assert recall_own_signatures(access(life, restored)) == Recalled(learnt=(1,))
    with pytest.raises(KeystoreError, match="refused to sign checkpoint 1"):
        sign(life, restored, other)
    assert sign(life, restored, content)
    assert recall_own_signatures(access(life, restored)) == Recalled()
