"""Organisations with homes and real keystores on two real chains, and the command line that they use."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from chain_deployment import Consortium, deploy
from chain_nodes import AccountSigner, anvil, fund, ganache

from orchestrator import overrides
from orchestrator.chain.connection import Connection
from orchestrator.chain.port import Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import TransactionSender
from orchestrator.cli import run
from orchestrator.files import write_json
from orchestrator.governance.ceremony import read_ceremony, write_ceremony
from orchestrator.keystore import Keystore
from orchestrator.keystore.keystore import Addresses
from orchestrator.ledger.words import hex_word
from orchestrator.organisation import FILE, Organisation
from orchestrator.types import Address, OrganisationId

PASSWORD = "a password for tests"
NOBODY = "http://127.0.0.1:1"
"""Where no node listens: a chain that is down."""
QUICK_SCRYPT = 2**10
SALT = hex_word(bytes(32))


@dataclass(frozen=True)
class Done:
    """What one command line said."""

    code: int
    out: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def told(self) -> dict[str, str]:
        """The error that ``--json`` writes."""
        found: dict[str, str] = json.loads(self.error)["error"]
        return found


@dataclass
class World:
    """One consortium of aurora, borealis and cumulus with k = 2, and the folder that its members work in.

    Attributes:
        private_url, public_url: settings that point at the nodes; a test takes a chain away with :data:`NOBODY`.
    """

    consortium: Consortium
    folder: Path
    capture: pytest.CaptureFixture[str]
    ipfs: str

    def home(self, name: str) -> Path:
        return self.folder / "homes" / name

    def run(self, *arguments: str | Path) -> Done:
        """`loranchor consortium …` in this process."""
        return self.loranchor("consortium", *arguments)

    def loranchor(self, *arguments: str | Path) -> Done:
        self.capture.readouterr()
        code = run([str(argument) for argument in arguments])
        out, error = self.capture.readouterr()
        return Done(code, out, error)

    def by(self, name: str) -> tuple[str, ...]:
        """Options that name an organisation's home and password."""
        return ("--home", str(self.home(name)), "--password-file", str(self.folder / "password"))

    def ok(self, *arguments: str | Path) -> Any:
        """A verb that must succeed; gives its JSON."""
        done = self.run(*arguments, "--json")
        assert done.code == 0, done.error
        return done.json

    def refused(self, *arguments: str | Path) -> dict[str, str]:
        """A verb that must fail in one line; gives its error."""
        done = self.run(*arguments, "--json")
        assert done.code not in (0, 1), done.out
        return {**done.told, "exit": str(done.code)}

    def shown(self) -> Any:
        return self.ok("show", *self.at("aurora"))

    def at(self, name: str) -> tuple[str, str]:
        """The option that names an organisation's home, for verbs without a key."""
        return ("--home", str(self.home(name)))

    def addresses(self, name: str) -> Addresses:
        return Keystore.addresses(self.home(name))

    def found(self, name: str, **keys: bytes) -> Addresses:
        """Make a home; with funds on both chains only where the keys are given."""
        home = self.home(name)
        home.mkdir(parents=True)
        home.chmod(0o700)  # as `org init` makes it
        with Keystore.create(home, PASSWORD, scrypt_n=QUICK_SCRYPT, **keys) as keystore:
            made = Addresses(keystore.authority_address, keystore.delegate_address)
        settings = {
            "chain.public.url": self.consortium.public_chain.url,
            "chain.private.url": self.consortium.private_chain.url,
            "chain.deployments": str(self.consortium.folder),
            "storage.api_url": self.ipfs,
        }
        organisation = Organisation(OrganisationId(name), home, made.authority, made.delegate, settings)
        write_json(home / FILE, organisation.document)
        return made

    def decide(self, file: Path, *signers: str) -> None:
        """Everybody signs in the same file; quicker than by `consortium sign`, which tests of signing use."""
        ceremony = read_ceremony(file)
        for name in signers:
            key = self.signer(name, ceremony.role).account
            ceremony = ceremony.signed(bytes(key.unsafe_sign_hash(ceremony.decision.digest()).signature))
        write_ceremony(file, ceremony)

    def fund(self, *accounts: Address) -> None:
        for account in accounts:
            fund(self.consortium.public_chain, account)
            fund(self.consortium.private_chain, account)

    def signer(self, name: str, role: str) -> AccountSigner:
        """An organisation's key in memory, as it is in its keystore now."""
        from eth_account import Account

        document = json.loads((self.home(name) / "keystore" / f"{role}.json").read_bytes())
        return AccountSigner(Account.from_key(Account.decrypt(document, PASSWORD)))

    def send(self, name: str, call: Call) -> Receipt:
        """A transaction of the key that the call wants, beside the command line."""
        on_public = call.chain_id == self.consortium.public_chain.chain_id
        chain = self.consortium.public_chain if on_public else self.consortium.private_chain
        role = "authority" if call.role == "authority" else "delegate"
        return TransactionSender(chain, self.signer(name, role), timeout=30, poll=0.02).send(call)


@contextmanager
def deployed(folder: Path) -> Iterator[Consortium]:
    """Both chains with all contracts, for as many worlds as wanted."""
    with anvil() as public, ganache(folder) as private:
        yield deploy(public, private, folder / "deployments")


@contextmanager
def fresh_world(
    consortium: Consortium, folder: Path, capture: pytest.CaptureFixture[str], ipfs: str
) -> Iterator[World]:
    """The consortium as it was deployed; both chains go back when the test has ended."""
    chains = (consortium.public_chain, consortium.private_chain)
    snapshots = [chain.request("evm_snapshot", []) for chain in chains]
    world = World(consortium, folder, capture, ipfs)
    handle = os.open(folder / "password", os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(PASSWORD)
    for member in consortium.members:
        keys = {"authority_key": member.authority.account.key, "delegate_key": member.delegate.account.key}
        world.found(member.organisation, **{name: bytes(key) for name, key in keys.items()})
    try:
        yield world
    finally:
        for chain, snapshot in zip(chains, snapshots, strict=True):
            assert chain.request("evm_revert", [snapshot])
        shutil.rmtree(folder / "homes")


_composed = cache(overrides.composed)
_command = cache(typer.main.get_command)


@contextmanager
def made_once() -> Iterator[None]:
    """Settings and the tree of verbs take longer than all else that a verb does; here they are always the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overrides, "composed", lambda folder, given: _composed(folder, tuple(given)))
        patch.setattr(typer.main, "get_command", _command)
        yield


def refusal(chain: Connection, call: Call) -> str:
    """The contract's own error for a call that nobody sends."""
    from orchestrator.chain.port import RpcRefused
    from orchestrator.chain.reverts import decode_revert, revert_data

    with pytest.raises(RpcRefused) as raised:
        chain.call(call.to, call.data)
    return decode_revert(revert_data(raised.value.data, raised.value.rpc_message) or b"").error
