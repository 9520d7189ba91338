"""Deploys the contracts of one chain, step by step, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from brownie import project, web3
from brownie.exceptions import TransactionError, VirtualMachineError
from brownie.network.contract import ProjectContract
from brownie.network.transaction import TransactionReceipt
from eth_utils import keccak

from orchestrator import deployment as d
from orchestrator.errors import ChainError, ConfigurationError, WrongChain
from scripts.onchain import (
    artifact,
    checksum,
    code_at,
    created_address,
    creation,
    is_ours,
    join_brownie,
    succeeded,
    transaction_exists,
    wait_until_idle,
)

ENOUGH = 10**18
VIEWS = {"CheckpointSchedule": "binding", "KeyDirectory": "rounds", "RoundLedger": "revocations"}


class Deployer:
    """One chain: the one that Brownie is connected to.

    Attributes:
        record: what lies on the chain, as written to the deployment file after every contract.
        transactions: how many this run has sent.
        said: what a reader should know, such as a chain that was started anew.
    """

    def __init__(self, folder: Path, role: str, description: d.ConsortiumDescription, account: Any) -> None:
        self.folder, self.role, self.description, self.account = folder, role, description, account
        self.chain_id = int(web3.chain_id)
        self.transactions = 0
        self.said: list[str] = []
        self._sent: dict[str, str] = {}
        fresh = d.DeploymentRecord(self.chain_id, role, description.consortium_id)
        self.record = d.read_record(folder, self.chain_id) or fresh
        if self.record.contracts and self._is_of_a_former_chain():
            self.said.append(f"chain {self.chain_id} was started anew since the last deployment: deploying again")
            self.record = fresh

    def run(self) -> None:
        """Everything but the binding of the two Consortium contracts to each other.

        Raises:
            WrongChain: what lies there is not what the sources compile to. ConfigurationError: or has other settings.
            ChainError: the node refused a transaction.
        """
        for name in d.ORDER[self.role]:
            if name in self.record.contracts:
                self._check(name)
            else:
                self._deploy(name)
        for name, arguments in d.bindings(self.role, self.record.addresses).items():
            self._bind(name, arguments)
        if self.chain_id in d.LOCAL_CHAINS:
            self._fund()
        self._settle()

    def bind_consortium(self, public: d.DeploymentRecord, private: d.DeploymentRecord) -> None:
        """Make the pair of Consortium contracts known to the one on this chain."""
        pair: list[Any] = []
        for record in (public, private):
            pair += [record.chain_id, record.addresses["Consortium"]]
        bound = list(self.contract("Consortium").binding())
        if int(bound[1], 16) == 0:
            self._call("Consortium", pair)
            self._settle()
        elif [str(value).lower() for value in bound] != [str(value).lower() for value in pair]:
            raise ConfigurationError(
                f"the Consortium on chain {self.chain_id} is bound to {bound}, not to {pair}",
                mend="a binding is for ever: remove both deployment files to deploy a new pair",
            )

    def contract(self, name: str, address: str = "") -> Any:
        """A contract of ours at ``address``, or where the record has it."""
        container = container_of(name)
        where = checksum(address or self.record.addresses[name])
        return ProjectContract(container._project, container._build, where)

    def _is_of_a_former_chain(self) -> bool:
        """Whether nothing of the record is there; on a local chain, whether its first transaction is unknown."""
        entries = list(self.record.contracts.values())
        if self.chain_id in d.LOCAL_CHAINS and not transaction_exists(entries[0].transaction):
            return True
        return not any(code_at(entry.address) for entry in entries)

    def _deploy(self, name: str) -> None:
        arguments = d.constructor_arguments(name, self.description, self.record.addresses)
        artifact(name)  # refuses a stale ABI before anything is sent
        if not self._arrived(name):
            nonce = web3.eth.get_transaction_count(self.account.address)
            pending = d.Pending(name, created_address(self.account.address, nonce), web3.eth.block_number)
            self._store(replace(self.record, pending=pending))
            send = partial(self.account.deploy, container_of(name), *arguments, nonce=nonce, silent=True)
            self._send(send, name)
            wait_until_idle(self.account.address)
        pending = self.record.pending
        block, transaction = creation(pending.address, self.account.address, pending.block)
        found = {name: self._entry(name, pending.address, block, transaction, arguments)}
        if inner := d.deploys_with(name, self.description, pending.address):
            address = str(self.contract(name, pending.address).token()).lower()
            found[inner[0]] = self._entry(inner[0], address, block, transaction, inner[1])
        self._store(replace(self.record, contracts={**self.record.contracts, **found}, pending=None))

    def _arrived(self, name: str) -> bool:
        """Whether a run that was killed had sent this contract already."""
        pending = self.record.pending
        if pending is None or pending.contract != name:
            return False
        wait_until_idle(self.account.address)
        return bool(code_at(pending.address)) and is_ours(name, pending.address)

    def _entry(self, name: str, address: str, block: int, transaction: str, arguments: list[Any]) -> d.ContractRecord:
        self._check_code(name, address)
        code_hash = "0x" + keccak(code_at(address)).hex()
        return d.ContractRecord(address, block, transaction, tuple(d.as_json(arguments)), code_hash)

    def _check(self, name: str) -> None:
        """What an earlier run deployed is what this one would."""
        entry = self.record.contracts[name]
        self._check_code(name, entry.address)
        if "0x" + keccak(code_at(entry.address)).hex() != entry.code_hash:
            raise WrongChain(f"the code of {name} at {entry.address} has changed", mend="do not use this chain")
        arguments = d.as_json(d.constructor_arguments(name, self.description, self.record.addresses))
        for label, was, now in zip(labels_of(name), entry.constructor_arguments, arguments, strict=True):
            if was != now:
                raise ConfigurationError(
                    f"{name} on chain {self.chain_id} was deployed with other {label} than the consortium file has now",
                    mend=f"restore the file, or remove {d.record_path(self.folder, self.chain_id)} to deploy anew",
                )

    def _check_code(self, name: str, address: str) -> None:
        if not is_ours(name, address):
            raise WrongChain(
                f"{name} at {address} on chain {self.chain_id} is not what the sources compile to",
                mend=f"use the sources it was deployed from, or remove {d.record_path(self.folder, self.chain_id)}",
            )

    def _bind(self, name: str, arguments: list[str]) -> None:
        bound = getattr(self.contract(name), VIEWS[name])()
        bound = [str(value).lower() for value in (bound if isinstance(bound, tuple) else (bound,))]
        if int(bound[0], 16) == 0:
            self._call(name, arguments)
        elif bound != arguments:
            raise WrongChain(f"{name} on chain {self.chain_id} is bound to {bound}, not to {arguments}")

    def _fund(self) -> None:
        """Development funding, so that members' keys can send transactions on the local chains."""
        amount = self.description.funding_wei
        keys = [key for member in self.description.members for key in (member.authority, member.delegate)]
        for key in map(checksum, keys):
            if web3.eth.get_balance(key) < ENOUGH <= amount:
                send = partial(self.account.transfer, key, amount, required_confs=0, silent=True)
                self._send(send, f"development funding of {key}")

    def _call(self, name: str, arguments: list[Any]) -> None:
        """Calls a contract's `bind`; `_settle` waits for it."""
        contract = self.contract(name)
        data = contract.bind.encode_input(*arguments)
        send = partial(self.account.transfer, contract.address, 0, data=data, required_confs=0, silent=True)
        self._send(send, f"{name}.bind")

    def _send(self, action: Callable[[], Any], what: str) -> None:
        try:
            sent = action()
        except (VirtualMachineError, ValueError, OSError) as error:
            raise ChainError(f"{what} on chain {self.chain_id} was refused: {first_line(error)}") from error
        except (
            TransactionError
        ):  # Brownie looked before the node had the receipt; what was sent is found by its address
            sent = None
        if isinstance(sent, TransactionReceipt):
            self._sent[what] = sent.txid
        self.transactions += 1

    def _settle(self) -> None:
        """Waits until the chain has taken what was sent without waiting."""
        join_brownie()
        for what, transaction in self._sent.items():
            if not succeeded(transaction):
                raise ChainError(f"{what} on chain {self.chain_id} failed: {transaction}")
        self._sent.clear()

    def _store(self, record: d.DeploymentRecord) -> None:
        self.record = record
        d.write_record(self.folder, record)


def container_of(name: str) -> Any:
    return project.get_loaded_projects()[0][name]


def labels_of(name: str) -> list[str]:
    """The parameters of a contract's constructor."""
    constructor = next(entry for entry in artifact(name)["abi"] if entry["type"] == "constructor")
    return [str(parameter["name"]).strip("_") for parameter in constructor["inputs"]]


def first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0] or type(error).__name__
