"""Checks of an organisation's own parts: keystore and IPFS node."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.diagnosis.ends import is_loopback
from orchestrator.diagnosis.finding import Check, from_error
from orchestrator.diagnosis.home import exposed
from orchestrator.errors import ConfigurationError, LoranchorError
from orchestrator.settings import Settings

LEAST_KUBO = (0, 22)
"""The oldest Kubo that this version was tried with."""
_KUBO = re.compile(r"^(?:kubo|go-ipfs)/(\d+)\.(\d+)")


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
        found = exposed(organisation.home / "keystore")
        if found is not None:
            return Check("keystore", "broken", f"others can read {found}", f"chmod -R go= {found.parent}")
        if password_file is None:
            return Check("keystore", "ok", f"delegate {addresses.delegate}; not opened, add --password-file to try")
        with Keystore.open(organisation.home, read_password(password_file)):
            return Check("keystore", "ok", f"opens; delegate {addresses.delegate}")
    except LoranchorError as error:
        return Check("keystore", "broken", error.message, error.mend or _ANOTHER)


_ANOTHER = "give the password that this home was made with, or put the keystore back from its backup"


def signer(settings: Settings) -> Check:
    """Whoever holds the delegate's key answers, and signs with the key that the keystore names."""
    from orchestrator.daemon.signer import holders_of

    if settings.organisation is None:
        return Check("signer", "absent", "no organisation's home was given", "add --home to check one")
    try:
        holders = holders_of(settings, settings.organisation.home)
        for holder in holders.values():
            holder.check()
    except LoranchorError as error:
        return Check("signer", "broken", error.message, error.mend or "check signer.url, and that it holds the key")
    where = "a remote signer, which answers" if holders else "the home's keystore"
    return Check("signer", "ok", f"the delegate's key is held by {where}")


def ipfs(settings: Settings) -> Check:
    """The organisation's IPFS node answers, is new enough, and is asked by nobody else."""
    from orchestrator.storage import IpfsStore

    try:
        url = settings.ipfs_api()
    except ConfigurationError as error:
        return from_error("ipfs", error, "absent")
    except LoranchorError as error:  # the local network's node is stopped
        return from_error("ipfs", error)
    try:
        agent = str(IpfsStore(url).identity()["agent"])
    except LoranchorError as error:
        return from_error("ipfs", error)
    version = _KUBO.match(agent)
    if version and tuple(map(int, version.groups())) < LEAST_KUBO:
        wanted = ".".join(map(str, LEAST_KUBO))
        return Check("ipfs", "broken", f"{agent} at {url} is older than Kubo {wanted}", "upgrade Kubo")
    if not is_loopback(url):
        mend = "let its API listen on 127.0.0.1 only, on the daemon's machine"
        return Check("ipfs", "warning", f"{url} is no loopback: whoever reaches it can unpin and add objects", mend)
    return Check("ipfs", "ok", f"{agent or 'a node'} at {url}")
