"""The store over an IPFS daemon's RPC API (Kubo, or js-ipfs in development), through ``ipfshttpclient``."""

from __future__ import annotations

import io
import ipaddress
import os
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import requests
import urllib3

from orchestrator.errors import ConfigurationError, ObjectMissing, StorageError
from orchestrator.storage.cid import check_cid, cid_from, cid_of, links_of, multihash_of
from orchestrator.storage.store import DEFAULT_TIMEOUT
from orchestrator.types import Cid

# ipfshttpclient patches urllib3 so as to speak over Unix sockets, with an argument that urllib3 2 warns of; not needed
os.environ.setdefault("PY_IPFS_HTTP_CLIENT_PATCH_REQUESTS", "no")
import ipfshttpclient
from ipfshttpclient import exceptions as ipfs_errors

CONNECT_TIMEOUT = 5.0
_PIECE = 1 << 18
SLOWEST_UPLOAD = 1_000_000  # bytes a second, for the time that an add may take to be answered
_ADD_OPTIONS = {"cid-version": "0", "raw-leaves": "false", "chunker": "size-262144", "hash": "sha2-256"}


class IpfsStore:
    """An :class:`orchestrator.storage.ObjectStore` on the daemon at ``api_url``.

    Args:
        api_url: ``http://127.0.0.1:5001``, or a multiaddress such as ``/ip4/127.0.0.1/tcp/5001``.

    Raises:
        ConfigurationError: not such an address. The daemon is first asked on first use.
    """

    def __init__(self, api_url: str) -> None:
        self.api_url = api_url
        self._lock = Lock()
        self._sent = 0
        self._received = 0
        try:
            client = ipfshttpclient.Client(
                _multiaddress(api_url), chunk_size=1 << 16, timeout=(CONNECT_TIMEOUT, DEFAULT_TIMEOUT)
            )
        except ipfs_errors.AddressError as error:
            raise ConfigurationError(f"{api_url!r} is not the address of an IPFS API", mend=_ADDRESS_HINT) from error
        self._client = client
        self._rpc = client._client
        # a proxy named in the environment must see neither the objects nor the loopback
        self._rpc._session_props["trust_env"] = False

    @property
    def bytes_sent(self) -> int:
        return self._sent

    @property
    def bytes_received(self) -> int:
        return self._received

    def add(self, data: bytes) -> Cid:
        expected = cid_of(data)
        timeout = (CONNECT_TIMEOUT, DEFAULT_TIMEOUT + len(data) / SLOWEST_UPLOAD)
        with self._errors(f"store {len(data)} bytes"):
            answer = self._client.add(io.BytesIO(data), pin=True, opts=dict(_ADD_OPTIONS), timeout=timeout)
            found = _field(answer, "Hash")
        if found != expected:
            raise StorageError(
                f"the IPFS daemon at {self.api_url} stored {found} where {expected} was expected",
                mend="its import options may differ from CIDv0, 256 KiB chunks, no raw leaves",
            )
        with self._lock:
            self._sent += len(data)
        return expected

    def fetch(self, cid: Cid, *, limit: int, timeout: float = DEFAULT_TIMEOUT) -> bytes:
        check_cid(cid)
        data = io.BytesIO()  # whose value is not copied
        deadline = time.monotonic() + timeout
        with self._errors(f"fetch {cid}", cid, deadline, timeout), self._cat(cid, timeout) as pieces:
            for piece in pieces:
                data.write(piece)
                if data.tell() > limit:
                    raise StorageError(f"{cid} is larger than the {limit} bytes allowed")
                if time.monotonic() > deadline:
                    raise StorageError(f"fetching {cid} took more than {timeout:g} s; {data.tell()} bytes had come")
        found = data.getvalue()
        if cid_of(found) != cid:
            raise StorageError(
                f"the {len(found)} bytes that the IPFS daemon at {self.api_url} sent are not the object {cid}",
                mend="it stopped half-way or does not tell the truth: try again, then check the daemon",
            )
        with self._lock:
            self._received += len(found)
        return found

    def pin(self, cid: Cid, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        check_cid(cid)
        with self._errors(f"pin {cid}", cid, time.monotonic() + timeout, timeout):
            self._client.pin.add(cid, opts=_server_timeout(timeout), timeout=(CONNECT_TIMEOUT, timeout + 1))

    def unpin(self, cid: Cid) -> None:
        check_cid(cid)
        with self._errors(f"unpin {cid}"):
            try:
                self._client.pin.rm(cid)
            except ipfs_errors.ErrorResponse as error:
                if "not pinned" not in str(error):
                    raise

    def collect(self) -> None:
        with self._errors("collect garbage"):
            self._client.repo.gc()

    def has(self, cid: Cid) -> bool:
        root = multihash_of(check_cid(cid))
        with self._errors(f"look for {cid}"):
            if self._is_pinned(cid):
                return True
            local = {multihash_of(_field(entry, "Ref")) for entry in self._rpc.request("/refs/local", decoder="json")}
            waiting = [root]
            while waiting:
                block = waiting.pop()
                if block not in local:
                    return False
                waiting += links_of(self._client.block.get(cid_from(block)))
        return True

    def identity(self) -> dict[str, Any]:
        with self._errors("say who it is"):
            answer = self._client.id()
            return {
                "id": _field(answer, "ID"),
                "agent": _field(answer, "AgentVersion"),
                "addresses": [str(address) for address in answer.get("Addresses") or []],
            }

    def _is_pinned(self, cid: Cid) -> bool:
        try:
            self._client.pin.ls(cid, type="recursive")
        except ipfs_errors.ErrorResponse as error:
            if "not pinned" in str(error):
                return False
            raise
        return True

    @contextmanager
    def _cat(self, cid: Cid, timeout: float) -> Iterator[Iterator[bytes]]:
        """The object as it arrives. ``Client.cat``, and the library's own stream where the answer tells its length,
        would read all of it into memory before its size or the time can be looked at."""
        closables, _ = self._rpc._request(
            "POST",
            "/cat",
            [("arg", cid), *_server_timeout(timeout).items()],
            auth=None,
            data=None,
            headers=None,
            timeout=(CONNECT_TIMEOUT, timeout + 1),
            chunk_size=None,
        )
        try:
            yield iter(lambda: closables[0].raw.read1(_PIECE), b"")
        finally:
            for closable in closables:
                closable.close()

    @contextmanager
    def _errors(
        self, doing: str, cid: Cid | None = None, deadline: float = float("inf"), timeout: float = DEFAULT_TIMEOUT
    ) -> Iterator[None]:
        """Say what happened in our own words; ``cid`` is given where somebody must be found who has it."""
        missing = ObjectMissing(
            f"no IPFS node answered with {cid} within {timeout:g} s",
            mend="is a node that pins it running and connected to this one?",
        )
        try:
            yield
        except ipfs_errors.ConnectionError as error:
            raise self._unreachable(doing) from error
        except ipfs_errors.TimeoutError as error:
            if isinstance(error.original, requests.ConnectTimeout):
                raise self._unreachable(doing) from error
            if cid:
                raise missing from error
            raise StorageError(f"the IPFS daemon at {self.api_url} took too long to {doing}") from error
        except ipfs_errors.ErrorResponse as error:
            if cid and any(phrase in str(error) for phrase in ("timed out", "deadline exceeded", "not found")):
                raise missing from error
            raise StorageError(f"the IPFS daemon at {self.api_url} refused to {doing}: {error}") from error
        except ipfs_errors.StatusError as error:
            raise StorageError(
                f"what answers at {self.api_url} is not an IPFS API: {error.original}", mend=_ADDRESS_HINT
            ) from error
        except (ipfs_errors.Error, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if cid and time.monotonic() >= deadline:
                raise missing from error
            raise StorageError(
                f"the connection to the IPFS daemon at {self.api_url} broke while it was to {doing}",
                mend="see whether the daemon still runs, then try again",
            ) from error

    def _unreachable(self, doing: str) -> StorageError:
        return StorageError(
            f"cannot reach IPFS to {doing}",
            mend=f"is the IPFS daemon running at {self.api_url}? In development: loranchor network up",
        )


_ADDRESS_HINT = "an IPFS API is given as http://127.0.0.1:5001 or /ip4/127.0.0.1/tcp/5001"


def _field(answer: Any, name: str) -> str:
    """A field of an answer; what speaks JSON of another shape is taken for another kind of server."""
    try:
        return str(answer[name])
    except (KeyError, TypeError) as error:
        raise StorageError(f"the IPFS daemon's answer has no {name}", mend=_ADDRESS_HINT) from error


def _server_timeout(timeout: float) -> dict[str, str]:
    """Without it the daemon would go on searching after we have given up."""
    return {"timeout": f"{max(1, round(timeout * 1000))}ms"}


def _multiaddress(url: str) -> str:
    if url.startswith("/"):
        return url
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError(f"{url!r} is not the address of an IPFS API", mend=_ADDRESS_HINT) from error
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError(f"{url!r} is not the address of an IPFS API", mend=_ADDRESS_HINT)
    try:
        kind = f"ip{ipaddress.ip_address(host).version}"
    except ValueError:
        kind = "dns"
    return f"/{kind}/{host}/tcp/{port or (443 if parts.scheme == 'https' else 80)}/{parts.scheme}"
