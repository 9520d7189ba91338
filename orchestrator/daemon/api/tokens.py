"""Two tokens, one to read and one to act, in files that only their owner can read.

A token is 32 random bytes. Whoever can act can read. The files are read again whenever they change, so that a token is
renewed by removing its file: the next request finds a new one there, with no restart.
"""

from __future__ import annotations

import hmac
import secrets
from enum import IntEnum
from hashlib import sha256
from pathlib import Path

from orchestrator.errors import ConfigurationError
from orchestrator.files import write_atomic

FOLDER = "api"
_BYTES = 32


class Scope(IntEnum):
    """What a caller may do."""

    NONE = 0
    READ = 1
    ACT = 2


FILES = {Scope.READ: "read.token", Scope.ACT: "act.token"}


def token_path(home: Path, scope: Scope) -> Path:
    """Where a scope's token lies."""
    return home / FOLDER / FILES[scope]


def read_token(path: Path) -> str:
    """A token out of its file.

    Raises:
        ConfigurationError: no such file, others can read it, or it holds no token.
    """
    try:
        mode, text = path.stat().st_mode, path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the token file {path} cannot be read: {error}", mend="the daemon writes it when it starts"
        ) from error
    if mode & 0o077:
        raise ConfigurationError(
            f"the token file {path} has mode {mode & 0o777:04o}, so others can read it", mend=f"chmod 600 {path}"
        )
    if not text:
        raise ConfigurationError(f"the token file {path} is empty", mend="remove it; the daemon writes a new one")
    return text


class Tokens:
    """The tokens of one home; a missing file is written.

    Raises:
        ConfigurationError: a file is there that others can read, or that is empty.
    """

    def __init__(self, home: Path) -> None:
        self._paths = {scope: token_path(home, scope) for scope in FILES}
        self._known: dict[Scope, tuple[int, bytes]] = {}
        for path in self._paths.values():
            _make(path)
            read_token(path)

    def scope_of(self, presented: str) -> Scope:
        """What a presented token allows. Takes as long for a wrong one as for a right one."""
        given = sha256(presented.encode()).digest()
        found = [scope for scope in self._paths if hmac.compare_digest(given, self._digest(scope))]
        return max(found, default=Scope.NONE)

    def _digest(self, scope: Scope) -> bytes:
        """Of the file as it is now; a file that is gone or open to others lets nobody in."""
        path = self._paths[scope]
        try:
            _make(path)
            changed = path.stat().st_mtime_ns
            if scope not in self._known or self._known[scope][0] != changed:
                self._known[scope] = (changed, sha256(read_token(path).encode()).digest())
        except (OSError, ConfigurationError):
            self._known[scope] = (0, secrets.token_bytes(_BYTES))
        return self._known[scope][1]


def _make(path: Path) -> None:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, (secrets.token_urlsafe(_BYTES) + "\n").encode(), mode=0o600)
