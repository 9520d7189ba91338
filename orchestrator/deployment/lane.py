"""Transactions of one account, each sent once: announced in the deployment file before they are sent, known again by
account and nonce after an interruption, and counted only when enough blocks confirm them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from orchestrator.chain import rpc_values as rpc
from orchestrator.chain.connection import Connection
from orchestrator.chain.port import Receipt, RpcRefused
from orchestrator.chain.reverts import revert_data, reverted
from orchestrator.deployment.account import Account
from orchestrator.deployment.limits import check_gas
from orchestrator.deployment.pricing import price_now, raised
from orchestrator.deployment.record import Announced, Pending
from orchestrator.errors import ChainError, ConfigurationError
from orchestrator.types import Digest

MARGIN = 1.2
GRACE = 3.0  # seconds
# a refusal with these words may say that the nonce has a transaction already: ours of a moment ago, or one that waits;
# or, as geth's plain "transaction underpriced" does, that the node does not take it
THERE_ALREADY = (
    "already known",
    "alreadyknown",
    "known transaction",
    "already imported",
    "mining has already started",  # Ganache, where the block is made that moment
    "underpriced",
    "nonce",
)


@dataclass(frozen=True)
class Step:
    """A transaction to be: ``to`` is None for one that creates ``address``."""

    what: str
    address: str
    data: str
    to: str | None = None
    value: int = 0


@dataclass(frozen=True)
class Mined:
    """What became of a step. ``data`` and ``to`` are the chain's."""

    what: str
    address: str
    transaction: str
    block: int
    gas_used: int
    succeeded: bool
    to: str | None
    data: str


class Lane:
    """Sends for one account on one chain. Nobody else may send from it meanwhile.

    Args:
        confirmations: blocks, its own included, until a transaction counts.
        patience: seconds that one may take to be mined, and to be confirmed. poll: seconds between two looks.
        raise_fee: send one that waits again, for more.
        most_gas: that one transaction may ask for; None where nobody counts.
        say: told of each step.
    """

    def __init__(
        self,
        chain: Connection,
        account: Account,
        *,
        confirmations: int = 1,
        patience: float = 300.0,
        poll: float = 0.1,
        raise_fee: bool = False,
        most_gas: int | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.chain, self.account = chain, account
        self.sent = 0
        self.confirmations, self._patience, self._poll = confirmations, patience, poll
        self._raise_fee, self._say = raise_fee, say
        self.most_gas = most_gas

    def next_nonce(self) -> int:
        """The nonce of the next transaction, once none is on its way.

        Raises:
            ChainError: one is, and stays.
        """
        end = time.monotonic() + self._patience
        while self._count("pending") > (nonce := self._count("latest")):
            if time.monotonic() > end:
                raise ChainError(
                    f"a transaction of {self.account.address} that is not ours waits on chain {self.chain.chain_id}",
                    mend="let it be mined, or replace it, then run this again",
                )
            time.sleep(self._poll)
        return nonce

    def carry_out(self, steps: Sequence[Step], nonce: int, announce: Callable[[Pending], None]) -> list[Mined]:
        """Send ``steps`` with nonces from ``nonce`` on and wait until all are confirmed.

        Args:
            announce: stores what is about to be sent; called before anything is.

        Raises:
            TransactionReverted: the contract refuses. ChainError: the node does, or nothing is mined in time.
            ConfigurationError: a step needs more gas than a transaction may have.
        """
        block = self.chain.block_number()
        prepared = [self._prepare(step, nonce + place) for place, step in enumerate(steps)]
        pending = Pending(self.account.address, block, tuple(announced for announced, _, _ in prepared))
        announce(pending)
        known = [self._broadcast(*item) for item in prepared]
        return [self._expect(announced, block) for announced in known]

    def settle(self, pending: Pending, announce: Callable[[Pending], None]) -> list[Mined]:
        """What became of the transactions that an interrupted run was about to send; those that never arrived are left
        out. One that waits is waited for.

        Raises:
            ConfigurationError: another account sent them. ChainError: one is not mined in time.
        """
        if pending.sender != self.account.address:
            raise ConfigurationError(
                f"an interrupted run has sent from {pending.sender}, this account is {self.account.address}",
                mend="name that account in LORANCHOR_DEPLOYER",
            )
        found = []
        for announced in pending.transactions:
            if self._arrived(announced):
                if self._raise_fee and self._waits(announced):
                    announced = self._send_for_more(announced, pending, announce)
                self._say(f"{announced.what}: sent by the run that was interrupted, nonce {announced.nonce}")
                found.append(self._expect(announced, pending.block))
        return found

    def _prepare(self, step: Step, nonce: int) -> tuple[Announced, Mapping[str, Any], bytes | None]:
        transaction = {
            "chainId": self.chain.chain_id,
            "nonce": nonce,
            "data": step.data,
            "value": step.value,
            "gas": self._gas(step),
            **({"to": to_checksum_address(step.to)} if step.to else {}),
            **price_now(self.chain).fields,
        }
        raw = self.account.sign(transaction)
        hash_ = "0x" + keccak(raw).hex() if raw else ""
        return Announced(step.what, step.address, nonce, hash_), transaction, raw

    def _gas(self, step: Step) -> int:
        query = {"from": self.account.address, "data": step.data, "value": hex(step.value)}
        if step.to:
            query["to"] = step.to
        try:
            gas = self.chain.estimate_gas(query)
        except RpcRefused as error:
            data = revert_data(error.data, error.rpc_message)
            where = f"{step.what} on chain {self.chain.chain_id}"
            if data:
                raise reverted(where, data) from error
            raise self._refused(where, error) from error
        if self.most_gas is None:
            return int(gas * MARGIN)
        check_gas(step.what, gas, self.most_gas, self.chain.chain_id)
        return min(int(gas * MARGIN), self.most_gas)

    def _broadcast(self, announced: Announced, transaction: Mapping[str, Any], raw: bytes | None) -> Announced:
        where = f"{announced.what} on chain {self.chain.chain_id}"
        try:
            if raw is not None:
                self.chain.send_raw(raw)
                hash_ = announced.transaction
            else:
                hash_ = rpc.digest(self.chain.request("eth_sendTransaction", [self._by_node(transaction)]), "hash")
        except RpcRefused as error:
            told = any(words in error.rpc_message.lower() for words in THERE_ALREADY)
            if not told or not self._arrives(announced):
                raise self._refused(where, error) from error
            return announced  # what has this nonce shows when it is mined
        self.sent += 1
        self._say(f"{announced.what}: sent, nonce {announced.nonce}, transaction {hash_}")
        return replace(announced, transaction=hash_)

    def _by_node(self, transaction: Mapping[str, Any]) -> dict[str, Any]:
        fields = {name: hex(value) if isinstance(value, int) else value for name, value in transaction.items()}
        return {**fields, "from": self.account.address}

    def _refused(self, where: str, error: RpcRefused) -> ChainError:
        words = error.rpc_message.strip().split("\n")[0]
        if "insufficient" in words.lower() or "enough funds" in words.lower():
            return ChainError(
                f"{where}: account {self.account.address} has too little money",
                mend="send it more; `--dry-run` tells how much is needed",
            )
        return ChainError(f"{where} was refused by the node: {words}")

    def _expect(self, announced: Announced, first_block: int) -> Mined:
        """Wait until whatever has this nonce is mined and confirmed; a reorganisation starts the waiting again."""
        transaction, mined_in = announced.transaction, -1
        end = time.monotonic() + self._patience
        while True:
            receipt = self._receipt(transaction)
            if receipt is None and self._count("latest") > announced.nonce:
                # not the one announced: a node signed it, or one that offered another fee came first
                transaction = self._found(announced, first_block) or transaction
                receipt = self._receipt(transaction)
            if receipt is not None:
                if mined_in != receipt.block:
                    mined_in, end = receipt.block, time.monotonic() + self._patience
                if self.chain.block_number() - receipt.block + 1 >= self.confirmations:
                    break
            if time.monotonic() > end:
                raise self._late(announced, mined_in)
            time.sleep(self._poll)
        fields = self.chain.transactions([Digest(transaction)])[0]
        self._say(f"{announced.what}: in block {receipt.block}, {receipt.gas_used} gas")
        return Mined(
            what=announced.what,
            address=announced.address,
            transaction=transaction,
            block=receipt.block,
            gas_used=receipt.gas_used,
            succeeded=receipt.succeeded,
            to=str(fields["to"]).lower() if fields.get("to") else None,
            data=str(fields["input"]).lower(),
        )

    def _receipt(self, transaction: str) -> Receipt | None:
        return self.chain.receipt(Digest(transaction)) if transaction else None

    def _late(self, announced: Announced, mined_in: int) -> ChainError:
        where = f"{announced.what} on chain {self.chain.chain_id}"
        if mined_in >= 0:
            return ChainError(f"{where} is in block {mined_in} and not confirmed in time", mend="run this again later")
        return ChainError(
            f"{where} is not mined after {self._patience:.0f} seconds",
            mend="run this again to wait on, or with `--raise-fee` to offer more",
        )

    def _found(self, announced: Announced, first_block: int) -> str | None:
        """The mined transaction that has the nonce, looked for in the blocks since it was announced."""
        newest = self.chain.block_number()
        for number in range(first_block if first_block <= newest else 0, newest + 1):  # else it was started anew
            answer = self.chain.request("eth_getBlockByNumber", [hex(number), True])
            if answer is None:  # a reorganisation has just taken it back: whoever asked looks again
                return None
            block = rpc.mapping(answer, "block")
            for transaction in block["transactions"]:
                sender = str(transaction["from"]).lower() == self.account.address
                if sender and int(transaction["nonce"], 16) == announced.nonce:
                    return str(transaction["hash"])
        return None

    def _arrived(self, announced: Announced) -> bool:
        """Whether the node has a transaction with this nonce, mined or not."""
        counted = max(self._count("latest"), self._count("pending"))  # not every node counts those that wait
        return counted > announced.nonce or self._waits(announced)

    def _arrives(self, announced: Announced) -> bool:
        """The same, asked for a little while: one node may know what the one behind the same address has not heard."""
        end = time.monotonic() + min(GRACE, self._patience)
        while not self._arrived(announced):
            if time.monotonic() > end:
                return False
            time.sleep(self._poll)
        return True

    def _waits(self, announced: Announced) -> bool:
        if not announced.transaction:
            return False
        found = self.chain.request("eth_getTransactionByHash", [announced.transaction])
        return found is not None and found.get("blockNumber") is None

    def _send_for_more(self, announced: Announced, pending: Pending, announce: Callable[[Pending], None]) -> Announced:
        """The same transaction with the same nonce at a higher fee: only one of the two can be mined."""
        old = rpc.mapping(self.chain.request("eth_getTransactionByHash", [announced.transaction]), "transaction")
        former = {
            name: rpc.quantity(old[name], name)
            for name in ("maxFeePerGas", "maxPriorityFeePerGas", "gasPrice")
            if old.get(name) is not None
        }
        transaction = {
            "chainId": self.chain.chain_id,
            "nonce": announced.nonce,
            "data": old["input"],
            "value": rpc.quantity(old["value"], "value"),
            "gas": rpc.quantity(old["gas"], "gas"),
            **({"to": to_checksum_address(old["to"])} if old.get("to") else {}),
            **raised(price_now(self.chain), former).fields,
        }
        raw = self.account.sign(transaction)
        renewed = replace(announced, transaction="0x" + keccak(raw).hex() if raw else "")
        others = tuple(renewed if item == announced else item for item in pending.transactions)
        announce(replace(pending, transactions=others))
        return self._broadcast(renewed, transaction, raw)

    def _count(self, at: str) -> int:
        answer = self.chain.request("eth_getTransactionCount", [self.account.address, at])
        return rpc.quantity(answer, "transaction count")
