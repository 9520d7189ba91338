"""What an organisation reaches with its own keys: both chains, its IPFS node and its keystore."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from orchestrator.chain.contracts import PrivateContracts, PublicContracts, private_contracts, public_contracts
from orchestrator.chain.fees import GWEI, FeePolicy
from orchestrator.chain.links import check_pair
from orchestrator.chain.outbox import Outbox, SqliteOutbox
from orchestrator.chain.sender import KeystoreSigner, TransactionSender
from orchestrator.daemon.disk import disk_errors
from orchestrator.daemon.signer import holders_of
from orchestrator.errors import ConfigurationError, KeystoreError, WrongChain
from orchestrator.keystore import Keystore, Role
from orchestrator.lock_key import LockKey
from orchestrator.settings import Settings
from orchestrator.storage import IpfsStore
from orchestrator.storage.store import ObjectStore
from orchestrator.types import OrganisationId

HOT: tuple[Role, ...] = ("delegate",)
MARGIN = 1.0
"""Gas beyond the estimate, as a share of it; it costs nothing unless it is used. Where members act in one block, one of
them decides what nobody did when it was estimated: the deciding endorsement needs 40 % more than the first."""


@dataclass
class Access:
    """Adapters of one organisation.

    Attributes:
        store: the organisation's own IPFS node.
        lock: held while the keystore is used, since several threads may; never while an object is fetched, which may
            take minutes.
    """

    me: OrganisationId
    home: Path
    settings: Settings
    keystore: Keystore
    store: ObjectStore
    private: PrivateContracts
    public: PublicContracts
    private_sender: TransactionSender
    public_sender: TransactionSender
    lock: threading.RLock = field(default_factory=threading.RLock)

    def lock_key(self) -> LockKey:
        """The key of this organisation's key-lock, made when it is first asked for."""
        with self.lock:
            return self.keystore.lock_key()

    def pseudonym_key(self) -> bytes:
        """What pseudonyms in this organisation's training data are made with, made when it is first asked for."""
        with self.lock:
            return self.keystore.pseudonym_key()

    def authority_sender(self) -> TransactionSender:
        """Sends from the cold account on the private chain."""
        signer = KeystoreSigner(self.keystore, "authority")
        lock = NonceLock(self.home, "private-authority")
        return TransactionSender(self.private_sender.chain, signer, lock=lock, fees=fee_policy(self.settings))


def connect(settings: Settings, home: Path, password: str, *, roles: Collection[Role] = HOT) -> Access:
    """Open the keystore and check both chains and the IPFS node before anything is done.

    Args:
        roles: keys to unlock. The authority's is a cold one: only what it signs itself asks for it, and no daemon.

    Where the settings name a signer elsewhere, that signs for the delegate: transactions and checkpoints alike, each
    recorded here before it is asked for.

    Raises:
        KeystoreError: wrong password, or the signer has another key. SignerSilent: it is down.
        ChainError, WrongChain: a chain is down or another, or not bound to the other.
        EnvironmentMissing: no deployment. StorageError: the IPFS node is down.
        ConfigurationError, KeystoreError: the organisation is no member, or these keys are not its own.
    """
    organisation = settings.organisation
    if organisation is None:
        raise ConfigurationError("no organisation is given", mend="name its folder with --home")
    remote = holders_of(settings, home)
    keystore = Keystore.open(home, password, roles=roles, remote=remote)
    for holder in remote.values():
        holder.check()
    private_chain, public_chain = settings.connection("private"), settings.connection("public")
    private = private_contracts(private_chain, settings.deployments)
    public = public_contracts(public_chain, settings.deployments)
    if private.deployment.consortium_id != public.deployment.consortium_id:
        raise WrongChain(
            f"the deployments are of two consortia, {private.deployment.consortium_id} and"
            f" {public.deployment.consortium_id}",
            mend=f"deploy both chains again, or correct {settings.deployments}",
        )
    check_pair(public.consortium, private.consortium, public.anchor)
    _check_seat(private, organisation.name, keystore)
    store = IpfsStore(settings.ipfs_api())
    store.identity()
    timeout, fees = float(settings.group("chain")["transaction_timeout"]), fee_policy(settings)
    signer = KeystoreSigner(keystore, "delegate")
    return Access(
        me=organisation.name,
        home=home,
        settings=settings,
        keystore=keystore,
        store=store,
        private=private,
        public=public,
        private_sender=TransactionSender(
            private_chain,
            signer,
            timeout=timeout,
            margin=MARGIN,
            lock=NonceLock(home, "private-delegate"),
            fees=fees,
        ),
        public_sender=TransactionSender(
            public_chain,
            signer,
            timeout=timeout,
            margin=MARGIN,
            lock=NonceLock(home, "public-delegate"),
            fees=fees,
        ),
    )


def fee_policy(settings: Settings) -> FeePolicy:
    """When and how far a waiting transaction's price is raised: ``chain.fees``.

    Raises:
        ConfigurationError: a value is no number that makes sense.
    """
    usual = FeePolicy()
    given = settings.group("chain").get("fees") or {}

    def number(name: str, default: float, least: float) -> float:
        value = given.get(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < least:
            raise ConfigurationError(f"chain.fees.{name} is {value!r}", mend=f"give a number of at least {least:g}")
        return value

    return FeePolicy(
        cap=int(number("cap_gwei", usual.cap / GWEI, 0) * GWEI),
        bump_percent=number("bump_percent", usual.bump_percent, 12.5),
        bump_blocks=int(number("bump_blocks", usual.bump_blocks, 1)),
        resend_seconds=number("resend_seconds", usual.resend_seconds, 1),
    )


def _check_seat(private: PrivateContracts, name: OrganisationId, keystore: Keystore) -> None:
    """Keys that are not the member's would look like a daemon that nobody needs anything from."""
    seat = next((member for member in private.consortium.members() if member.organisation == name), None)
    if seat is None:
        raise ConfigurationError(
            f"{name} is no member of the consortium on chain {private.deployment.chain_id}",
            mend="its authorities add members; see `loranchor doctor`",
        )
    if keystore.delegate_address != seat.delegate:
        raise KeystoreError(
            f"this keystore's delegate {keystore.delegate_address} is not that of {name} on chain, {seat.delegate}",
            mend="use the right home, or have the authority rotate the delegate",
        )


class NonceLock:
    """A lock over one account's nonce that threads and processes of one organisation share.

    Attributes:
        outbox: what the home has signed to send; whoever takes this lock to send goes by it.
    """

    def __init__(self, home: Path, account: str) -> None:
        self.outbox: Outbox = SqliteOutbox(home / "outbox.sqlite")
        self._path = home / "locks" / f"{account}.lock"
        self._thread = threading.Lock()
        self._held: Any = None

    def __enter__(self) -> None:
        self._thread.acquire()
        try:
            self._held = _opened(self._path)
            fcntl.flock(self._held, fcntl.LOCK_EX)
        except BaseException:  # nobody will leave what was not entered, such as on a read-only disk
            self._thread.release()
            raise

    def __exit__(self, *exc: object) -> None:
        self._held.close()
        self._thread.release()


@contextmanager
def single_instance(home: Path) -> Iterator[None]:
    """Hold the home's daemon lock.

    Raises:
        ConfigurationError: another daemon runs on this home. DiskError: its disk is full or read-only.
    """
    with _opened(home / "locks" / "daemon.lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"another daemon already runs on {home}", mend="stop it first, or give another --home"
            ) from None
        yield


def _opened(lock: Path) -> IO[str]:
    """A lock's file, made where there is none."""
    with disk_errors():
        lock.parent.mkdir(parents=True, exist_ok=True)
        return lock.open("w")
