"""Serves the application in a thread of the daemon, and says where in the home's ``api/address.json``."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
import time
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from orchestrator.daemon.api.address import address_path
from orchestrator.daemon.api.guards import Asgi
from orchestrator.errors import ConfigurationError, EnvironmentMissing, PortTaken
from orchestrator.files import write_json

_log = logging.getLogger(__name__)

_STARTUP_SECONDS = 20.0
CONNECTION_SECONDS = 30.0
"""Whoever needs longer to ask and to listen is hung up on: an answer takes milliseconds, and connections are few."""
CONNECTIONS = 64
"""At once. There is no other limit, such as uvicorn's, which turns away whoever comes last."""


class _Prompt(H11Protocol):
    """HTTP/1.1 with those who come to an end, if need be to make room for others.

    Whoever came, or was served, longest ago goes first. So nobody who takes all places keeps others out, not on the
    loopback either, where all have one address.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._end = self.loop.call_later(CONNECTION_SECONDS, transport.abort)
        if len(self.connections) > CONNECTIONS:
            oldest = min((item for item in self.connections if isinstance(item, _Prompt)), key=_Prompt.ends_at)
            self.connections.discard(oldest)  # not only when it has noticed
            oldest.transport.abort()

    def ends_at(self) -> float:
        """When this connection is hung up, by the loop's clock."""
        return self._end.when()

    def on_response_complete(self) -> None:
        self._end.cancel()
        self._end = self.loop.call_later(CONNECTION_SECONDS, self.transport.abort)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end.cancel()
        super().connection_lost(exc)


class ApiServer:
    """Listens from the moment it is made; serves from :meth:`start` until :meth:`stop`.

    Args:
        host, port: where to listen; port 0 takes a free one.

    Raises:
        PortTaken: another process listens there. ConfigurationError: this machine has no such address.
    """

    def __init__(self, asgi: Asgi, host: str, port: int, home: Path) -> None:
        self._socket = _listening(host, port)
        self._home = home
        bound = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        config = uvicorn.Config(
            asgi,
            http=_Prompt,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=3,
            h11_max_incomplete_event_size=16 * 1024,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="api", daemon=True)

    def start(self) -> None:
        """Serve, and write down where.

        Raises:
            EnvironmentMissing: the server did not come up.
        """
        self._thread.start()
        deadline = time.monotonic() + _STARTUP_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise EnvironmentMissing("the API's server did not start", mend="see the daemon's log")
            time.sleep(0.02)
        write_json(address_path(self._home), {"url": self.url}, mode=0o600)
        _log.info("the API listens at %s", self.url)

    def stop(self) -> None:
        """Let requests under way end, and stop."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(10)
        self._socket.close()
        address_path(self._home).unlink(missing_ok=True)

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(64)
    except PermissionError as error:
        found.close()
        raise ConfigurationError(
            f"port {port} may not be used: {error.strerror}", mend="set daemon.api.port"
        ) from error
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"port {port} of {host} is in use", mend="set daemon.api.port; 0 takes a free one"
            ) from error
        raise ConfigurationError(f"cannot listen at {host}: {error.strerror}", mend="set daemon.api.host") from error
    return found
