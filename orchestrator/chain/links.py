"""Whether the contracts on a chain name each other as the deployment file says: their code does not tell, since it is
compared without its immutables."""

from __future__ import annotations

from typing import Any

from orchestrator.chain.port import ChainReader
from orchestrator.chain.proxy import Proxy
from orchestrator.errors import WrongChain
from orchestrator.types import Address


class View(Proxy):
    """A contract by its name, for its views."""

    def __init__(self, chain: ChainReader, name: str, address: Address) -> None:
        self.contract = name
        super().__init__(chain, address)

    def ask(self, function: str) -> Any:
        """One value; several come as a dictionary by name."""
        return self._view(function)


def named_by(chain: ChainReader, name: str, address: str, view: str) -> Any:
    """What a view of a contract answers; several values come as a list."""
    answer = View(chain, name, Address(address)).ask(view)
    return list(answer.values()) if isinstance(answer, dict) else answer


def check_pair(public: Proxy, private: Proxy, anchor: Proxy) -> None:
    """Compare what the contracts say about the other chain with the two deployments.

    Args:
        public, private: the Consortium on each chain. anchor: the public chain's CheckpointAnchor.

    Raises:
        WrongChain: one names another chain, or another Consortium, or none yet.
    """
    pair = [public.chain.chain_id, public.address, private.chain.chain_id, private.address]
    wanted: list[tuple[Proxy, str, Any]] = [(anchor, "privateChainId", private.chain.chain_id)]
    wanted += [(side, "binding", pair) for side in (public, private)]
    for proxy, view, expected in wanted:
        found = named_by(proxy.chain, proxy.contract, proxy.address, view)
        if found != expected:
            raise WrongChain(
                f"{proxy.contract} at {proxy.address} on chain {proxy.chain.chain_id} names {shown(found)} as its "
                f"{view}, the deployment files name {shown(expected)}",
                mend="bind the pair with `brownie run deploy`, or do not use it; `brownie run verify` tells more",
            )


def shown(value: Any) -> str:
    """What a view answered, for one line."""
    return " and ".join(str(item) for item in value) if isinstance(value, list) else str(value)
