"""A key that a signer elsewhere holds: believed only where its signature is right, and bound like a key of our own."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_keys import keys

from orchestrator.commitment.eip712 import Domain
from orchestrator.errors import ConfigurationError, KeystoreError, SignerSilent
from orchestrator.keystore import Keystore
from orchestrator.keystore.remote import RemoteKey
from orchestrator.types import Address, Digest
from orchestrator.urls import shown
from tests.unit.keystore.fake_signer import FakeSigner, signer
from tests.unit.keystore.support import FAST, PASSWORD

KEY = keys.PrivateKey(bytes(range(1, 33)))
OTHER = keys.PrivateKey(bytes(range(2, 34)))
ADDRESS = Address(KEY.public_key.to_address())
ANCHOR = Address("0x" + "aa" * 20)
DIGEST = Domain("Test").digest(bytes(32))
FIRST, SECOND = (Digest("0x" + byte * 32) for byte in ("01", "02"))


@pytest.fixture
def remote() -> Iterator[FakeSigner]:
    with signer(KEY) as fake:
        yield fake


@pytest.fixture
def key(remote: FakeSigner) -> RemoteKey:
    return RemoteKey(remote.url, ADDRESS, timeout=2.0)


def test_what_is_signed_is_the_message_and_not_its_hash(remote: FakeSigner, key: RemoteKey) -> None:
    key.sign_digest(DIGEST)
    assert remote.asked == [DIGEST.message]


def test_a_bare_digest_is_refused(remote: FakeSigner, key: RemoteKey) -> None:
    with pytest.raises(KeystoreError, match="takes no bare digest"):
        key.sign_digest(bytes(32))
    assert remote.asked == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0x" + "00" * 65, "gave no signature"),
        ("0x12", "gave no signature"),
        ("sorry", "gave no signature"),
        ("", "gave no signature"),
        ("0x" + "ff" * 200_000, "gave no signature"),
    ],
)
def test_what_is_no_signature_is_refused(remote: FakeSigner, key: RemoteKey, text: str, message: str) -> None:
    remote.answer = lambda data, signature: (200, text)
    with pytest.raises(SignerSilent, match=message):
        key.sign_digest(DIGEST)


def test_a_signature_of_something_else_or_of_another_key_is_refused(remote: FakeSigner, key: RemoteKey) -> None:
    strange = OTHER.sign_msg_hash(DIGEST)
    remote.answer = lambda data, signature: (200, "0x" + strange.to_bytes().hex())
    with pytest.raises(SignerSilent, match=f"signed with {OTHER.public_key.to_address()}, not {ADDRESS}"):
        key.sign_digest(DIGEST)
    elsewhere = KEY.sign_msg_hash(Domain("Other").digest(bytes(32)))
    remote.answer = lambda data, signature: (200, "0x" + elsewhere.to_bytes().hex())
    with pytest.raises(SignerSilent, match=f"not {ADDRESS}"):
        key.sign_digest(DIGEST)


def test_recovery_ids_of_both_kinds_are_taken(remote: FakeSigner, key: RemoteKey) -> None:
    expected = key.sign_digest(DIGEST)
    remote.answer = lambda data, signature: (200, f'"{signature[:-2]}{int(signature[-2:], 16) - 27:02x}"')
    assert key.sign_digest(DIGEST) == expected


def test_a_key_that_the_signer_lacks_is_named() -> None:
    with signer(OTHER) as fake:
        key = RemoteKey(fake.url, ADDRESS)
        with pytest.raises(KeystoreError, match=f"does not hold the key of {ADDRESS}"):
            key.check()


def test_a_key_that_is_taken_out_is_noticed(remote: FakeSigner, key: RemoteKey) -> None:
    key.sign_digest(DIGEST)
    remote.keys.clear()
    with pytest.raises(SignerSilent, match="HTTP 404"):
        key.sign_digest(DIGEST)
    with pytest.raises(KeystoreError, match="does not hold"):
        key.sign_digest(DIGEST)


@pytest.mark.parametrize("status", [400, 500, 302])
def test_errors_of_the_signer(remote: FakeSigner, key: RemoteKey, status: int) -> None:
    remote.answer = lambda data, signature: (status, signature)
    with pytest.raises(SignerSilent, match=f"HTTP {status}"):
        key.sign_digest(DIGEST)


@pytest.mark.parametrize(("pause", "words"), [(0.0, "no answer from"), (1.0, "no answer in time from")])
def test_a_signer_that_ends_in_the_middle_of_its_answer(remote: FakeSigner, pause: float, words: str) -> None:
    key = RemoteKey(remote.url, ADDRESS, timeout=0.3)
    key.check()
    remote.missing, remote.pause = 9, pause
    with pytest.raises(SignerSilent, match=words) as caught:
        key.sign_digest(DIGEST)
    assert caught.value.__cause__ is None


def test_nobody_listens_and_no_password_shows() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://user:s3cret@127.0.0.1:{taken.getsockname()[1]}/hidden?token=s3cret"
        key = RemoteKey(url, ADDRESS, timeout=1.0)
        with pytest.raises(SignerSilent, match="no answer from the signer at http://127") as caught:
            key.sign_digest(DIGEST)
    assert "s3cret" not in f"{caught.value} {caught.value.__cause__} {key!r}"
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://u:p@signer:9000/x?y", "https://signer:9000/…"),
        ("https://signer:9000/", "https://signer:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("https://signer", "https://signer"),
        ("nonsense", "(no address)"),
        ("http://signer:port", "(no address)"),
    ],
)
def test_shown_addresses_hold_nothing_secret(url: str, expected: str) -> None:
    assert shown(url) == expected


@pytest.mark.parametrize("url", ["signer:9000", "ftp://signer", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="no HTTP address"):
        RemoteKey(url, ADDRESS)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Keystore.create(tmp_path / "aurora", PASSWORD, scrypt_n=FAST, remote_delegate=ADDRESS).close()
    return tmp_path / "aurora"


def test_a_keystore_for_a_remote_delegate_holds_no_key_of_it(home: Path) -> None:
    names = {path.name for path in (home / "keystore").iterdir()}
    assert "delegate.json" not in names
    assert "authority.json" in names
    assert Keystore.addresses(home).delegate == ADDRESS
    assert all(stat.S_IMODE((home / "keystore" / name).stat().st_mode) == 0o600 for name in names - {"lock"})


def test_without_its_signer_nothing_is_signed(home: Path) -> None:
    with (
        Keystore.open(home, PASSWORD) as opened,
        pytest.raises(KeystoreError, match="delegate key is not unlocked"),
    ):
        opened.sign_digest("delegate", DIGEST)


def test_one_sequence_is_signed_for_one_content_by_a_remote_key_too(
    home: Path, remote: FakeSigner, key: RemoteKey
) -> None:
    place = {"chain_id": 1, "anchor": ANCHOR, "sequence": 3}
    with Keystore.open(home, PASSWORD, remote={"delegate": key}) as opened:
        first = opened.sign_checkpoint(**place, content=FIRST, digest=DIGEST)  # type: ignore[arg-type]
        assert first == opened.sign_checkpoint(**place, content=FIRST, digest=DIGEST)  # type: ignore[arg-type]
        assert len(remote.asked) == 2
        with pytest.raises(KeystoreError, match="refused to sign checkpoint 3"):
            opened.sign_checkpoint(**place, content=SECOND, digest=DIGEST)  # type: ignore[arg-type]
    with (
        Keystore.open(home, PASSWORD, remote={"delegate": key}) as again,
        pytest.raises(KeystoreError, match="refused"),
    ):
        again.sign_checkpoint(**place, content=SECOND, digest=DIGEST)  # type: ignore[arg-type]
    assert len(remote.asked) == 2


def test_what_is_asked_of_a_silent_signer_binds(home: Path, remote: FakeSigner, key: RemoteKey) -> None:
    """It may have signed, and only its answer was lost."""
    place = {"chain_id": 1, "anchor": ANCHOR, "sequence": 4}
    remote.answer = lambda data, signature: (500, "")
    with Keystore.open(home, PASSWORD, remote={"delegate": key}) as opened:
        with pytest.raises(SignerSilent):
            opened.sign_checkpoint(**place, content=FIRST, digest=DIGEST)  # type: ignore[arg-type]
        remote.answer = None
        with pytest.raises(KeystoreError, match="refused"):
            opened.sign_checkpoint(**place, content=SECOND, digest=DIGEST)  # type: ignore[arg-type]
        assert opened.sign_checkpoint(**place, content=FIRST, digest=DIGEST)  # type: ignore[arg-type]


def test_a_signer_with_another_key_does_not_open_the_home(home: Path, remote: FakeSigner) -> None:
    stranger = RemoteKey(remote.url, Address(OTHER.public_key.to_address()))
    with pytest.raises(KeystoreError, match=f"the delegate of this home is {ADDRESS}"):
        Keystore.open(home, PASSWORD, remote={"delegate": stranger})


def test_prekeys_and_content_keys_stay_here(home: Path, remote: FakeSigner, key: RemoteKey) -> None:
    with Keystore.open(home, PASSWORD, remote={"delegate": key}) as opened:
        assert len(opened.make_prekeys(2)) == len(opened.prekeys()) == 2
    assert remote.asked == []
