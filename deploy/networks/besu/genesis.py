"""Makes the genesis of a QBFT network from the addresses of its first validators; needs nothing but Python.

    python deploy/networks/besu/genesis.py --out genesis.json 0x… 0x… 0x… 0x…

Every member runs it and compares the digest of what came out: so nobody has to see another's key, as with
`besu operator generate-blockchain-config`, and nobody has to be believed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LEAST = 4
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_SHORT = 55
"""RLP: longest payload whose length stands in its first byte."""


def extra_data(validators: Sequence[str]) -> str:
    """RLP of [vanity, validators, votes, round, seals] as QBFT wants it in the first block, in hexadecimal."""
    addresses = [bytes.fromhex(address[2:]) for address in validators]
    return "0x" + _rlp([bytes(32), addresses, [], b"", []]).hex()


def genesis(validators: Sequence[str], settings: dict[str, Any]) -> dict[str, Any]:
    """The genesis of ``qbft.json`` with these validators; their order does not matter."""
    return {**settings["genesis"], "extraData": extra_data(sorted({address.lower() for address in validators}))}


def _rlp(item: Any) -> bytes:
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _headed(0x80, item)
    return _headed(0xC0, b"".join(map(_rlp, item)))


def _headed(offset: int, payload: bytes) -> bytes:
    if len(payload) <= _SHORT:
        return bytes([offset + len(payload)]) + payload
    length = len(payload).to_bytes((len(payload).bit_length() + 7) // 8, "big")
    return bytes([offset + _SHORT + len(length)]) + length + payload


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("validators", nargs="+", metavar="ADDRESS", help="of each first validator")
    parser.add_argument("--out", type=Path, required=True, help="where to write it")
    parser.add_argument("--settings", type=Path, default=HERE / "qbft.json", help="qbft.json, or your own like it")
    asked = parser.parse_args(arguments)
    wrong = [address for address in asked.validators if not _ADDRESS.fullmatch(address)]
    if wrong:
        parser.error(f"{wrong[0]} is no address")
    if len({address.lower() for address in asked.validators}) < LEAST:
        parser.error(f"QBFT cannot do without one of fewer than {LEAST} validators: name more")
    made = genesis(asked.validators, json.loads(asked.settings.read_text("utf-8")))
    asked.out.write_text(json.dumps(made, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
