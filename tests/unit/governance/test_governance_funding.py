"""Ether for keys: what an account cannot pay is told before anything is sent, with a mend that helps."""

from __future__ import annotations

from typing import Any

import pytest
from chain_nodes import AccountSigner

from orchestrator.chain.memory import MemoryChain
from orchestrator.chain.proxy import Call
from orchestrator.errors import ChainError
from orchestrator.governance.contracts import Side
from orchestrator.governance.funding import transfer
from orchestrator.governance.sending import ETHER, Payer, check_call
from orchestrator.types import Address

TO = Address("0x" + "ab" * 20)


@pytest.fixture
def side() -> Side:
    nothing: Any = None
    return Side("private", MemoryChain(), nothing, nothing)


def test_more_than_there_is_is_not_sent_to_oneself_first(side: Side) -> None:
    payer = Payer(AccountSigner())
    side.chain.balances[payer.signer.address] = 2 * ETHER  # type: ignore[attr-defined]
    with pytest.raises(
        ChainError, match="has 2 ether on the private chain, too little for a transfer of 5000000 and its gas"
    ) as caught:
        transfer([side], TO, 5_000_000 * ETHER, payer, lambda outcome: None)
    assert caught.value.mend == "send less, or name another key with --with or --key-file"


def test_an_account_without_ether_is_told_how_it_gets_some(side: Side) -> None:
    payer = Payer(AccountSigner())
    with pytest.raises(ChainError, match=r"has 0 ether on the private chain, too little for X\.y") as caught:
        check_call(side, Call("X.y", side.chain.chain_id, TO, b"", "anyone"), payer)
    assert f"loranchor consortium fund --to {payer.signer.address}" in caught.value.mend
