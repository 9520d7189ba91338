"""A public chain in memory with a ``DisclosureRegistry`` whose rules are written once more, in Python.

What the contract itself does is proven in tests/contracts and tests/integration; this one refuses and tells as it does.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chain_nodes import AccountSigner
from eth_abi.abi import decode
from eth_account import Account
from eth_utils.crypto import keccak
from unit.ledger.actors import CONSORTIUM_ID, CONTRACTS, MEMBERS, authority, delegate, private_key, sign

from orchestrator.chain.abi import artifact, signature_of
from orchestrator.chain.codec import encode_values
from orchestrator.chain.memory import Emitted, MemoryChain, Refusal
from orchestrator.chain.proxies.consortium import ConsortiumProxy
from orchestrator.chain.proxies.disclosure_registry import DisclosureRegistryProxy
from orchestrator.chain.sender import TransactionSender
from orchestrator.disclosure import Contact, Desk, Opening, Recipient, Report
from orchestrator.envelope import generate_prekey
from orchestrator.types import Address, Digest

REGISTRY = Address("0x" + "d1" * 20)
CHAIN_ID = 31337
EMBARGO = 90 * 86_400
START = 1_800_000_000
ABI = artifact("DisclosureRegistry")


@dataclass
class Entry:
    """One report, as the contract keeps it."""

    reporter: Address
    ends: int
    commitment: bytes
    acknowledged: bool = False
    revealed: bool = False
    by_reporter: int = 0
    by_member: int = 0


class RegistryChain(MemoryChain):
    """The chain. ``sleep`` lets time pass."""

    def __init__(self) -> None:
        super().__init__(CHAIN_ID)
        self._blocks[0] = replace(self._blocks[0], timestamp=START)
        self.reports: dict[int, Entry] = {}
        self.contracts[REGISTRY] = self._registry
        self.delegates = {delegate(name): name for name in MEMBERS}

    def sleep(self, seconds: int) -> None:
        self.mine()
        self._blocks[-1] = replace(self._blocks[-1], timestamp=self._blocks[-1].timestamp + seconds)

    def call(self, to: Address, data: bytes, *, sender: Address | None = None, block: int | None = None) -> bytes:
        for name, function, values in self._views():
            entry = artifact(name).functions[function]
            if (to, data[:4]) == (self._address(name), keccak(text=signature_of(entry))[:4]):
                return encode_values(entry["outputs"], values, function)
        kept = copy.deepcopy(self.reports)
        try:
            return super().call(to, data, sender=sender, block=block)
        finally:
            self.reports = kept

    def _address(self, name: str) -> Address:
        return REGISTRY if name == "DisclosureRegistry" else CONTRACTS["Consortium"]

    def _views(self) -> Iterator[tuple[str, str, list[Any]]]:
        seats = [{"organisation": n, "authority": authority(n), "delegate": delegate(n)} for n in MEMBERS]
        yield "DisclosureRegistry", "consortium", [CONTRACTS["Consortium"]]
        yield "DisclosureRegistry", "defaultEmbargo", [EMBARGO]
        yield "Consortium", "consortiumId", [CONSORTIUM_ID]
        yield "Consortium", "members", [seats]

    # -- the contract

    def _registry(self, sender: Address, data: bytes) -> Emitted:
        for name in ("commitReport", "acknowledge", "extendEmbargo", "reveal"):
            entry = ABI.functions[name]
            if data[:4] == keccak(text=signature_of(entry))[:4]:
                values = decode([part["type"] for part in entry["inputs"]], data[4:], strict=False)
                return (
                    [getattr(self, f"_{name}")(sender, *values)]
                    if name != "extendEmbargo"
                    else self._extend(sender, *values)
                )
        raise Refusal(b"")

    @property
    def _time(self) -> int:
        return self._blocks[-1].timestamp

    def _commitReport(self, sender: Address, commitment: bytes) -> Any:
        id = len(self.reports) + 1
        self.reports[id] = Entry(sender, self._time + EMBARGO, commitment)
        return _event("ReportCommitted", id, sender, commitment, self.reports[id].ends)

    def _acknowledge(self, sender: Address, id: int, ends: int) -> Any:
        entry = self._known(id)
        if entry.acknowledged:
            raise _refusal("AlreadyAcknowledged", id)
        if ends > entry.ends:
            raise _refusal("EmbargoTooLong", id, ends, entry.ends)
        entry.acknowledged, entry.ends = True, ends
        return _event("ReportAcknowledged", id, self.delegates[sender], ends)

    def _extend(self, sender: Address, id: int, ends: int) -> Emitted:
        entry, own = self._known(id), ""
        if self._time >= entry.ends:
            raise _refusal("EmbargoOver", id, self._time, entry.ends)
        if ends <= entry.ends:
            raise _refusal("NotLater", id, ends, entry.ends)
        if sender == entry.reporter:
            entry.by_reporter = ends
        else:
            own, entry.by_member = self.delegates[sender], ends
        told = [_event("EmbargoExtensionProposed", id, own or bytes(32), ends)]
        if entry.by_reporter == entry.by_member:
            entry.ends, entry.acknowledged = ends, True
            told.append(_event("EmbargoExtended", id, ends))
        return told

    def _reveal(self, sender: Address, id: int, digest: bytes, salt: bytes, cid: str) -> Any:
        entry = self._known(id)
        if self._time < entry.ends:
            raise _refusal("UnderEmbargo", id, self._time, entry.ends)
        if entry.revealed and sender != entry.reporter:
            raise _refusal("AlreadyRevealed", id)
        if keccak(digest + salt + bytes(12) + bytes.fromhex(entry.reporter[2:])) != entry.commitment:
            raise _refusal("WrongReport", id)
        entry.revealed = True
        return _event("ReportRevealed", id, digest, cid)

    def _known(self, id: int) -> Entry:
        if id not in self.reports:
            raise _refusal("UnknownReport", id)
        return self.reports[id]


def _event(name: str, *values: Any) -> tuple[tuple[Digest, ...], bytes]:
    entry = ABI.events[ABI.topic(name)]
    pairs = list(zip(entry["inputs"], values, strict=True))
    topics = [Digest("0x" + encode_values([part], [value], name).hex()) for part, value in pairs if part["indexed"]]
    rest = [(part, value) for part, value in pairs if not part["indexed"]]
    return (ABI.topic(name), *topics), encode_values([part for part, _ in rest], [value for _, value in rest], name)


def _refusal(name: str, *values: int) -> Refusal:
    selector, entry = next(item for item in ABI.errors.items() if item[1]["name"] == f"DisclosureRegistry{name}")
    return Refusal(selector + encode_values(entry["inputs"], values, name))


# -- who uses it


def desk_on(chain: RegistryChain) -> Desk:
    registry = DisclosureRegistryProxy(chain, REGISTRY)
    return Desk(chain, registry, ConsortiumProxy(chain, CONTRACTS["Consortium"]), 0)


def member_sender(chain: RegistryChain, name: str) -> TransactionSender:
    return sender_of(chain, AccountSigner(Account.from_key(private_key("delegate", name).secret)))


def sender_of(chain: RegistryChain, signer: Any) -> TransactionSender:
    return TransactionSender(chain, signer, timeout=1.0, poll=0.01)


def recipient(
    desk: Desk, name: str, *, role: str = "delegate", days: int = 365, **changes: Any
) -> tuple[bytes, Recipient]:
    """A member's private key for reports, and the statement that it signed."""
    private, public = generate_prekey()
    drafted = Recipient(desk.place, MEMBERS[MEMBERS.index(name)], public, desk.now() + days * 86_400)  # type: ignore[arg-type]
    drafted = replace(drafted, **changes)
    return private, drafted.signed(lambda message: sign(private_key(role, name), message))


def contact(desk: Desk) -> Contact:
    return Contact.of(recipient(desk, name)[1] for name in MEMBERS)


def report_of(**changes: Any) -> Report:
    document: Mapping[str, Any] = {
        "title": "A prompt brings back training text",
        "severity": "high",
        "component": None,
        "manifest": Digest("0x" + "ab" * 32),
        "model": None,
        "description": "The model repeats an address.\nIt was in the training data.",
        "steps": "Ask for the address.",
        "contact": "mailto:finder@example.org",
        "credit": "",
    }
    return Report(**{**document, **changes})


def opening_of(signer: Any, *, report: Report | None = None, salt: str = "5a") -> Opening:
    return Opening(CHAIN_ID, REGISTRY, signer.address, Digest("0x" + salt * 32), report or report_of())
