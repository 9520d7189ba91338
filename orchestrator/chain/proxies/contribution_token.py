"""``ContributionToken``: ERC-20 with Permit, minted by the ``AwardDistributor`` alone."""

from __future__ import annotations

from orchestrator.chain.proxy import Proxy
from orchestrator.types import Address


class ContributionTokenProxy(Proxy):
    contract = "ContributionToken"

    def balance_of(self, account: Address) -> int:
        return int(self._view("balanceOf", account))

    def total_supply(self, *, block: int | None = None) -> int:
        return int(self._view("totalSupply", block=block))

    def symbol(self) -> str:
        return str(self._view("symbol"))
