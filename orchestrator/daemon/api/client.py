"""Asks a daemon's API, for the verbs of ``loranchor node``. Needs neither FastAPI nor a chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

from orchestrator.daemon.api.address import address_of
from orchestrator.daemon.api.tokens import Scope, read_token, token_path
from orchestrator.errors import ConfigurationError, EnvironmentMissing, FormatError
from orchestrator.ledger.canonical import check_nesting

TIMEOUT = (3.0, 15.0)
_LIMIT = 8 * 1024 * 1024
_PIECE = 64 * 1024


class ApiRefusal(ConfigurationError):
    """The daemon refused; its own code is in the message."""


class ApiClient:
    """One daemon's API.

    Args:
        home: the organisation's folder; names address and tokens where they are not given.
        url: where the daemon listens. token_file: for every request.
    """

    def __init__(self, home: Path | None, url: str | None = None, token_file: Path | None = None) -> None:
        if home is None and (url is None or token_file is None):
            raise ConfigurationError("which daemon is not said", mend="give --home, or --url and --token-file")
        self._home, self._token_file = home, token_file
        self._url = (url or address_of(_given(home))).rstrip("/")

    def get(self, path: str, **query: Any) -> Any:
        """The parsed answer of a read.

        Raises:
            EnvironmentMissing: nobody answers. ApiRefusal: the daemon refused. FormatError: the answer is no daemon's.
        """
        return self._asked("GET", path, Scope.READ, params=query)

    def post(self, path: str, body: dict[str, str] | None = None) -> Any:
        """The parsed answer of an act. Raises as :meth:`get` does."""
        return self._asked("POST", path, Scope.ACT, json=body)

    def _asked(self, method: str, path: str, scope: Scope, **more: Any) -> Any:
        token = read_token(self._token_file or token_path(_given(self._home), scope))
        with requests.Session() as session:
            session.trust_env = False  # a proxy for the outside is no way to the loopback, and would see the token
            try:
                answer = session.request(
                    method,
                    self._url + path,
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                    **more,
                )
                content = _read(answer)
            except requests.RequestException as error:
                raise EnvironmentMissing(
                    f"no daemon answers at {self._url} ({type(error).__name__})",
                    mend="start it with `loranchor daemon run`, or look at its log",
                ) from error
        return _parsed(content, answer.ok, self._url)


def _given(home: Path | None) -> Path:
    if home is None:
        raise ConfigurationError("which daemon is not said", mend="give --home, or --url and --token-file")
    return home


def _read(answer: requests.Response) -> bytes:
    """No more than a piece too many: it may be anybody's server."""
    content = bytearray()
    for piece in answer.iter_content(_PIECE):
        content += piece
        if len(content) > _LIMIT:
            break
    return bytes(content)


def _parsed(content: bytes, ok: bool, url: str) -> Any:
    try:
        if len(content) > _LIMIT:
            raise ValueError("too long")
        check_nesting(content, "answer")
        document = json.loads(content)
        if ok:
            return document
        fault = document["error"]
        refusal = ApiRefusal(f"{fault['message']} ({fault['code']})", mend=str(fault["mend"]))
    except (ValueError, KeyError, TypeError, FormatError) as error:
        raise FormatError(f"what answers at {url} is no daemon of LoRAnchor", mend="check --url") from error
    raise refusal
