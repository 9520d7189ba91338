"""New keys in place of old ones: staged, installed, cut off at every step, moved to a colder place and back."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError, KeystoreError
from orchestrator.files import write_json
from orchestrator.governance import keys
from orchestrator.keystore import Keystore, Role
from orchestrator.organisation import FILE, Organisation, load_organisation
from orchestrator.types import OrganisationId

PASSWORD = "password of the tests"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "aurora"
    with Keystore.create(folder, PASSWORD, scrypt_n=2**10) as made:
        organisation = Organisation(
            OrganisationId("aurora"), folder, made.authority_address, made.delegate_address, {"chain.timeout": 5}
        )
    write_json(folder / FILE, organisation.document)
    return folder


@pytest.mark.parametrize("role", ["delegate", "authority"])
def test_a_staged_key_takes_the_place_of_the_old_one(home: Path, role: Role) -> None:
    before = Keystore.addresses(home)
    old = getattr(before, role)
    waiting = keys.stage(home, role, PASSWORD)
    assert keys.stage(home, role, PASSWORD) == waiting == keys.staged_address(home, role)
    assert Keystore.addresses(home) == before
    assert keys.install(home, role, PASSWORD) == waiting
    assert keys.staged_address(home, role) is None
    with Keystore.open(home, PASSWORD) as opened:
        assert getattr(opened, f"{role}_address") == waiting
        assert len(opened.sign_digest(role, bytes(32))) == 65
    organisation = load_organisation(home)
    assert getattr(organisation, role) == waiting and organisation.settings == {"chain.timeout": 5}
    kept = home / "keystore" / f"{role}.{old}.json"
    assert keys.KeyFile.open(kept, PASSWORD).address == old
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_new_authority_needs_no_old_one(home: Path) -> None:
    (home / "keystore" / "authority.json").unlink()
    waiting = keys.stage(home, "authority", PASSWORD)
    assert keys.install(home, "authority", PASSWORD) == waiting
    with Keystore.open(home, PASSWORD, roles=("authority",)) as opened:
        assert opened.authority_address == waiting


@pytest.mark.parametrize("step", ["_copy", "write_private", "write_json", "sync_folder"])
def test_an_installation_that_was_cut_off_is_finished_by_the_next(
    home: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dies in front of each step; doing it again gives the same keystore, with the old key kept."""
    old = Keystore.addresses(home).delegate
    waiting = keys.stage(home, "delegate", PASSWORD)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(keys, step, die)
        with pytest.raises(KeyboardInterrupt):
            keys.install(home, "delegate", PASSWORD)
    if keys.staged_address(home, "delegate") is not None:  # gone once the last rename was made
        assert keys.stage(home, "delegate", PASSWORD) == waiting
        keys.install(home, "delegate", PASSWORD)
    with Keystore.open(home, PASSWORD) as opened:
        assert opened.delegate_address == waiting == load_organisation(home).delegate
    assert keys.named_address(home / "keystore" / f"delegate.{old}.json") == old


def test_a_wrong_password_makes_no_key(home: Path) -> None:
    with pytest.raises(KeystoreError, match="wrong password"):
        keys.stage(home, "delegate", "another")
    assert keys.staged_address(home, "delegate") is None
    with pytest.raises(KeystoreError, match="no key file"):
        keys.install(home, "delegate", PASSWORD)


def test_new_keys_are_as_hard_to_guess_as_the_old_ones(home: Path) -> None:
    keys.stage(home, "authority", PASSWORD)
    document = json.loads(keys.staged_path(home, "authority").read_bytes())
    assert document["crypto"]["kdfparams"]["n"] == 2**10


def test_an_authority_goes_to_a_colder_place_and_comes_back(home: Path, tmp_path: Path) -> None:
    address = Keystore.addresses(home).authority
    stick = tmp_path / "stick" / "authority.json"
    assert keys.export_authority(home, PASSWORD, stick, remove=True) == address
    assert not (home / "keystore" / "authority.json").exists()
    assert stat.S_IMODE(stick.stat().st_mode) == 0o600
    assert keys.KeyFile.open(stick, PASSWORD).address == address
    with pytest.raises(KeystoreError, match="lacks"):
        keys.export_authority(home, PASSWORD, stick, remove=False)
    assert keys.import_authority(home, PASSWORD, stick) == address
    assert keys.import_authority(home, PASSWORD, stick) == address
    with Keystore.open(home, PASSWORD) as opened:
        assert len(opened.sign_digest("authority", bytes(32))) == 65


def test_another_key_is_no_authority_of_this_home(home: Path, tmp_path: Path) -> None:
    keys.stage(home, "authority", PASSWORD)
    with pytest.raises(KeystoreError, match="holds the key of"):
        keys.import_authority(home, PASSWORD, keys.staged_path(home, "authority"))
    occupied = tmp_path / "occupied.json"
    occupied.write_text("{}")
    with pytest.raises(ConfigurationError, match="holds something else"):
        keys.export_authority(home, PASSWORD, occupied, remove=True)
    assert (home / "keystore" / "authority.json").exists()
    for content in ("{}", '{"address": 7}', "[]", "no json"):
        occupied.write_text(content)
        with pytest.raises(KeystoreError):
            keys.KeyFile.open(occupied, PASSWORD)


def test_nothing_shows_a_key(home: Path) -> None:
    found = keys.KeyFile.open(home / "keystore" / "authority.json", PASSWORD)
    assert repr(found) == f"KeyFile({Keystore.addresses(home).authority})"


def test_a_key_that_was_set_aside_is_kept_and_another_one_waits(home: Path) -> None:
    assert keys.set_aside(home, "delegate") is None
    first = keys.stage(home, "delegate", PASSWORD)
    kept = keys.set_aside(home, "delegate")
    assert kept is not None and keys.KeyFile.open(kept, PASSWORD).address == first
    assert keys.staged_address(home, "delegate") is None
    assert keys.stage(home, "delegate", PASSWORD) != first


def test_a_wrong_password_sets_no_key_aside(home: Path) -> None:
    """A quorum may have decided for its address already."""
    first = keys.stage(home, "authority", PASSWORD)
    with pytest.raises(KeystoreError):
        keys.stage(home, "authority", "mistyped", another=True)
    assert keys.staged_address(home, "authority") == first
    assert keys.stage(home, "authority", PASSWORD, another=True) != first
    assert (home / "keystore" / f"authority.{first}.json").exists()
