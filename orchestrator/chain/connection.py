"""A chain over JSON-RPC, by web3.py's HTTP provider."""

from __future__ import annotations

import itertools
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import requests
from web3 import HTTPProvider
from web3.exceptions import Web3Exception
from web3.providers.rpc.utils import REQUEST_RETRY_ALLOWLIST, ExceptionRetryConfiguration
from web3.types import RPCEndpoint

from orchestrator.chain import rpc_values as rpc
from orchestrator.chain.port import Block, RawLog, Receipt, RpcRefused
from orchestrator.errors import ChainError, ConfigurationError, WrongChain
from orchestrator.types import Address, Digest
from orchestrator.urls import shown

_BATCH = 100
_LONGEST_PAUSE = 15.0
"""Seconds at the most between two questions to a node that is slow."""
_UP = "start it with `loranchor network up`, or set its address (chain.public.url, chain.private.url)"


for _name in ("web3.providers.HTTPProvider", "web3._utils.http_session_manager.HTTPSessionManager", "urllib3"):
    logging.getLogger(_name).setLevel(logging.INFO)  # below that they log whole addresses


class _Numbers:
    """Numbers of questions, as the provider counts them. A thread sees those that it has asked since ``begin``."""

    def __init__(self) -> None:
        self._count, self._own = itertools.count(), threading.local()

    def begin(self) -> None:
        self._own.asked = []

    @property
    def asked(self) -> list[int]:
        return list(self._own.asked)

    def __next__(self) -> int:
        number = next(self._count)
        self._own.asked = [*getattr(self._own, "asked", ()), number]
        return number


class Connection:
    """One chain at one node. Makes no request before the first is needed; then checks the node's chain id first.

    Args:
        url: HTTP address of the node. expected_chain_id: refuse any other.
        timeout: seconds for one answer. finality_depth: blocks on top of a block before it counts as final.
        retries: how often a node that is not reached is tried, at once. One that is reached and does not answer in time
            is asked once more, unless this is 1: after a pause, with twice the time.
    """

    def __init__(
        self, url: str, expected_chain_id: int, timeout: float = 10.0, *, finality_depth: int = 0, retries: int = 3
    ) -> None:
        if not url.startswith(("http://", "https://")) or not url.partition("://")[2].strip("/"):
            raise ConfigurationError(f"{_named(url)} is no HTTP address of a node", mend="use http://HOST:PORT")
        self._shown = shown(url)
        self._chain_id = expected_chain_id
        self._finality_depth = finality_depth
        self._checked = False
        self._timeout, self._retries = timeout, max(retries, 1)
        self._numbers = _Numbers()
        self._provider, self._patient = self._asking(url, timeout), self._asking(url, 2 * timeout)

    def _asking(self, url: str, timeout: float) -> HTTPProvider:
        provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout},
            exception_retry_configuration=ExceptionRetryConfiguration(
                errors=(requests.ConnectionError,),
                retries=self._retries,
                backoff_factor=0.1,
                # every method that we use may be sent twice: a raw transaction is known by its hash
                method_allowlist=REQUEST_RETRY_ALLOWLIST,
            ),
        )
        provider.request_counter = self._numbers  # type: ignore[assignment]
        return provider

    @property
    def url(self) -> str:
        """Where the node is, without what may be secret in its address."""
        return self._shown

    @property
    def chain_id(self) -> int:
        return self._chain_id

    @property
    def finality_depth(self) -> int:
        return self._finality_depth

    def check(self) -> int:
        """Ask the node for its chain id; ``WrongChain`` when it is another. Gives the newest block number."""
        self._check_chain_id()
        return self.block_number()

    def _check_chain_id(self) -> None:
        actual = rpc.quantity(self._ask("eth_chainId", []), "chain id")
        if actual != self._chain_id:
            raise WrongChain(
                f"the node at {self.url} serves chain {actual}, expected chain {self._chain_id}",
                mend="correct the address or the chain id of this chain",
            )
        self._checked = True

    def request(self, method: str, params: Sequence[Any]) -> Any:
        """The result of one JSON-RPC call."""
        if not self._checked:
            self._check_chain_id()
        return self._ask(method, params)

    def batch(self, method: str, many_params: Sequence[Sequence[Any]]) -> list[Any]:
        """Results of one method for many parameter lists, in order."""
        if not self._checked:
            self._check_chain_id()
        results: list[Any] = []
        for start in range(0, len(many_params), _BATCH):
            results += self._ask_batch(method, many_params[start : start + _BATCH])
        return results

    def client(self) -> str:
        try:
            name = self.request("web3_clientVersion", [])
        except RpcRefused:
            return ""
        return name if isinstance(name, str) else ""

    def block_number(self) -> int:
        return rpc.quantity(self.request("eth_blockNumber", []), "block number")

    def block(self, number: int) -> Block:
        return self.blocks([number])[0]

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        answers = self.batch("eth_getBlockByNumber", [[hex(number), False] for number in numbers])
        for number, answer in zip(numbers, answers, strict=True):
            if answer is None:
                raise ChainError(f"the chain at {self.url} has no block {number}")
        return [rpc.block(answer, number) for number, answer in zip(numbers, answers, strict=True)]

    def logs(
        self, addresses: Sequence[Address], from_block: int, to_block: int, topics: Sequence[Digest] = ()
    ) -> list[RawLog]:
        query: dict[str, Any] = {
            "address": list(addresses),
            "fromBlock": hex(from_block),
            "toBlock": hex(to_block),
        }
        if topics:
            query["topics"] = [list(topics)]
        return rpc.logs(self.request("eth_getLogs", [query]))

    def transactions(self, hashes: Sequence[Digest]) -> list[Mapping[str, Any]]:
        answers = self.batch("eth_getTransactionByHash", [[hash_] for hash_ in hashes])
        for hash_, answer in zip(hashes, answers, strict=True):
            if answer is None:
                raise ChainError(f"the node at {self.url} does not know transaction {hash_}")
        return [rpc.mapping(answer, "transaction") for answer in answers]

    def code(self, address: Address) -> bytes:
        return rpc.data(self.request("eth_getCode", [address, "latest"]), "contract code")

    def balance(self, address: Address) -> int:
        return rpc.quantity(self.request("eth_getBalance", [address, "latest"]), "balance")

    def call(self, to: Address, data: bytes, *, sender: Address | None = None, block: int | None = None) -> bytes:
        query = {"to": to, "data": "0x" + data.hex()} | ({"from": sender} if sender else {})
        return rpc.data(self.request("eth_call", [query, "latest" if block is None else hex(block)]), "call result")

    def estimate_gas(self, transaction: Mapping[str, Any]) -> int:
        return rpc.quantity(self.request("eth_estimateGas", [dict(transaction)]), "gas estimate")

    def transaction_count(self, address: Address) -> int:
        return rpc.quantity(self.request("eth_getTransactionCount", [address, "pending"]), "nonce")

    def mined_count(self, address: Address) -> int:
        return rpc.quantity(self.request("eth_getTransactionCount", [address, "latest"]), "nonce")

    def send_raw(self, raw: bytes) -> Digest:
        return rpc.digest(self.request("eth_sendRawTransaction", ["0x" + raw.hex()]), "transaction hash")

    def receipt(self, transaction: Digest) -> Receipt | None:
        return rpc.receipt(self.request("eth_getTransactionReceipt", [transaction]), transaction)

    def _ask(self, method: str, params: Sequence[Any]) -> Any:
        try:
            answer = self._patiently(lambda provider: provider.make_request(RPCEndpoint(method), list(params)))
        except (requests.RequestException, Web3Exception, ValueError) as error:
            raise self._silent(error) from None  # the cause names the whole address
        return self._result(method, answer, self._numbers.asked[0])

    def _ask_batch(self, method: str, many_params: Sequence[Sequence[Any]]) -> list[Any]:
        wanted = [(RPCEndpoint(method), list(params)) for params in many_params]
        if not wanted:
            return []
        try:
            answers = self._patiently(lambda provider: provider.make_batch_request(wanted))
        except (requests.RequestException, Web3Exception, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._silent(error) from None  # the cause names the whole address
        if not isinstance(answers, list) or len(answers) != len(wanted):
            raise ChainError(f"the node at {self.url} answered {method} for {len(wanted)} items with another number")
        numbers = self._numbers.asked
        return [self._result(method, answer, number) for answer, number in zip(answers, numbers, strict=True)]

    def _patiently(self, ask: Callable[[HTTPProvider], Any]) -> Any:
        """Ask, and once more where the node was too slow.

        It may still be at work on what everybody has asked, and whoever asks again at once keeps it so. Members wait
        for different times, and then give it twice as long.
        """
        self._numbers.begin()
        try:
            return ask(self._provider)
        except requests.ReadTimeout:
            if self._retries == 1:
                raise
        time.sleep(min(self._timeout, _LONGEST_PAUSE) * random.uniform(0.5, 1.0))
        self._numbers.begin()
        return ask(self._patient)

    def _result(self, method: str, answer: Any, number: int) -> Any:
        if not isinstance(answer, Mapping) or ("result" not in answer and not isinstance(answer.get("error"), Mapping)):
            raise ChainError(
                f"{self.url} did not answer {method} as a node does", mend="check what listens at this address"
            )
        if answer.get("error") is not None:
            error = cast("Mapping[str, Any]", answer["error"])
            words = str(error.get("message", "no message"))
            raise RpcRefused(f"{method} was refused: {words}", rpc_message=words, data=error.get("data"))
        if answer.get("id") != number:  # a late answer, or one that is told twice
            raise ChainError(f"the node at {self.url} answered another question than {method}", mend="ask again")
        return answer["result"]

    def _silent(self, error: Exception) -> ChainError:
        self._checked = False
        if isinstance(error, requests.Timeout):
            return ChainError(f"no answer from {self.url} in time", mend="wait, or raise chain.timeout")
        if isinstance(error, requests.ConnectionError):
            return ChainError(f"no answer from {self.url}", mend=_UP)
        if isinstance(error, requests.HTTPError):
            status = error.response.status_code if error.response is not None else "an error"
            return ChainError(f"{self.url} answered with HTTP {status}", mend="check what listens at this address")
        return ChainError(f"{self.url} did not answer as a node does", mend="check what listens at this address")


def _named(url: str) -> str:
    """An address that is none, as it was given unless something secret may be in it."""
    return shown(url) if "@" in url or "/" in url.partition("://")[2] else repr(url)
