"""Sending what was decided to both chains: looked at twice, sent once, and told plainly where it could not be sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal

from orchestrator.chain.fees import fees_for
from orchestrator.chain.port import ChainPort, Receipt, RpcRefused
from orchestrator.chain.proxy import Call
from orchestrator.chain.reverts import revert_data, reverted
from orchestrator.chain.sender import Signer, TransactionSender
from orchestrator.errors import ChainError, TransactionReverted
from orchestrator.governance.contracts import Side, Sides
from orchestrator.governance.present import SideName
from orchestrator.types import Address

ETHER = 10**18
_MARGIN = 1.25


@dataclass(frozen=True)
class Payer:
    """Whose account sends and pays on both chains.

    Attributes:
        locks: of the account's nonce, for a side; shared with a daemon that uses the account.
        timeout: seconds until a transaction must be mined.
    """

    signer: Signer
    timeout: float = 120.0
    locks: Callable[[SideName], AbstractContextManager[object]] = lambda _: nullcontext()

    def send(self, side: Side, call: Call) -> Receipt:
        """Raises ChainError, TransactionReverted."""
        sender = TransactionSender(side.chain, self.signer, timeout=self.timeout, lock=self.locks(side.name))
        return sender.send(call)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a decision on one chain; ``receipt`` is None where nothing had to be sent."""

    side: SideName
    words: str
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one chain needs: a call, or nothing, and why."""

    call: Call | None
    words: str


Look = Callable[[Side], Wanted]
"""Decides for one chain. It raises what makes the whole thing impossible, before anything is sent anywhere."""


def send_to_both(
    sides: Sides, look: Look, payer: Payer, *, partial: bool, told: Callable[[Outcome], None]
) -> list[Outcome]:
    """Send to every chain that needs it, the public one first.

    Both chains are looked at, and their calls tried, before anything is sent to either. Doing it again sends only what
    is missing.

    Args:
        partial: go on with one chain while the other does not answer; the silent one's error is raised at the end.
        told: called after each chain, so that a later failure does not hide what was done.

    Raises:
        ChainError: a chain does not answer, or the account cannot pay. LoranchorError: what ``look`` raises.
    """
    _demand_both(sides, partial)
    wanted = {side.name: look(side) for side in sides.found.values()}
    for side in sides.found.values():
        call = wanted[side.name].call
        if call is not None:
            check_call(side, call, payer)
    outcomes: list[Outcome] = []
    for side in sides.found.values():
        outcomes.append(_send(side, wanted[side.name], look, payer))
        told(outcomes[-1])
    for name, error in sides.failed.items():
        raise ChainError(f"nothing was sent to the {name} chain: {error.message}", mend=f"{error.mend}, then again")
    return outcomes


def _demand_both(sides: Sides, partial: bool) -> None:
    for name, error in sides.failed.items():
        if not partial or not sides.found:
            mend = f"{error.mend}; with --partial the other chain gets it now" if sides.found else error.mend
            raise ChainError(f"nothing was sent, because of the {name} chain: {error.message}", mend=mend)


def _send(side: Side, wanted: Wanted, look: Look, payer: Payer) -> Outcome:
    if wanted.call is None:
        return Outcome(side.name, wanted.words)
    try:
        receipt = payer.send(side, wanted.call)
    except TransactionReverted:
        # somebody else may have sent the same a moment ago: then the chain has it
        again = look(side.again())
        if again.call is None:
            return Outcome(side.name, again.words)
        raise
    return Outcome(side.name, wanted.words, receipt)


def check_call(side: Side, call: Call, payer: Payer) -> None:
    """Try a call without sending it, and see that the account can pay for it.

    Raises:
        TransactionReverted: the contract would refuse. ChainError: the account has too little.
    """
    chain, address = side.chain, payer.signer.address
    query = {"from": address, "to": call.to, "data": "0x" + call.data.hex(), "value": hex(call.value)}
    try:
        gas = chain.estimate_gas(query)
    except RpcRefused as error:
        if _poor(chain, address, call.value):
            raise _too_poor(side, address, call) from error
        refused = revert_data(error.data, error.rpc_message)
        if refused is None:
            raise
        raise reverted(call.name, refused) from error
    fees = fees_for(chain).fields
    price = fees.get("maxFeePerGas", fees.get("gasPrice", 0))
    if _poor(chain, address, int(gas * _MARGIN) * price + call.value):
        raise _too_poor(side, address, call)


def _poor(chain: ChainPort, address: Address, needed: int) -> bool:
    return bool(needed) and chain.balance(address) < needed


def _too_poor(side: Side, address: Address, call: Call) -> ChainError:
    has = f"{address} has {side.chain.balance(address) / ETHER:g} ether on the {side.name} chain, too little for"
    if call.value:
        told = f"{has} a {call.name} of {Decimal(call.value) / ETHER:f} and its gas"
        return ChainError(told, mend="send less, or name another key with --with or --key-file")
    other = "" if call.role == "authority" else ", or let another key send"
    return ChainError(
        f"{has} {call.name}", mend=f"send it some: `loranchor consortium fund --to {address} --ether 1`{other}"
    )
