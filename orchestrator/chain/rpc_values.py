"""Reading a node's JSON: each function takes what came and gives a typed value or raises ``ChainError``.

A node may be wrong, old or hostile. Whatever it says is checked for form here, so that nothing malformed travels on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.chain.port import Block, RawLog, Receipt
from orchestrator.errors import ChainError
from orchestrator.types import Address, Digest

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DIGEST = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


def _malformed(what: str, value: Any) -> ChainError:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return ChainError(f"the node's {what} is malformed: {shown}", mend="check which program answers at this address")


def _match(pattern: re.Pattern[str], value: Any, what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _malformed(what, value)
    return value.lower()


def quantity(value: Any, what: str) -> int:
    return int(_match(_QUANTITY, value, what), 16)


def digest(value: Any, what: str) -> Digest:
    return Digest(_match(_DIGEST, value, what))


def address(value: Any, what: str) -> Address:
    return Address(_match(_ADDRESS, value, what))


def data(value: Any, what: str) -> bytes:
    return bytes.fromhex(_match(_DATA, value, what)[2:])


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _malformed(what, value)
    return value


def block(value: Any, number: int) -> Block:
    """A header, which must be that of block ``number``."""
    fields = mapping(value, f"block {number}")
    base_fee = fields.get("baseFeePerGas")
    answer = Block(
        number=quantity(fields.get("number"), "block number"),
        hash=digest(fields.get("hash"), "block hash"),
        parent_hash=digest(fields.get("parentHash"), "parent hash"),
        timestamp=quantity(fields.get("timestamp"), "block time"),
        base_fee=None if base_fee is None else quantity(base_fee, "base fee"),
    )
    if answer.number != number:
        raise ChainError(f"the node was asked for block {number} and answered with block {answer.number}")
    return answer


def log(value: Any) -> RawLog:
    fields = mapping(value, "log")
    topics = fields.get("topics")
    if not isinstance(topics, list) or len(topics) > 4 or fields.get("removed"):
        raise _malformed("log", value)
    return RawLog(
        address=address(fields.get("address"), "log address"),
        topics=tuple(digest(topic, "log topic") for topic in topics),
        data=data(fields.get("data"), "log data"),
        block=quantity(fields.get("blockNumber"), "log block"),
        block_hash=digest(fields.get("blockHash"), "log block hash"),
        transaction=digest(fields.get("transactionHash"), "log transaction"),
        log_index=quantity(fields.get("logIndex"), "log index"),
    )


def logs(value: Any) -> list[RawLog]:
    if not isinstance(value, list):
        raise _malformed("list of logs", value)
    return [log(entry) for entry in value]


def receipt(value: Any, transaction: Digest) -> Receipt | None:
    if value is None or (isinstance(value, Mapping) and value.get("blockNumber") is None):
        return None
    fields = mapping(value, "receipt")
    answer = Receipt(
        transaction=digest(fields.get("transactionHash"), "receipt hash"),
        block=quantity(fields.get("blockNumber"), "receipt block"),
        block_hash=digest(fields.get("blockHash"), "receipt block hash"),
        succeeded=quantity(fields.get("status"), "receipt status") == 1,
        gas_used=quantity(fields.get("gasUsed"), "gas used"),
        logs=tuple(logs(fields.get("logs"))),
    )
    if answer.transaction != transaction:
        raise ChainError(f"the node was asked for the receipt of {transaction} and gave that of {answer.transaction}")
    return answer
