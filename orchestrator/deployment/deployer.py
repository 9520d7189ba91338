"""Deploys the contracts of one chain, step by step, so that an interrupted run goes on where it stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.chain.links import View
from orchestrator.deployment.addresses import created_address
from orchestrator.deployment.arguments import encode_arguments, labels_of
from orchestrator.deployment.lane import Lane, Mined, Step
from orchestrator.deployment.onchain import bind_data, bound_to, is_ours, transaction_known
from orchestrator.deployment.soundness import check_arguments, check_order
from orchestrator.errors import ChainError, ConfigurationError, WrongChain
from orchestrator.types import Address

ENOUGH = 10**18
"""Wei; a key that has less gets development funding."""


class Deployer:
    """One chain.

    Args:
        lane: the account that pays, on the chain. folder: of the deployment files.
        creation: creation code of every contract, in hexadecimal, as the sources compile now.
        local: a development node: it may have been started anew, and members' keys get money.

    Attributes:
        record: what lies on the chain, as written to the deployment file after every step.
        said: what a reader should know, such as a chain that was started anew.
        gas: what each step of this run has used.
    """

    def __init__(
        self,
        lane: Lane,
        folder: Path,
        role: str,
        description: d.ConsortiumDescription,
        creation: Mapping[str, str],
        *,
        local: bool,
    ) -> None:
        self.lane, self.folder, self.role, self.description = lane, folder, role, description
        self.chain: Connection = lane.chain
        self.chain_id = lane.chain.chain_id
        self.gas: dict[str, int] = {}
        self.said: list[str] = []
        self.local = local
        self._creation = creation
        fresh = d.DeploymentRecord(self.chain_id, role, description.consortium_id)
        self.record = d.read_record(folder, self.chain_id) or fresh
        self._check_side()
        check_order(self.record, self._path)
        if self._is_of_a_former_chain():
            self.said.append(f"chain {self.chain_id} was started anew since the last deployment: deploying again")
            self.record = fresh

    def run(self) -> None:
        """Everything but the binding of the two Consortium contracts to each other.

        Raises:
            WrongChain: what lies there is not what the sources compile to, or nothing lies there.
            ConfigurationError: what lies there has other settings, or another account has begun.
            ChainError: the node or a contract refused a transaction, or nothing was mined.
        """
        for name in d.ORDER[self.role]:
            if name in self.record.contracts:
                self.check(name)
        self._settle()
        for name in d.ORDER[self.role]:
            if name not in self.record.contracts:
                self._deploy(name)
        self._carry_out([*self._bindings(), *self.funding()])

    def bind_consortium(self, public: d.DeploymentRecord, private: d.DeploymentRecord) -> None:
        """Make the pair of Consortium contracts known to the one on this chain.

        Raises:
            ConfigurationError: it is bound to another pair.
        """
        self._settle()
        pair: list[Any] = []
        for record in (public, private):
            pair += [record.chain_id, record.addresses["Consortium"]]
        self._carry_out(self._binding("Consortium", pair))

    def is_bound(self, name: str) -> bool:
        bound = bound_to(self.chain, name, self.record.addresses[name])
        return any(isinstance(value, str) and int(value, 16) for value in bound)

    def check(self, name: str) -> None:
        """What an earlier run deployed is what this one would.

        Raises:
            WrongChain, ConfigurationError: it is not.
        """
        entry = self.record.contracts[name]
        code = self.chain.code(Address(entry.address))
        where = f"{name} at {entry.address} on chain {self.chain_id}"
        if not code:
            raise WrongChain(f"there is no code of {where}", mend=self._mend_for_nothing())
        self._check_code(name, entry.address)
        if "0x" + keccak(code).hex() != entry.code_hash:
            raise WrongChain(f"the code of {where} has changed", mend="do not use this chain")
        check_arguments(self.record, name, self._path)
        arguments = d.as_json(d.constructor_arguments(name, self.description, self.record.addresses))
        for label, was, now in zip(labels_of(name), entry.constructor_arguments, arguments, strict=True):
            if was != now:
                raise ConfigurationError(
                    f"{name} on chain {self.chain_id} was deployed with other {label} than the consortium file has now",
                    mend=f"restore the file, or move {self._path} away to deploy anew",
                )

    @property
    def _path(self) -> Path:
        return d.record_path(self.folder, self.chain_id)

    def _check_side(self) -> None:
        if self.record.role != self.role:
            raise ConfigurationError(
                f"{self._path} describes a {self.record.role} chain, the consortium file names it as {self.role}",
                mend="check `chains` in the consortium file",
            )

    def _is_of_a_former_chain(self) -> bool:
        """On a local chain only, whose data can be gone: whether it does not know a transaction of the record."""
        known = {entry.transaction for entry in self.record.contracts.values()}
        return self.local and not all(transaction_known(self.chain, transaction) for transaction in known)

    def _mend_for_nothing(self) -> str:
        return f"is this the right node, and in step? To deploy anew, move {self._path} away"

    def _settle(self) -> None:
        """What an interrupted run has sent counts as this run's."""
        if self.record.pending is not None:
            for mined in self.lane.settle(self.record.pending, self._announce):
                self._take(mined, resumed=True)
            self._store(replace(self.record, pending=None))

    def _deploy(self, name: str) -> None:
        self._check_deployer()
        nonce = self.lane.next_nonce()
        address = created_address(self.lane.account.address, nonce)
        self._send([Step(name, address, self._creation_data(name))], nonce)

    def _creation_data(self, name: str) -> str:
        arguments = d.constructor_arguments(name, self.description, self.record.addresses)
        return "0x" + self._creation[name].removeprefix("0x") + encode_arguments(name, arguments).hex()

    def _carry_out(self, steps: Sequence[Step]) -> None:
        if steps:
            self._check_deployer()
            self._send(steps, self.lane.next_nonce())

    def _send(self, steps: Sequence[Step], nonce: int) -> None:
        wanted = {step.what: step for step in steps}
        for mined in self.lane.carry_out(steps, nonce, self._announce):
            step = wanted[mined.what]
            if (mined.data, mined.to) != (step.data.lower(), step.to):
                account = self.lane.account.address
                raise ChainError(
                    f"{step.what} on chain {self.chain_id}: another transaction of {account} came first",
                    mend="let nothing else send from this account, then run this again",
                )
            self._take(mined)
        self._store(replace(self.record, pending=None))

    def _announce(self, pending: d.Pending) -> None:
        self._store(replace(self.record, pending=pending, deployer=self.record.deployer or pending.sender))

    def _take(self, mined: Mined, *, resumed: bool = False) -> None:
        """Enter what was mined into the record. Of an interrupted run, only what this one would do as well."""
        self.gas[mined.what] = mined.gas_used
        if not mined.succeeded:
            if resumed:
                return
            raise ChainError(f"{mined.what} on chain {self.chain_id} failed: {mined.transaction}")
        name, _, action = mined.what.partition(".")
        if action == "bind" and mined.to == self.record.addresses.get(name):
            arguments = tuple(d.as_json(bound_to(self.chain, name, self.record.addresses[name])))
            binding = d.BindingRecord(mined.block, mined.transaction, arguments)
            self._store(replace(self.record, bindings={**self.record.bindings, name: binding}))
        elif name in d.ORDER[self.role] and name not in self.record.contracts:
            self._take_contract(name, mined, resumed=resumed)

    def _take_contract(self, name: str, mined: Mined, *, resumed: bool) -> None:
        if resumed and not is_ours(self.chain, name, mined.address):
            return  # something else of the account has the nonce
        if mined.data != self._creation_data(name).lower():
            raise ConfigurationError(
                f"{name} on chain {self.chain_id} was sent with other settings than the consortium file has now",
                mend=f"restore the file, or move {self._path} away to deploy anew",
            )
        arguments = d.constructor_arguments(name, self.description, self.record.addresses)
        found = {name: self._entry(name, mined.address, mined, arguments)}
        if inner := d.deploys_with(name, self.description, mined.address):
            address = str(View(self.chain, name, Address(mined.address)).ask("token"))
            found[inner[0]] = self._entry(inner[0], address, mined, inner[1])
        self._store(replace(self.record, contracts={**self.record.contracts, **found}))

    def _entry(self, name: str, address: str, mined: Mined, arguments: Sequence[Any]) -> d.ContractRecord:
        self._check_code(name, address)
        code_hash = "0x" + keccak(self.chain.code(Address(address))).hex()
        return d.ContractRecord(address, mined.block, mined.transaction, tuple(d.as_json(arguments)), code_hash)

    def _check_code(self, name: str, address: str) -> None:
        if not is_ours(self.chain, name, address):
            raise WrongChain(
                f"{name} at {address} on chain {self.chain_id} is not what the sources compile to",
                mend=f"use the sources it was deployed from, or move {self._path} away to deploy anew",
            )

    def _check_deployer(self) -> None:
        """Contracts are bound by the account that deployed them, so one account does all."""
        if self.record.deployer not in ("", self.lane.account.address):
            raise ConfigurationError(
                f"chain {self.chain_id} was begun by {self.record.deployer}, this account is "
                f"{self.lane.account.address}",
                mend="name that account in LORANCHOR_DEPLOYER: only it may bind the contracts",
            )

    def _bindings(self) -> list[Step]:
        wanted = d.bindings(self.role, self.record.addresses)
        return [step for name, arguments in wanted.items() for step in self._binding(name, arguments)]

    def _binding(self, name: str, arguments: Sequence[Any]) -> list[Step]:
        """The transaction that binds a contract; none if it is bound so already."""
        address = self.record.addresses[name]
        if not self.is_bound(name):
            return [Step(f"{name}.bind", address, bind_data(name, arguments), address)]
        bound = bound_to(self.chain, name, address)
        if bound != list(arguments):
            raise ConfigurationError(
                f"{name} on chain {self.chain_id} is bound to {bound}, not to {list(arguments)}",
                mend="a binding is for ever: move the deployment files of both chains away to deploy a new pair",
            )
        return []

    def funding(self) -> list[Step]:
        """Development funding, so that members' keys can send transactions on the local chains."""
        amount = self.description.funding_wei
        if not self.local or amount < ENOUGH:
            return []
        keys = [key for member in self.description.members for key in (member.authority, member.delegate)]
        poor = [key for key in keys if self.chain.balance(Address(key)) < ENOUGH]
        return [Step(f"development funding of {key}", key, "0x", key, amount) for key in poor]

    def _store(self, record: d.DeploymentRecord) -> None:
        self.record = record
        d.write_record(self.folder, record)
