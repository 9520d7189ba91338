"""A key that web3signer holds, asked by its ``eth1`` API (docs/decisions/0055).

``POST /api/v1/eth1/sign/{identifier}`` hashes the data it is given with keccak-256 and signs that. A transaction and an
EIP-712 structure are both such data, so one call serves for all that a delegate signs, on both chains; what comes back
is believed only where it recovers to the key's address.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import requests
import rlp  # type: ignore[import-untyped]
import urllib3
from eth_hash.auto import keccak

from orchestrator.commitment.eip712 import TypedDigest
from orchestrator.commitment.signatures import address_of, recover
from orchestrator.errors import ConfigurationError, FormatError, KeystoreError, SignerSilent
from orchestrator.types import Address
from orchestrator.urls import shown

_HEX = re.compile(r"0x([0-9a-fA-F]{2})+")
_MOST_BYTES = 64 * 1024
_FEES = ("maxPriorityFeePerGas", "maxFeePerGas")


class RemoteKey:
    """One key of a web3signer.

    Args:
        url: where it listens, such as ``https://signer:9000``. address: the key's.
        timeout: seconds for one answer.
        authorities: file of the certificates that may have signed the server's; None takes the system's.
        client: files of the certificate and key that this client shows, where the server wants one.
    """

    def __init__(
        self,
        url: str,
        address: Address,
        *,
        timeout: float = 10.0,
        authorities: str | None = None,
        client: tuple[str, str] | None = None,
    ) -> None:
        self._at = shown(url)
        if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
            raise ConfigurationError(f"{self._at!r} is no HTTP address of a signer", mend="use https://HOST:PORT")
        self._url = url.rstrip("/")
        self._address = address
        self._timeout = timeout
        self._session = requests.Session()
        self._session.verify = authorities or True
        self._session.cert = client
        self._session.trust_env = False  # neither a proxy nor a .netrc stands between a daemon and its key
        self._identifier: str | None = None

    @property
    def address(self) -> Address:
        return self._address

    def sign_digest(self, digest: bytes) -> bytes:
        """Raises KeystoreError: the digest does not know what it is of. SignerSilent: no answer, or a wrong one."""
        if not isinstance(digest, TypedDigest):
            raise KeystoreError(
                "a remote signer takes no bare digest: it hashes what it signs",
                mend="sign this with a key file: its signature is wanted in another form than EIP-712's",
            )
        return self._signed(digest.message)

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Raises KeystoreError: not a transaction of type 0 or 2. SignerSilent: no answer, or a wrong one."""
        try:
            prefix, body, closing = _parts(transaction)
            message = prefix + rlp.encode([*body, *closing])
        except (KeyError, TypeError, ValueError) as error:
            raise KeystoreError(f"cannot sign the transaction: {error}") from error
        signature = self._signed(message)
        r, s = (int.from_bytes(signature[start : start + 32], "big") for start in (0, 32))
        parity = signature[64] - 27
        v = parity if prefix else parity + 35 + 2 * transaction["chainId"]
        return bytes(prefix + rlp.encode([*body, v, r, s]))

    def check(self) -> None:
        """See that the signer is there and has the key; SignerSilent, KeystoreError otherwise."""
        self._find()

    def _signed(self, message: bytes) -> bytes:
        identifier = self._identifier or self._find()
        text = self._ask("POST", f"/api/v1/eth1/sign/{identifier}", {"data": "0x" + message.hex()})
        signature = _bytes(text.strip().strip('"'))
        if len(signature) == 65 and signature[64] in (0, 1):
            signature = signature[:64] + bytes([signature[64] + 27])
        try:
            signer = recover(keccak(message), signature)
        except FormatError as error:
            raise SignerSilent(f"the signer at {self._at} gave no signature: {error.message}", mend=_CHECK) from error
        if signer != self._address:
            raise SignerSilent(f"the signer at {self._at} signed with {signer}, not {self._address}", mend=_CHECK)
        return signature

    def _find(self) -> str:
        """The public key of our address, by which the signer knows it."""
        text = self._ask("GET", "/api/v1/eth1/publicKeys", None)
        for identifier in re.findall(r'"(0x[0-9a-fA-F]{128,130})"', text):
            if _address_named(identifier) == self._address:
                self._identifier = identifier
                return str(identifier)
        raise KeystoreError(
            f"the signer at {self._at} does not hold the key of {self._address}",
            mend="load the key there, or correct signer.url",
        )

    def _ask(self, method: str, path: str, body: dict[str, str] | None) -> str:
        try:
            answer = self._session.request(
                method, self._url + path, json=body, timeout=self._timeout, allow_redirects=False, stream=True
            )
            with answer:
                content = answer.raw.read(_MOST_BYTES, decode_content=True)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            late = isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError))
            kind = "no answer in time" if late else "no answer"
            # the cause would name the address with its password
            raise SignerSilent(
                f"{kind} from the signer at {self._at}", mend="start it, or correct signer.url"
            ) from None
        if answer.status_code == 404:
            self._identifier = None
        if answer.status_code != 200:
            raise SignerSilent(f"the signer at {self._at} answered with HTTP {answer.status_code}", mend=_CHECK)
        return str(content.decode("utf-8", "replace"))

    def __repr__(self) -> str:
        return f"RemoteKey({self._address} at {self._at})"


_CHECK = "check what listens at signer.url, and its keys"


def _parts(transaction: dict[str, Any]) -> tuple[bytes, list[Any], list[Any]]:
    """Type byte, fields, and what stands after them while it is not yet signed."""
    unknown = set(transaction) - {"chainId", "nonce", "to", "data", "value", "gas", "gasPrice", "type", *_FEES}
    if unknown:
        raise ValueError(f"unknown fields {', '.join(sorted(unknown))}")
    target = [transaction["gas"], _bytes_of(transaction["to"], 20), transaction.get("value", 0)]
    target.append(_bytes_of(transaction.get("data", "0x")))
    chain = transaction["chainId"]
    if "gasPrice" in transaction:
        return b"", [transaction["nonce"], transaction["gasPrice"], *target], [chain, 0, 0]
    fees = [transaction[name] for name in _FEES]
    return b"\x02", [chain, transaction["nonce"], *fees, *target, []], []


def _bytes_of(value: str, size: int | None = None) -> bytes:
    found = bytes.fromhex(value.removeprefix("0x"))
    if size is not None and len(found) != size:
        raise ValueError(f"{value} has not {size} bytes")
    return found


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:]) if _HEX.fullmatch(text) else b""


def _address_named(identifier: str) -> Address | None:
    """Web3signer leaves the first byte of an uncompressed key, 4, out."""
    key = bytes.fromhex(identifier[2:])
    try:
        return address_of(key if len(key) == 65 else b"\x04" + key)
    except FormatError:
        return None
