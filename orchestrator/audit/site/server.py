"""Serves a site's folder: read-only, on this machine unless told otherwise, and only the files that are in it."""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from orchestrator import __version__
from orchestrator.audit.site.folder import START
from orchestrator.audit.site.headers import HEADERS
from orchestrator.errors import ConfigurationError

HOST = "127.0.0.1"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
OTHER = "application/octet-stream"


class SiteServer(ThreadingHTTPServer):
    """A server of the files that a folder holds when it starts.

    Args:
        folder: of a site. host, port: where to listen; port 0 takes a free one.

    Raises:
        ConfigurationError: there is no site in the folder, or the address cannot be had.
    """

    daemon_threads = True

    def __init__(self, folder: Path, host: str = HOST, port: int = 0) -> None:
        if not (folder / START).is_file():
            raise ConfigurationError(f"there is no site in {folder}", mend="write one with `loranchor audit site`")
        self.files = {f"/{path.relative_to(folder).as_posix()}": path for path in _regular(folder)}
        self.files["/"] = folder / START
        try:
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise ConfigurationError(
                f"{host}:{port} cannot be listened on ({error.strerror})", mend="choose another --port"
            ) from error
        self.loopback = ip_address(str(self.server_address[0])).is_loopback

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle of an answer is nobody's fault; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def asked_by_name(self, host: str) -> bool:
        """Whether a request names this machine: a foreign name that resolves to it is another site's trick."""
        if not self.loopback:
            return True
        name = host.rsplit(":", 1)[0] if host.count(":") == 1 else host
        return name in (str(self.server_address[0]), "localhost")


def _regular(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


class _Handler(BaseHTTPRequestHandler):
    server: SiteServer
    server_version = f"loranchor/{__version__}"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        if not self.server.asked_by_name(self.headers.get("Host", "")):
            self._send(HTTPStatus.MISDIRECTED_REQUEST, b"this is not the name of this server\n", with_body=with_body)
            return
        path = self.server.files.get(unquote(urlsplit(self.path).path))
        if path is None:
            self._send(HTTPStatus.NOT_FOUND, b"there is no such file\n", with_body=with_body)
            return
        self._send(HTTPStatus.OK, path.read_bytes(), TYPES.get(path.suffix, OTHER), with_body=with_body)

    def _send(self, status: HTTPStatus, body: bytes, type_: str = "text/plain", *, with_body: bool) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged."""
