"""Checks of an organisation's own parts: keystore and IPFS node."""

from __future__ import annotations

import stat
from pathlib import Path

from orchestrator.diagnosis.finding import Check, from_error
from orchestrator.errors import ConfigurationError, LoranchorError, StorageError
from orchestrator.settings import Settings


def keystore(settings: Settings, password_file: Path | None) -> Check:
    """Readable by its owner alone, of the organisation's addresses; opened where a password file is given."""
    from orchestrator.keystore import Keystore, read_password

    organisation = settings.organisation
    if organisation is None:
        return Check("keystore", "absent", "no organisation's home was given", "add --home to check one")
    try:
        addresses = Keystore.addresses(organisation.home)
        if (addresses.authority, addresses.delegate) != (organisation.authority, organisation.delegate):
            return Check("keystore", "broken", "its addresses are not those of organisation.json", "restore both files")
        exposed = _exposed(organisation.home / "keystore")
        if exposed is not None:
            return Check("keystore", "broken", f"others can read {exposed}", f"chmod -R go= {exposed.parent}")
        if password_file is None:
            return Check("keystore", "ok", f"delegate {addresses.delegate}; not opened, add --password-file to try")
        with Keystore.open(organisation.home, read_password(password_file)):
            return Check("keystore", "ok", f"opens; delegate {addresses.delegate}")
    except LoranchorError as error:
        return from_error("keystore", error)


def _exposed(folder: Path) -> Path | None:
    """A file of the keystore that group or others may touch."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "lock" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return path
    return None


def ipfs(settings: Settings) -> Check:
    """The organisation's IPFS node answers."""
    from orchestrator.storage import IpfsStore

    try:
        url = settings.ipfs_api()
    except (ConfigurationError, StorageError) as error:
        return from_error("ipfs", error, "absent")
    except LoranchorError as error:
        return from_error("ipfs", error)
    try:
        identity = IpfsStore(url).identity()
    except LoranchorError as error:
        return from_error("ipfs", error)
    return Check("ipfs", "ok", f"{identity['agent'] or 'a node'} at {url}")
