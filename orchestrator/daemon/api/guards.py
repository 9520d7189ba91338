"""What every request has to pass before anything looks at it, and the headers that every answer carries.

An ASGI middleware: the Host header (a web page elsewhere must not reach this API by a name that it points at this
machine), how many requests come in, the token, and the size of the body.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any

from orchestrator.daemon.api.access import PROBES, challenge
from orchestrator.daemon.api.faults import own
from orchestrator.daemon.api.tokens import Scope
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import check_nesting

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

Allows = Callable[[str], Scope]
Needs = Callable[[str, str], Scope]

MAX_BODY = 16 * 1024
"""Bytes of a request's body: the longest that makes sense is an effect's id."""

HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
     b" form-action 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)  # fmt: skip


class Bucket:
    """Lets ``rate`` requests a second through, and ``burst`` at once."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._at = float(burst), clock()

    def take(self) -> bool:
        """Whether one more may come now."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Guards:
    """Wraps the application.

    Args:
        hosts: names that requests may be addressed to, without port.
        bucket: makes one for each scope, of requests that are no probes: who may do less keeps nobody else out.
        allows: what an Authorization header allows. needs: what a method and path need.
    """

    def __init__(
        self, app: Asgi, hosts: Collection[str], bucket: Callable[[], Bucket], allows: Allows, needs: Needs
    ) -> None:
        self._app, self._hosts = app, frozenset(host.lower() for host in hosts)
        self._buckets = {scope: bucket() for scope in Scope}
        self._allows, self._needs = allows, needs

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        answer = _with_headers(send)
        headers = dict(scope["headers"])
        if (code := self._refusal(scope["method"], scope["path"], headers)) is not None:
            await _refuse(answer, code, scope["path"])
            return
        try:
            body = await _body(headers.get(b"content-length"), receive)
        except _Gone:
            return
        if body is None:
            await _refuse(answer, "TooLarge", scope["path"])
        elif _too_deep(body):
            await _refuse(answer, "Invalid", scope["path"])
        else:
            await self._app(scope, _replayed(body, receive), answer)

    def _refusal(self, method: str, path: str, headers: Mapping[bytes, bytes]) -> str | None:
        """Why a request is refused before its body is read; None where it is not."""
        if host_of(headers.get(b"host", b"")) not in self._hosts:
            return "WrongHost"
        wanted, found = self._needs(method, path), self._allows(headers.get(b"authorization", b"").decode("latin-1"))
        if path not in PROBES and not self._buckets[found].take():
            return "TooManyRequests"
        if found >= wanted:
            return None
        return "Refused" if found else "Unauthorised"


def host_of(header: bytes) -> str:
    """The name in a Host header, without its port, in lower case."""
    text = header.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text[: text.find("]") + 1]
    return text.partition(":")[0]


class _Gone(Exception):
    """Whoever asked has hung up."""


async def _body(announced: bytes | None, receive: Receive) -> bytes | None:
    """The whole body; None where it is, or says that it is, too long.

    Raises:
        _Gone: it never came to its end, so nothing of it counts.
    """
    if announced is not None and (not announced.isdigit() or len(announced) > 9 or int(announced) > MAX_BODY):
        return None
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _Gone
        parts += message.get("body", b"")
        if len(parts) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(parts)


def _too_deep(body: bytes) -> bool:
    """Python's parser recurses as deep as its input, which a raised recursion limit makes a crash."""
    try:
        check_nesting(body, "body")
    except FormatError:
        return True
    return False


def _replayed(body: bytes, receive: Receive) -> Receive:
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message.get("headers", ())}
            extra = [item for item in HEADERS if item[0] not in own]
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return answer


async def _refuse(send: Send, code: str, path: str) -> None:
    status, refusal = own(code)
    body = json.dumps(refusal).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 429:
        headers.append((b"retry-after", b"1"))
    if status == 401:
        headers.append((b"www-authenticate", challenge(path).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
