"""Creating and opening a keystore, and signing with it."""

from __future__ import annotations

import json
import logging
import pickle
import stat
from pathlib import Path

import pytest
from eth_account import Account
from eth_keys import keys

from orchestrator.errors import KeystoreError
from orchestrator.keystore import Addresses, Keystore
from orchestrator.keystore.accounts import Role
from orchestrator.types import Address, Digest
from tests.unit.keystore.support import FAST, PASSWORD

ANCHOR = Address("0x" + "aa" * 20)
FIRST, SECOND = (Digest("0x" + byte * 32) for byte in ("01", "02"))
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def test_addresses_are_readable_without_the_password(home: Path, keystore: Keystore) -> None:
    found = Keystore.addresses(home)
    assert found == Addresses(keystore.authority_address, keystore.delegate_address)
    assert found.authority != found.delegate
    assert found.delegate == found.delegate.lower()


def test_every_file_is_private(home: Path, keystore: Keystore) -> None:
    keystore.make_prekeys(1)
    folder = home / "keystore"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.name != "lock"}
    assert set(modes.values()) == {0o600}, modes


def test_opens_again_with_the_password(home: Path, keystore: Keystore) -> None:
    signature = keystore.sign_digest("delegate", bytes(32))
    with Keystore.open(home, PASSWORD) as again:
        assert again.sign_digest("delegate", bytes(32)) == signature


@pytest.mark.parametrize("wrong", ["", "correct horse ", "Correct horse", "x" * 5000])
def test_a_wrong_password_is_one_sentence(home: Path, keystore: Keystore, wrong: str) -> None:
    with pytest.raises(KeystoreError) as caught:
        Keystore.open(home, wrong)
    assert str(caught.value) == f"wrong password for the keystore in {home / 'keystore'}"
    assert wrong not in str(caught.value) or not wrong


def test_a_second_keystore_is_refused(home: Path, keystore: Keystore) -> None:
    before = Keystore.addresses(home)
    with pytest.raises(KeystoreError, match="already a keystore"):
        Keystore.create(home, PASSWORD, scrypt_n=FAST)
    assert Keystore.addresses(home) == before


def test_a_failed_creation_leaves_nothing(home: Path) -> None:
    with pytest.raises(KeystoreError, match="must not be empty"):
        Keystore.create(home, "", scrypt_n=FAST)
    with pytest.raises(KeystoreError, match="not a valid one") as caught:
        Keystore.create(home, PASSWORD, scrypt_n=FAST, delegate_key=b"\xff" * 32)
    assert "ff" * 8 not in str(caught.value)
    assert caught.value.__cause__ is None
    assert list(home.iterdir()) == []


def test_no_keystore_there(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match=r"no keystore in .*org init"):
        Keystore.open(tmp_path, PASSWORD)


def test_given_keys_are_used(home: Path) -> None:
    key = bytes(range(1, 33))
    with Keystore.create(home, PASSWORD, scrypt_n=FAST, authority_key=key) as made:
        assert made.authority_address == Account.from_key(key).address.lower()


@pytest.mark.parametrize("role", ["delegate", "authority"])
def test_signatures_recover_to_the_address(keystore: Keystore, role: Role) -> None:
    for seed in range(8):
        digest = bytes([seed]) * 32
        signature = keystore.sign_digest(role, digest)
        assert len(signature) == 65
        assert signature[64] in (27, 28)
        assert int.from_bytes(signature[32:64], "big") <= HALF_ORDER
        recoverable = keys.Signature(signature[:64] + bytes([signature[64] - 27]))
        recovered = recoverable.recover_public_key_from_msg_hash(digest).to_address()
        assert recovered == getattr(keystore, f"{role}_address")


def test_only_a_digest_is_signed(keystore: Keystore) -> None:
    with pytest.raises(KeystoreError, match="32 bytes"):
        keystore.sign_digest("delegate", b"text")


def test_a_transaction_recovers_to_its_role(keystore: Keystore) -> None:
    transaction = {"to": "0x" + "11" * 20, "value": 1, "gas": 21000, "nonce": 0, "chainId": 1337,
                   "maxFeePerGas": 10, "maxPriorityFeePerGas": 1}  # fmt: skip
    raw = keystore.sign_transaction("authority", transaction)
    assert Account.recover_transaction(raw).lower() == keystore.authority_address
    with pytest.raises(KeystoreError, match="cannot sign"):
        keystore.sign_transaction("delegate", transaction | {"gas": None})
    with pytest.raises(KeystoreError, match="cannot sign"):
        keystore.sign_transaction("delegate", transaction | {"from": keystore.authority_address})


def test_a_cold_authority_is_named_when_needed(home: Path, keystore: Keystore) -> None:
    (home / "keystore" / "authority.json").rename(home / "cold.json")
    with Keystore.open(home, PASSWORD) as warm:
        warm.sign_digest("delegate", bytes(32))
        with pytest.raises(KeystoreError, match="authority key is not unlocked"):
            warm.sign_digest("authority", bytes(32))


def test_one_sequence_is_signed_for_one_content(home: Path, keystore: Keystore) -> None:
    def sign(
        store: Keystore, content: Digest, sequence: int = 1, anchor: Address = ANCHOR, chain: int = 31337
    ) -> bytes:
        return store.sign_checkpoint(
            chain_id=chain, anchor=anchor, sequence=sequence, content=content, digest=bytes.fromhex(content[2:])
        )

    first = sign(keystore, FIRST)
    assert sign(keystore, FIRST) == first
    with pytest.raises(KeystoreError, match=r"refused to sign checkpoint 1 .*equivocation"):
        sign(keystore, SECOND)
    sign(keystore, SECOND, sequence=2)
    sign(keystore, SECOND, anchor=Address("0x" + "bb" * 20))
    sign(keystore, SECOND, chain=1)
    with Keystore.open(home, PASSWORD) as again, pytest.raises(KeystoreError, match="refused"):
        sign(again, SECOND)
    with pytest.raises(KeystoreError, match="refused"):
        sign(keystore, SECOND, anchor=Address(ANCHOR.upper().replace("0X", "0x")))


def test_a_content_is_recorded_before_it_is_signed(keystore: Keystore) -> None:
    place = {"chain_id": 1, "anchor": ANCHOR, "sequence": 7}
    with pytest.raises(KeystoreError, match="32 bytes"):
        keystore.sign_checkpoint(**place, content=FIRST, digest=b"")  # type: ignore[arg-type]
    with pytest.raises(KeystoreError, match="refused"):
        keystore.sign_checkpoint(**place, content=SECOND, digest=bytes(32))  # type: ignore[arg-type]


def test_an_attestation_found_on_chain_binds(keystore: Keystore) -> None:
    place = {"chain_id": 1, "anchor": ANCHOR, "sequence": 3}
    keystore.recall_checkpoint(**place, content=FIRST)  # type: ignore[arg-type]
    with pytest.raises(KeystoreError, match="refused"):
        keystore.sign_checkpoint(**place, content=SECOND, digest=bytes(32))  # type: ignore[arg-type]


def test_private_keys_show_nowhere(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    key = bytes(range(1, 33))
    caplog.set_level(logging.DEBUG)
    with Keystore.create(home, PASSWORD, scrypt_n=FAST, delegate_key=key) as keystore:
        keystore.sign_digest("delegate", bytes(32))
        shown = " ".join(
            [repr(keystore), str(keystore), repr(vars(keystore)), repr(vars(keystore._vault)), caplog.text]
        )
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(keystore)
    assert key.hex() not in shown
    assert repr(key) not in shown
    assert PASSWORD not in shown
    for path in (home / "keystore").iterdir():
        data = path.read_bytes()
        assert key not in data
        assert key.hex().encode() not in data
        assert PASSWORD.encode() not in data


@pytest.mark.parametrize("name", ["kek.json", "delegate.json", "authority.json", "addresses.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b'{"format": "loranchor/kek", "version": 1}'])
def test_a_damaged_file_is_named(home: Path, keystore: Keystore, name: str, content: bytes) -> None:
    keystore.close()
    (home / "keystore" / name).write_bytes(content)
    with pytest.raises(KeystoreError, match=name.replace(".", r"\.")):
        Keystore.open(home, PASSWORD)


@pytest.mark.parametrize("name", ["secrets.sqlite", "signed.sqlite"])
def test_a_damaged_database_is_named(home: Path, keystore: Keystore, name: str) -> None:
    keystore.make_prekeys(1)
    keystore.close()
    (home / "keystore" / name).write_bytes(b"not a database" * 100)
    with pytest.raises(KeystoreError, match=name.replace(".", r"\.")):
        Keystore.open(home, PASSWORD)


def test_a_changed_kek_file_does_not_open(home: Path, keystore: Keystore) -> None:
    path = home / "keystore" / "kek.json"
    document = json.loads(path.read_bytes())
    for change in ({"generation": 2}, {"id": "00" * 16}, {"nonce": "00" * 12}, {"wrapped": "00" * 48}):
        path.write_text(json.dumps(document | change))
        with pytest.raises(KeystoreError):
            Keystore.open(home, PASSWORD)
    path.write_text(json.dumps(document | {"version": 2}))
    with pytest.raises(KeystoreError, match="version 1"):
        Keystore.open(home, PASSWORD)


def test_swapped_key_files_are_noticed(home: Path, keystore: Keystore) -> None:
    folder = home / "keystore"
    (folder / "delegate.json").write_bytes((folder / "authority.json").read_bytes())
    with pytest.raises(KeystoreError, match=r"addresses\.json says"):
        Keystore.open(home, PASSWORD)
