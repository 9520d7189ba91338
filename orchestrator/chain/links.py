"""Whether the contracts on a chain name each other as the deployment file says: their code does not tell, since it is
compared without its immutables."""

from __future__ import annotations

from typing import Any

from orchestrator.chain.port import ChainPort
from orchestrator.chain.proxy import Proxy
from orchestrator.types import Address


class View(Proxy):
    """A contract by its name, for its views."""

    def __init__(self, chain: ChainPort, name: str, address: Address) -> None:
        self.contract = name
        super().__init__(chain, address)

    def ask(self, function: str) -> Any:
        """One value; several come as a dictionary by name."""
        return self._view(function)


def named_by(chain: ChainPort, name: str, address: str, view: str) -> Any:
    """What a view of a contract answers; several values come as a list."""
    answer = View(chain, name, Address(address)).ask(view)
    return list(answer.values()) if isinstance(answer, dict) else answer
