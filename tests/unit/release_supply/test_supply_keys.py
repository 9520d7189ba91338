"""Signing keys lie under a password, and what they sign the published OpenSSF tools verify; and the other way round."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from unit.release_supply.releasing import KEY, OTHER, PASSWORD, pem, public_pem, released, write_plain

from orchestrator.errors import KeystoreError
from orchestrator.export.record import SIGNATURE
from orchestrator.release.supply.keys import read_private, read_public
from orchestrator.release.supply.scan import files_of
from orchestrator.release.supply.signing import check_signature, sign


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_key_is_read_with_its_password_and_by_no_other(tmp_path: Path) -> None:
    path = write(tmp_path / "key.pem", pem(KEY))
    assert read_private(path, PASSWORD).private_numbers() == KEY.private_numbers()
    with pytest.raises(KeystoreError, match="does not open with this password"):
        read_private(path, "another")
    with pytest.raises(KeystoreError, match="cannot read the key"):
        read_private(tmp_path / "none", PASSWORD)
    with pytest.raises(KeystoreError, match="under a password"):
        read_private(write(tmp_path / "bare.pem", pem(KEY, "")), PASSWORD)
    with pytest.raises(KeystoreError, match="damaged"):
        read_private(write(tmp_path / "cut.pem", pem(KEY)[:90]), PASSWORD)


def test_keys_of_other_kinds_are_refused(tmp_path: Path) -> None:
    strange = ec.derive_private_key(5, ec.SECP256K1())
    with pytest.raises(KeystoreError, match="of no kind"):
        read_private(write(tmp_path / "k1.pem", pem(strange)), PASSWORD)
    with pytest.raises(KeystoreError, match="of no kind"):
        read_public(write(tmp_path / "k1.pub", public_pem(strange)))
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(KeystoreError, match="of no kind"):
        read_public(write(tmp_path / "ed.pub", public_pem(edwards)))  # type: ignore[arg-type]
    with pytest.raises(KeystoreError, match="no public key"):
        read_public(write(tmp_path / "key.pem", pem(KEY)))


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_every_curve_of_the_format(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    key = ec.derive_private_key(11, curve)
    write_plain(tmp_path)
    sign(tmp_path, key)
    assert set(check_signature(tmp_path, files_of(tmp_path), key.public_key())) == {
        "README.md", "config.json", "model.safetensors",
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_published_tools_agree(tmp_path: Path) -> None:
    """They leave files open, and look for the signature beside the files unless told where it is."""
    from model_signing import hashing, signing, verifying

    folder = tmp_path / "model"
    released(folder)
    public, other = write(tmp_path / "pub", public_pem(KEY)), write(tmp_path / "other", public_pem(OTHER))
    private = write(tmp_path / "key", pem(KEY))

    def theirs(key: Path) -> None:
        verifying.Config().use_elliptic_key_verifier(public_key=key).verify(folder, folder / SIGNATURE)

    theirs(public)
    with pytest.raises(ValueError, match="Key mismatch"):
        theirs(other)
    (folder / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"Hash mismatch for 'config\.json'"):
        theirs(public)
    ignoring = hashing.Config().set_ignored_paths(paths=[SIGNATURE], ignore_git_paths=False)
    made = signing.Config().use_elliptic_key_signer(private_key=private, password=PASSWORD.encode())  # type: ignore[arg-type]
    made.set_hashing_config(ignoring).sign(folder, folder / SIGNATURE)
    assert "config.json" in check_signature(folder, files_of(folder), read_public(public))
