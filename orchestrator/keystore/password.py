"""The keystore's password, from a private file or from the terminal; never from the environment or the command line."""

from __future__ import annotations

import getpass
import os
import stat
import sys
from pathlib import Path

from orchestrator.errors import KeystoreError

MAX_BYTES = 4096


def read_password(file: Path | None, *, prompt: str = "Keystore password: ", confirm: bool = False) -> str:
    """Read a password.

    Args:
        file: a file with mode 0600 whose first line is the password, or one of systemd's credentials; ``None`` asks at
            the terminal.
        prompt: what to ask with.
        confirm: ask twice, as for a new password.

    Raises:
        KeystoreError: no such file, others may read it, it is empty, or there is no terminal to ask at.
    """
    return _from_file(file) if file is not None else _from_terminal(prompt, confirm)


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            _require_private(path, stat.S_IMODE(status.st_mode))
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise KeystoreError(
            f"cannot read the password file {path}: {error.strerror}", mend="make one that only you can read (0600)"
        ) from error
    if len(data) > MAX_BYTES:
        raise KeystoreError(f"the password file {path} is longer than {MAX_BYTES} bytes; is it the right file?")
    try:
        return _checked(data.decode().removesuffix("\n").removesuffix("\r"), f"the password in {path}")
    except UnicodeDecodeError as error:
        raise KeystoreError(f"the password file {path} is not UTF-8 text") from error


def _require_private(path: Path, mode: int) -> None:
    if mode & (0o037 if _is_credential(path) else 0o077):
        raise KeystoreError(
            f"the password file {path} has mode {mode:04o}, so others can read it", mend=f"chmod 600 {path}"
        )


def _is_credential(path: Path) -> bool:
    """Whether systemd handed it to this service. Its file is root's, and the service's user reads it by an access list,
    whose mask shows as the group's bit: mode 0440 (systemd.exec(5), LoadCredential)."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and path.resolve().parent == Path(str(folder)).resolve()


def _from_terminal(prompt: str, confirm: bool) -> str:
    if not sys.stdin.isatty():
        raise KeystoreError("there is no terminal to ask for the password at", mend="name a password file (mode 0600)")
    password = _checked(getpass.getpass(prompt), "the password")
    if confirm and getpass.getpass("Again: ") != password:
        raise KeystoreError("the two passwords differ", mend="try again")
    return password


def _checked(password: str, what: str) -> str:
    if not password:
        raise KeystoreError(f"{what} is empty")
    if "\n" in password:
        raise KeystoreError(f"{what} has more than one line")
    return password
