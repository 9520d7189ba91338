"""Three organisations with real keys, real seals and an IPFS in memory, on simulated chains that take their calls.

What a contract would check and a simulation can, is checked: who signs, in which order, for which head. Import it as
``from unit.daemon.consortium import Consortium``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unit.daemon.contracts import ANCHOR, PUBLIC_ID, SimulatedContracts
from unit.daemon.fake_workbench import FakeWorkbench
from unit.ledger.actors import AURORA, CHAIN_ID, CONSORTIUM_ID, CONTRACTS, MEMBERS, private_key
from unit.protocol.simulation import Node, Simulation

from orchestrator.chain.contracts import PrivateContracts, PublicContracts
from orchestrator.chain.deployment import Deployment
from orchestrator.chain.memory import MemoryChain
from orchestrator.chain.port import Receipt
from orchestrator.chain.proxies.artefact_registry import ArtefactRegistryProxy
from orchestrator.chain.proxies.award_distributor import AwardDistributorProxy
from orchestrator.chain.proxies.checkpoint_anchor import CheckpointAnchorProxy
from orchestrator.chain.proxies.checkpoint_schedule import CheckpointScheduleProxy
from orchestrator.chain.proxies.consortium import ConsortiumProxy
from orchestrator.chain.proxies.contribution_token import ContributionTokenProxy
from orchestrator.chain.proxies.disclosure_registry import DisclosureRegistryProxy
from orchestrator.chain.proxies.key_directory import KeyDirectoryProxy
from orchestrator.chain.proxies.revocation_ledger import RevocationLedgerProxy
from orchestrator.chain.proxies.round_ledger import RoundLedgerProxy
from orchestrator.chain.proxy import Call
from orchestrator.chain.sender import Usage
from orchestrator.daemon.access import Access
from orchestrator.daemon.handlers import HANDLERS
from orchestrator.daemon.services import Services
from orchestrator.deployment import ContractRecord
from orchestrator.errors import ChainError, LoranchorError, StorageError
from orchestrator.keystore import Keystore
from orchestrator.ledger.task import TaskSpec
from orchestrator.protocol import effects as fx
from orchestrator.protocol import events as ev
from orchestrator.protocol.machine import transition
from orchestrator.protocol.state import NodeState
from orchestrator.settings import Settings
from orchestrator.storage import MemoryStore
from orchestrator.types import Address, Digest, OrganisationId

PASSWORD = "correct horse"
NOWHERE = Address("0x" + "0e" * 20)
SCHEDULE = Address("0x" + "5c" * 20)
FIRST = {"Consortium": ContractRecord(NOWHERE, 0, "", (), "")}
CHEAP = 2
"""scrypt's cost where it is not what is tested."""


class Sender:
    """Stands where a TransactionSender does: gives each call to the simulated contracts.

    Attributes:
        calls: names of what was sent. fails: raised instead of sending, once.
    """

    def __init__(self, consortium: Consortium, me: OrganisationId) -> None:
        self._consortium, self._me = consortium, me
        self.calls: list[str] = []
        self.fails: Exception | None = None

    @property
    def usage(self) -> Usage:
        return Usage(len(self.calls), 21_000 * len(self.calls))

    def send(self, call: Call) -> Receipt:
        if self.fails is not None:
            error, self.fails = self.fails, None
            raise error
        self._consortium.receive(self._me, call)
        self.calls.append(call.name)
        block = self._consortium.history.block
        return Receipt(Digest("0x" + "00" * 32), block, Digest("0x" + "00" * 32), True, 21_000, ())


class Consortium(Simulation):
    """Members whose effects are carried out by the daemon's own handlers.

    Args:
        home: folder for everybody's files. members, quorum: of the consortium.
    """

    def __init__(
        self,
        home: Path,
        spec: TaskSpec | None = None,
        *,
        members: Sequence[OrganisationId] = MEMBERS,
        quorum: int = 2,
    ) -> None:
        super().__init__(members, quorum=quorum, spec=spec)
        self.home = home
        self.contracts = SimulatedContracts(self)
        self.private_chain, self.public_chain = MemoryChain(CHAIN_ID), MemoryChain(PUBLIC_ID)
        self.swarm: list[MemoryStore] = []
        self.benches = {name: FakeWorkbench(name) for name in members}
        self.stores = {name: MemoryStore(self.swarm) for name in members}
        self.keystores = {name: self._keystore(name) for name in members}
        self.opened: list[Services] = []
        self.services = {name: self.make_services(name) for name in members}

    def close(self) -> None:
        for services in self.opened:
            services.journal.close()
        for keystore in self.keystores.values():
            keystore.close()

    def _keystore(self, name: OrganisationId) -> Keystore:
        keys: dict[str, Any] = {f"{role}_key": private_key(role, name).secret for role in ("authority", "delegate")}
        return Keystore.create(self.home / name, PASSWORD, scrypt_n=CHEAP, **keys)

    def make_services(self, name: OrganisationId) -> Services:
        """As after a start of the daemon: files, keystore and store are there, nothing else."""
        access = Access(
            me=name,
            home=self.home / name,
            settings=Settings({}),
            keystore=self.keystores[name],
            store=self.stores[name],
            private=private_contracts(self.private_chain),
            public=public_contracts(self.public_chain),
            private_sender=Sender(self, name),  # type: ignore[arg-type]
            public_sender=Sender(self, name),  # type: ignore[arg-type]
        )
        services = Services.of(access, self.benches[name])
        self.opened.append(services)
        services.tasks = self.history.tasks
        return services

    def restart(self, name: OrganisationId) -> None:
        super().restart(name)
        self.services[name] = self.make_services(name)

    def carry_out(self, node: Node, effect: fx.Effect) -> None:
        try:
            super().carry_out(node, effect)
        except LoranchorError as error:
            retryable = isinstance(error, (ChainError, StorageError))
            node.state, _ = transition(node.state, ev.EffectFailed(effect.id, retryable))

    def perform(self, node: Node, effect: fx.Effect) -> None:
        self.handle(node.me, node.state, effect)

    def handle(self, name: OrganisationId, state: NodeState, effect: fx.Effect) -> None:
        """One effect by its handler, the heavy part included."""
        services = self.sync(name)
        job = HANDLERS[type(effect)](services, state, effect)
        if job is not None:
            job()

    def sync(self, name: OrganisationId) -> Services:
        services = self.services[name]
        for record in self.history.records[len(services.history.records) :]:
            services.history.append(record)
        behind = self.history.block - self.private_chain.block_number()
        self.private_chain.mine(max(behind, 0))
        return services

    def now(self, name: OrganisationId = AURORA) -> NodeState:
        """The member's state with all facts so far."""
        self.sync(name)
        return self.told(self.nodes[name])

    def receive(self, me: OrganisationId, call: Call) -> None:
        self.contracts.receive(me, call)


def private_contracts(chain: MemoryChain) -> PrivateContracts:
    return PrivateContracts(
        Deployment(chain.chain_id, "private", CONSORTIUM_ID, FIRST),
        ConsortiumProxy(chain, CONTRACTS["Consortium"]),
        CheckpointScheduleProxy(chain, SCHEDULE),
        KeyDirectoryProxy(chain, CONTRACTS["KeyDirectory"]),
        RoundLedgerProxy(chain, CONTRACTS["RoundLedger"]),
        RevocationLedgerProxy(chain, CONTRACTS["RevocationLedger"]),
        ArtefactRegistryProxy(chain, CONTRACTS["ArtefactRegistry"]),
    )


def public_contracts(chain: MemoryChain) -> PublicContracts:
    return PublicContracts(
        Deployment(chain.chain_id, "public", CONSORTIUM_ID, FIRST),
        ConsortiumProxy(chain, NOWHERE),
        CheckpointAnchorProxy(chain, ANCHOR),
        AwardDistributorProxy(chain, NOWHERE),
        ContributionTokenProxy(chain, NOWHERE),
        DisclosureRegistryProxy(chain, NOWHERE),
    )
