"""What a verb reaches: chains and IPFS only where it needs them, and a key only where it signs.

A dispute is raised when something is wrong. So what one chain says can be shown, and answered, while the other one or
IPFS is down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from orchestrator.chain.contracts import PrivateContracts, PublicContracts, private_contracts, public_contracts
from orchestrator.chain.port import Receipt
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import KeystoreSigner, TransactionSender
from orchestrator.daemon.access import NonceLock
from orchestrator.errors import ConfigurationError, KeystoreError, TransactionReverted, WrongChain
from orchestrator.keystore import Keystore, Role
from orchestrator.settings import Settings, Side, compose
from orchestrator.storage import IpfsStore
from orchestrator.storage.store import ObjectStore
from orchestrator.types import OrganisationId


@dataclass
class Reach:
    """An organisation's nodes, as its settings name them."""

    home: Path | None
    settings: Settings

    @property
    def folder(self) -> Path:
        """The home; ConfigurationError where none is given."""
        if self.home is None:
            raise ConfigurationError("no organisation is given", mend="name its folder with --home")
        return self.home

    @property
    def me(self) -> OrganisationId:
        organisation = self.settings.organisation
        if organisation is None:
            raise ConfigurationError("no organisation is given", mend="name its folder with --home")
        return organisation.name

    @cached_property
    def public(self) -> PublicContracts:
        contracts = public_contracts(self.settings.connection("public"), self.settings.deployments)
        self._same_consortium(contracts)
        return contracts

    @cached_property
    def private(self) -> PrivateContracts:
        contracts = private_contracts(self.settings.connection("private"), self.settings.deployments)
        self._same_consortium(contracts)
        return contracts

    @cached_property
    def store(self) -> ObjectStore:
        return IpfsStore(self.settings.ipfs_api())

    def _same_consortium(self, contracts: PublicContracts | PrivateContracts) -> None:
        other = self.__dict__.get("private" if isinstance(contracts, PublicContracts) else "public")
        ids = {found.deployment.consortium_id for found in (contracts, other) if found is not None}
        if len(ids) > 1:
            raise WrongChain(
                f"the deployments are of two consortia, {' and '.join(sorted(ids))}",
                mend=f"correct {self.settings.deployments}",
            )


def reach(home: Path | None, overrides: list[str] | None) -> Reach:
    """For a verb on this home, or on none where it takes a key from elsewhere; makes no request yet."""
    return Reach(home, compose(overrides or (), organisation_home=home))


@dataclass
class Keys:
    """An open keystore with one key unlocked, which is the member's own on the chain it is used on."""

    reach: Reach
    keystore: Keystore
    role: Role

    def sign(self, digest: bytes) -> bytes:
        return self.keystore.sign_digest(self.role, digest)

    def send(self, side: Side, call: Call, again: Callable[[], object]) -> Receipt:
        """Send a call that was checked a moment ago.

        Args:
            again: checks it anew. Where the contract refuses after all, something has happened since, and that check
                says it better.

        Raises:
            ChainError: the chain is down or refuses. LoranchorError: what ``again`` raises.
        """
        try:
            return self.sender(side).send(call)
        except TransactionReverted:
            again()
            raise

    def sender(self, side: Side) -> TransactionSender:
        """Sends from this key's account; a running daemon shares its nonces."""
        here = self.reach
        chain = here.settings.connection(side)
        timeout = float(here.settings.group("chain")["transaction_timeout"])
        lock = NonceLock(here.folder, f"{side}-{self.role}")
        return TransactionSender(chain, KeystoreSigner(self.keystore, self.role), timeout=timeout, lock=lock)


@contextmanager
def keys(here: Reach, password: str, side: Side, *, role: Role = "delegate") -> Iterator[Keys]:
    """Open the keystore, and check that the key is this member's on the chain where its word is to count.

    Raises:
        KeystoreError: wrong password, or the key is not the member's. ConfigurationError: it is no member.
        ChainError: the chain is down.
    """
    with Keystore.open(here.folder, password, roles=(role,)) as keystore:
        contracts = here.public if side == "public" else here.private
        _check_key(contracts, here.me, keystore, role, side)
        yield Keys(here, keystore, role)


def _check_key(
    contracts: PublicContracts | PrivateContracts, me: OrganisationId, keystore: Keystore, role: Role, side: Side
) -> None:
    seat = next((member for member in contracts.consortium.members() if member.organisation == me), None)
    if seat is None:
        raise ConfigurationError(
            f"{me} is no member of the consortium on the {side} chain", mend="see `loranchor doctor`"
        )
    own = keystore.delegate_address if role == "delegate" else keystore.authority_address
    expected = seat.delegate if role == "delegate" else seat.authority
    if own != expected:
        raise KeystoreError(
            f"this keystore's {role} {own} is not that of {me} on the {side} chain, {expected}",
            mend="use the right home, or have the authority rotate the delegate",
        )
