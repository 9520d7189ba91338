"""Alerts by HTTP to one address that the auditor names, and to no other."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from orchestrator.errors import ConfigurationError
from orchestrator.urls import shown

MOST = 50
"""Alerts in one message."""
KEPT = 500
"""Alerts that wait for a receiver that is down; of more, the oldest go, which is told."""
LONGEST_PAUSE = 900.0
_LONGEST_ADDRESS = 4096


class Webhook:
    """Posts JSON. Follows no redirect, uses no proxy of the environment, reads nothing of the answer but its status.

    Args:
        url: where to. every: seconds between two messages; longer after failures. timeout: seconds for one.
        clock: monotonic seconds.

    Attributes:
        failures: messages that were not taken.
    """

    def __init__(self, url: str, *, every: float, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._every, self._timeout, self._clock = url, every, timeout, clock
        self._next, self._pause = 0.0, every
        self.failures = 0

    @property
    def where(self) -> str:
        """The receiver, without what may be secret in its address."""
        return shown(self._url)

    def deliver(self, waiting: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
        """Send one message with the oldest that wait, if it is time for one.

        Returns:
            How many of them were taken; and why none was, where one was tried.
        """
        if not waiting or self._clock() < self._next:
            return 0, ""
        batch = list(waiting[:MOST])
        why = self._post({"text": _text(batch), "alerts": batch})
        self._pause = self._every if not why else min(2 * self._pause, LONGEST_PAUSE)
        self._next = self._clock() + self._pause
        self.failures += bool(why)
        return (0, why) if why else (len(batch), "")

    def _post(self, document: Mapping[str, Any]) -> str:
        """Why it was not taken; empty if it was."""
        body = json.dumps(document, ensure_ascii=False).encode()
        with requests.Session() as session:
            session.trust_env = False  # neither a proxy nor a password of the environment
            try:
                with session.post(
                    self._url,
                    data=body,
                    headers={"Content-Type": "application/json", "User-Agent": "loranchor-audit-watch"},
                    timeout=(self._timeout, self._timeout),
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    status = answer.status_code
            except requests.RequestException as error:
                return f"{self.where} does not take alerts: {type(error).__name__}"
        if 300 <= status < 400:
            return f"{self.where} sends alerts elsewhere (HTTP {status}), which is not followed"
        return "" if 200 <= status < 300 else f"{self.where} answered with HTTP {status}"


def address_in(path: Path) -> str:
    """The address in a file, whose first line it is: it may hold a secret, so it is no argument.

    Raises:
        ConfigurationError: the file cannot be read, or holds no HTTP address.
    """
    mend = "write the receiver's address, https://…, into the first line of a file that only you can read"
    try:
        with path.open("rb") as file:
            line = file.read(_LONGEST_ADDRESS).decode("utf-8").strip().partition("\n")[0].strip()
        parts = urlsplit(line)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", mend=mend) from error
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(f"{path} holds no HTTP address", mend=mend)
    return line


def bounded(waiting: Sequence[Mapping[str, Any]]) -> tuple[tuple[Mapping[str, Any], ...], int]:
    """The newest that are kept, and how many older ones are dropped."""
    return tuple(waiting[-KEPT:]), max(len(waiting) - KEPT, 0)


def _text(batch: Sequence[Mapping[str, Any]]) -> str:
    """One line an alert, as chat services show ``text``."""
    lines = [f"{item['state']}: {item['severity']} {item['kind']}: {item['text']}" for item in batch]
    return "\n".join(lines)
