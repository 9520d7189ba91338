"""Checks of an organisation's home: whose it is, who can read it, whether it can be written, whether a daemon runs."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from orchestrator.diagnosis.finding import Check

PRIVATE = ("keystore/**/*", "**/*.sqlite*", "**/*.token", "*password*", "participation.json", "checkpoints/**/*")
"""What only the owner may read, as patterns in the home. A lock says nothing and may be read."""


def home_checks(home: Path, password_file: Path | None) -> Iterator[Check]:
    """Everything about the folder itself."""
    yield _folder(home)
    yield _secrets(home)
    yield _writable(home)
    if password_file is not None:
        yield _apart(home, password_file)
    yield _daemon(home)


def exposed(folder: Path, patterns: tuple[str, ...] = ("**/*",)) -> Path | None:
    """A file that group or others may touch; None where there is none."""
    found = {path for pattern in patterns for path in folder.glob(pattern)}
    for path in sorted(found):
        if path.is_file() and path.name != "lock" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return path
    return None


def _folder(home: Path) -> Check:
    found = home.stat()
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        return Check("home", "broken", f"others can look into {home} (mode {mode:04o})", f"chmod 700 {home}")
    if found.st_uid != os.geteuid():
        who = f"{home} belongs to user {found.st_uid}, this is user {os.geteuid()}"
        return Check("home", "warning", who, "run `loranchor` as the user that the daemon runs as")
    return Check("home", "ok", f"{home}, readable by its owner alone")


def _secrets(home: Path) -> Check:
    found = exposed(home, PRIVATE)
    if found is None:
        return Check("private files", "ok", "readable by their owner alone")
    mode = stat.S_IMODE(found.stat().st_mode)
    mend = f"chmod 600 {found}; if others have been on this machine, make a new one"
    return Check("private files", "broken", f"others can read {found} (mode {mode:04o})", mend)


def _writable(home: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        mend = "make room, mount it for writing, or give it to the daemon's user"
        return Check("home is writable", "broken", f"cannot write in {home}: {error.strerror}", mend)
    return Check("home is writable", "ok", "a file was written and removed")


def _apart(home: Path, password_file: Path) -> Check:
    if password_file.resolve().is_relative_to(home.resolve()):
        mend = "move it out: who copies the home shall not have both"
        return Check("password file", "warning", f"{password_file} lies in the home that it opens", mend)
    return Check("password file", "ok", f"{password_file} lies apart from the home")


def _daemon(home: Path) -> Check:
    path = home / "locks" / "daemon.lock"
    if not path.exists():
        return Check("daemon", "ok", "none has run on this home yet")
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            mend = "stop it before you start another: a second one on this home is refused"
            return Check("daemon", "ok", "one runs on this home", mend)
    return Check("daemon", "ok", "none runs on this home now")
