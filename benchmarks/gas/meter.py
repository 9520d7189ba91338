"""What was measured: the gas of each transaction, and one real log of each event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from orchestrator.chain.abi import Artifact
from orchestrator.chain.port import Receipt
from orchestrator.types import Address


@dataclass(frozen=True, slots=True)
class Usage:
    """One measured transaction.

    Attributes:
        function: `constructor` for a deployment. variant: what is special; "" for the plain case.
        gas: of the whole transaction, or of the inner call where `inside` names the calling entry point.
        calldata: bytes that were sent. floor: the transaction paid the least that its calldata costs (EIP-7623, from
            the hard fork prague on), which is more than what it did.
    """

    contract: str
    function: str
    variant: str
    gas: int
    calldata: int
    inside: str = ""
    floor: bool = False


def calldata_floor(data: bytes) -> int:
    """The least gas of a call with this calldata by EIP-7623: 10 for a zero byte, 40 for any other."""
    zeros = data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(data) - zeros))


@dataclass
class Meter:
    """Figures of one cell, in order."""

    usages: list[Usage] = field(default_factory=list)
    logs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def note(self, receipt: Receipt, usage: Usage, artifacts: Mapping[Address, Artifact]) -> None:
        """Keep a figure, and the first log of each event that the transaction left."""
        self.usages.append(usage)
        for log in receipt.logs:
            artifact = artifacts.get(log.address)
            if artifact is None or log.topics[0] not in artifact.events:
                continue
            kept = {"address": log.address, "topics": list(log.topics), "data": "0x" + log.data.hex()}
            where = {"block": log.block, "index": log.log_index, "transaction": log.transaction}
            by = {"by": f"{usage.contract}.{usage.function}"}  # the entry point that the transaction called
            self.logs.setdefault(f"{artifact.name}.{artifact.events[log.topics[0]]['name']}", {**kept, **where, **by})

    def figures(self) -> dict[str, Any]:
        """For the result file."""
        return {"usages": [asdict(usage) for usage in self.usages], "logs": self.logs}
