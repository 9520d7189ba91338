"""What somebody without any key of a member can write into a bundle: records behind the last root, and false words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import rlp
from coincurve import PrivateKey
from eth_utils.crypto import keccak
from unit.audit.foundation import PRIVATE

from orchestrator.audit.bundle.container import fast_canonical
from orchestrator.types import Digest

TOLD = ("anchoring", "payment", "equivocation", "sealed", "supply")


def document(line: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line)
    return found


def written(found: dict[str, Any]) -> bytes:
    return fast_canonical(found) + b"\n"


def changed(lines: list[bytes], change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> list[bytes]:
    """Every line after a change; None leaves it out."""
    found = (change(document(line)) for line in lines)
    return [written(item) for item in found if item is not None]


class Tail:
    """Writes records behind the last one of a bundle."""

    def __init__(self, lines: list[bytes]) -> None:
        parsed = [document(line) for line in lines]
        self.at = next(place for place, item in enumerate(parsed) if item["line"] in TOLD)
        self.contracts: dict[str, str] = parsed[0]["private"]["contracts"]
        self._lines = lines
        self._size = sum(_leaves(item) for item in parsed)
        self._block = 10_000
        self._added: list[bytes] = []

    def record(
        self, kind: str, contract: str, fields: dict[str, Any], signer: str, sender: str = "", raw: bytes = b""
    ) -> None:
        """One more; without a transaction it has an effective salt."""
        transaction = "0x" + (keccak(raw).hex() if raw else "ab" * 32)
        record = {
            "format": "loranchor/record",
            "version": 1,
            "kind": kind,
            "chain_id": PRIVATE,
            "contract": self.contracts[contract],
            "block": self._block,
            "transaction": transaction,
            "log_index": 0,
            "sender": sender,
            "signer": signer,
            "fields": fields,
        }
        if raw:
            self._added.append(written({"line": "transaction", "raw": "0x" + raw.hex()}))
        salt = "0x" + ("00" if contract == "Consortium" else "11") * 32
        line = {"line": "record", "index": self._size, "record": record, "salt" if raw else "effective_salt": salt}
        self._added.append(written(line))
        self._size, self._block = self._size + 1, self._block + 1

    def lines(self, before: list[bytes] | None = None) -> list[bytes]:
        """All lines with what was added; ``before`` are objects that these records name."""
        return [*self._lines[: self.at], *(before or []), *self._added, *self._lines[self.at :]]


def signed(key: PrivateKey, to: str, nonce: int = 0, data: bytes = b"") -> bytes:
    """A raw transaction of the private chain."""
    body: list[Any] = [PRIVATE, nonce, 1, 2_000_000_000, 21000, bytes.fromhex(to[2:]), 0, data, []]
    found = key.sign_recoverable(keccak(b"\x02" + rlp.encode(body)), hasher=None)
    r, s = (int.from_bytes(found[at : at + 32], "big") for at in (0, 32))
    return b"\x02" + bytes(rlp.encode([*body, found[64], r, s]))


def raw_of(fields: dict[str, Any]) -> tuple[Digest, bytes]:
    """The bytes of a mined transaction, as anybody has them."""
    order = ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas")
    body = [*(fields[name] for name in order), bytes.fromhex(fields["to"][2:]), 0, fields["input"], []]
    raw = b"\x02" + bytes(rlp.encode([*body, fields["yParity"], fields["r"], fields["s"]]))
    return Digest("0x" + keccak(raw).hex()), raw


def _leaves(line: dict[str, Any]) -> int:
    return 1 if line["line"] == "record" else (len(line.get("hashes", "0x")) - 2) // 64
