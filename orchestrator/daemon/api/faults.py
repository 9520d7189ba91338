"""Every refusal of the API: its status, and the same three members as an error of the command line."""

from __future__ import annotations

from typing import Any

from orchestrator.daemon.control import NotFound
from orchestrator.errors import ChainError, ConfigurationError, DiskError, LoranchorError, StorageError

OWN: dict[str, tuple[int, str, str]] = {
    "Unauthorised": (401, "no token of this daemon was sent", "send `api/read.token` of its home as Bearer"),
    "Refused": (403, "the token only reads", "send `api/act.token` of its home as Bearer"),
    "NotFound": (404, "there is no such page, effect or alarm", "see /docs, `/v1/pending` or `/v1/alarms`"),
    "WrongMethod": (405, "the page is not asked that way", "see /docs"),
    "TooLarge": (413, "the body has more than 16 KiB", "send less"),
    "WrongHost": (421, "the Host header names another host", "add the name to `daemon.api.hosts`"),
    "Invalid": (422, "the request does not follow the description", "see /docs"),
    "TooManyRequests": (429, "too many requests", "wait a second"),
    "Unforeseen": (500, "the daemon met an error that nobody foresaw", "see its log, and please report it"),
}
"""Codes that only the API has: status, what it says, what helps. docs/errors.md lists them."""

_STATUS: tuple[tuple[type[LoranchorError], int], ...] = (
    (NotFound, 404),
    (ConfigurationError, 409),
    (DiskError, 503),
    (ChainError, 503),
    (StorageError, 503),
)


def status_of(error: LoranchorError) -> int:
    """The HTTP status of an error: 409 where the operator asked for what cannot be, 503 where something is down."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 409)


def document(code: str, message: str, mend: str) -> dict[str, Any]:
    """The body of a refusal."""
    return {"error": {"code": code, "message": " ".join(message.split()), "mend": mend}}


def own(code: str) -> tuple[int, dict[str, Any]]:
    """Status and body of a refusal that only the API has."""
    status, message, mend = OWN[code]
    return status, document(code, message, mend)
