"""What every contract proxy shares: reads that decode, and descriptions of transactions that somebody else signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.chain.abi import Artifact, artifact
from orchestrator.chain.codec import decode_values, encode_call
from orchestrator.chain.port import ChainReader, RpcRefused
from orchestrator.chain.reverts import revert_data, reverted
from orchestrator.errors import ChainError
from orchestrator.ledger.schema import snake_case
from orchestrator.types import Address

Role = Literal["delegate", "authority", "anyone"]


@dataclass(frozen=True, slots=True)
class Call:
    """An unsigned transaction: what to call and who may. ``TransactionSender.send`` makes it real.

    Attributes:
        name: ``Contract.function``, for messages and logs. chain_id: where it belongs.
        role: whose key the contract wants.
    """

    name: str
    chain_id: int
    to: Address
    data: bytes
    role: Role
    value: int = 0


class Proxy:
    """One deployed contract. Subclasses name the contract and give each function its types."""

    contract: str

    def __init__(self, chain: ChainReader, address: Address) -> None:
        self.chain = chain
        self.address = address
        self.artifact: Artifact = artifact(self.contract)

    def _view(self, function: str, *arguments: Any, block: int | None = None) -> Any:
        """The value of a view; several values come as a dictionary by name, a struct as one too."""
        entry = self._entry(function)
        what = f"{self.contract}.{function}"
        try:
            answer = self.chain.call(self.address, encode_call(entry, arguments), block=block)
        except RpcRefused as error:
            refused = revert_data(error.data, error.rpc_message)
            if refused is None:
                raise
            raise reverted(what, refused) from error
        if not answer:
            raise ChainError(
                f"there is no contract {self.contract} at {self.address} on chain {self.chain.chain_id}",
                mend="check the deployment file, or deploy with `brownie run deploy`",
            )
        values = decode_values(entry["outputs"], answer, what)
        if len(values) == 1:
            return values[0]
        names = [snake_case(part["name"]) or str(index) for index, part in enumerate(entry["outputs"])]
        return dict(zip(names, values, strict=True))

    def _call(self, function: str, *arguments: Any, role: Role = "delegate") -> Call:
        data = encode_call(self._entry(function), arguments)
        return Call(f"{self.contract}.{function}", self.chain.chain_id, self.address, data, role)

    def _entry(self, function: str) -> Any:
        entry = self.artifact.functions.get(function)
        if entry is None:
            raise ChainError(
                f"contract {self.contract} of this version has no function {function}", mend="run tools/abi.py"
            )
        return entry
