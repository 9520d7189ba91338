"""Who can open what, after everything; and that no secret is where it should not be."""

from __future__ import annotations

import shutil
from pathlib import Path

from eth_account import Account

from orchestrator.keystore import Keystore
from orchestrator.keystore.accounts import ROLES
from tests.e2e.conftest import MEMBER, Run


def revoked_update(run: Run) -> str:
    return str(run.summary["revocation"]["update_ids"][0])


def live_update(run: Run) -> str:
    gone = set(run.summary["revocation"]["update_ids"])
    return next(u["update_id"] for u in run.summary["rounds"][0]["updates"] if u["update_id"] not in gone)


def test_member_opens_what_is_live(run: Run) -> None:
    done = run.member(["contribution", "inspect", "--update", live_update(run)], MEMBER)
    assert done.returncode == 0, done.stderr
    assert "norm" in done.stdout


def test_member_cannot_open_what_was_shredded(run: Run) -> None:
    done = run.member(["contribution", "inspect", "--update", revoked_update(run)], MEMBER)
    assert done.returncode == 6
    assert "destroyed on purpose" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_nor_after_an_old_copy_of_its_folder_is_put_back(run: Run, tmp_path: Path) -> None:
    restored = tmp_path / MEMBER
    shutil.copytree(run.snapshot, restored)
    assert not list(restored.rglob("kek*.json")), "the snapshot must lack the key-encryption file"
    for name in ("kek.json",):
        shutil.copy(run.home(MEMBER) / "keystore" / name, restored / "keystore" / name)
    verb = ["contribution", "inspect", "--home", str(restored), "--password-file", str(run.password_file(MEMBER))]
    done = run.loranchor(*verb, "--update", revoked_update(run))
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_stranger_opens_nothing(run: Run, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("a stranger's password\n")
    home = tmp_path / "stranger"
    made = run.loranchor("org", "init", "--name", MEMBER, "--home", str(home), "--password-file", str(password))
    assert made.returncode == 0, made.stderr
    verb = ["contribution", "inspect", "--home", str(home), "--password-file", str(password)]
    done = run.loranchor(*verb, "--update", live_update(run))
    assert done.returncode == 6
    assert len(done.stderr.strip().splitlines()) == 1


def test_no_secret_in_a_log_a_summary_or_the_process_list(run: Run) -> None:
    secrets = [secret for name in run.summary["held_out"] for secret in _secrets(run, name)]
    assert len(secrets) >= 3 * 4
    for path in _readable_files(run.root):
        data = path.read_bytes()
        for secret in secrets:
            assert secret not in data, f"a secret is in {path}"
    lines = "\n".join(run.command_lines).encode() + run.output.encode()
    assert b"orchestrator daemon run" in lines
    for secret in secrets:
        assert secret not in lines


def _secrets(run: Run, organisation: str) -> list[bytes]:
    """The password, private keys and content keys of an organisation, as bytes and as text."""
    password = run.password_file(organisation).read_text().strip()
    found = [password.encode()]
    with Keystore.open(run.home(organisation), password) as keystore:
        keys = [private_key(run.home(organisation) / "keystore" / f"{role}.json", password) for role in ROLES]
        keys += [keystore.content_key(update_id) for update_id in keystore.contents()]
        keys += [keystore.prekey_private(digest) for digest in keystore.prekeys()]
    return found + keys + [key.hex().encode() for key in keys]


def private_key(path: Path, password: str) -> bytes:
    return bytes(Account.decrypt(path.read_text(), password))


def _readable_files(root: Path) -> list[Path]:
    """All files of the run but the keystores and password files themselves."""
    kept = ("passwords", "keystore")
    return [path for path in root.rglob("*") if path.is_file() and not set(kept) & set(path.relative_to(root).parts)]
