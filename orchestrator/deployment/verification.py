"""Whether what lies on a chain is, byte for byte, what the sources compile to with what the deployment file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator import deployment as d
from orchestrator.chain.connection import Connection
from orchestrator.chain.links import View, named_by
from orchestrator.deployment.addresses import created_address
from orchestrator.deployment.arguments import encode_arguments, labels_of
from orchestrator.deployment.compiled import Compiled
from orchestrator.deployment.immutables import Facts, expected, filled
from orchestrator.deployment.links import LINKS, wanted_links
from orchestrator.deployment.onchain import VIEWS, bind_data, bound_to, transaction_known
from orchestrator.deployment.plan import MADE_BY
from orchestrator.types import Address, Digest

FINE = "ok"
NONE = "–"
MISSING, UNBOUND = "not deployed", "not bound yet"


@dataclass(frozen=True)
class Verdict:
    """One contract: `ok`, `–` where there is nothing to check, or what is wrong.

    Attributes:
        code: the whole runtime code, metadata hash and immutables included.
        constructor: creation code, arguments, sender, address and block of the transaction that made it; the contracts
            among its arguments are those of the file.
        links: which contracts, and which chain, it answers that it works with.
    """

    name: str
    address: str
    code: str
    immutables: str
    constructor: str
    links: str
    binding: str

    @property
    def findings(self) -> dict[str, str]:
        """By what was checked."""
        return {name: value for name, value in vars(self).items() if name not in ("name", "address")}

    @property
    def ok(self) -> bool:
        return set(self.findings.values()) <= {FINE, NONE}

    @property
    def unfinished(self) -> bool:
        """Nothing is wrong but what a deploying run has yet to do."""
        return set(self.findings.values()) <= {FINE, NONE, MISSING, UNBOUND}


class Verifier:
    """One chain's contracts.

    Args:
        record: of this chain. other: of the other one, if it is at hand.
        compiled: what the sources make now.
        description: the consortium file, if its settings are to be compared too.
    """

    def __init__(
        self,
        chain: Connection,
        record: d.DeploymentRecord,
        other: d.DeploymentRecord | None,
        compiled: Mapping[str, Compiled],
        description: d.ConsortiumDescription | None = None,
    ) -> None:
        self.chain, self.record, self.other = chain, record, other
        self._compiled, self._description = compiled, description

    def verdicts(self) -> list[Verdict]:
        """One for each contract that belongs on this side, those that are missing included."""
        wanted = [name for made in d.ORDER[self.record.role] for name in (made, *_makes(made))]
        return [self.verdict(name) if name in self.record.contracts else _missing(name) for name in wanted]

    def verdict(self, name: str) -> Verdict:
        """Raises:
        ChainError: the node does not answer.
        """
        entry = self.record.contracts[name]
        code = self.chain.code(Address(entry.address))
        if not code:
            return Verdict(name, entry.address, "there is no code", NONE, NONE, NONE, NONE)
        found = code_difference(self._compiled[name], code)
        same = found == FINE
        return Verdict(
            name,
            entry.address,
            code=found,
            immutables=self._immutables(name, code) if same else NONE,
            constructor=self._constructor(name),
            links=self._links(name) if same else NONE,
            binding=self._binding(name) if same else NONE,
        )

    def _immutables(self, name: str, code: bytes) -> str:
        compiled = self._compiled[name]
        values = expected(self._facts(name), list(compiled.immutables))
        if code == filled(compiled, values):
            return FINE
        return immutable_difference(compiled, code, values)

    def _facts(self, name: str) -> Facts:
        entry = self.record.contracts[name]
        labels = dict(zip(labels_of(name), entry.constructor_arguments, strict=False))
        return Facts(name, self.chain.chain_id, entry.address, self._deployer(), labels, dict(self.record.addresses))

    def _deployer(self) -> str:
        """Who sent the first contract; older files do not say it."""
        if self.record.deployer:
            return self.record.deployer
        first = next(iter(self.record.contracts.values()))
        if not transaction_known(self.chain, first.transaction):
            return "0x" + "00" * 20
        return str(self.chain.transactions([Digest(first.transaction)])[0]["from"]).lower()

    def _constructor(self, name: str) -> str:
        entry = self.record.contracts[name]
        if wrong := self._other_contracts(name) or self._other_settings(name):
            return wrong
        if not transaction_known(self.chain, entry.transaction):
            return f"the chain does not know transaction {entry.transaction}"
        sent = self.chain.transactions([Digest(entry.transaction)])[0]
        if int(sent["blockNumber"] or "0x0", 16) != entry.block:
            return f"it was made in block {int(sent['blockNumber'] or '0x0', 16)}, not {entry.block}"
        if maker := MADE_BY.get(name):
            return self._made_by(maker, name)
        arguments = encode_arguments(name, entry.constructor_arguments)
        if str(sent["input"]).lower() != "0x" + self._compiled[name].creation + arguments.hex():
            return "the transaction has other creation code or arguments"
        sender, nonce = str(sent["from"]).lower(), int(sent["nonce"], 16)
        if sent.get("to") is not None or created_address(sender, nonce) != entry.address:
            return "the transaction did not make this contract"
        return FINE if sender == self._deployer() else f"{sender} made it, not {self._deployer()}"

    def _made_by(self, maker: str, name: str) -> str:
        """A contract's first contract has its nonce 1."""
        entry, made = self.record.contracts[name], self.record.contracts.get(maker)
        if made is None or created_address(made.address, 1) != entry.address or made.transaction != entry.transaction:
            return f"{maker} did not make it"
        view = View(self.chain, name, Address(entry.address))
        given = [view.ask(label) for label in labels_of(name)]
        return FINE if given == list(entry.constructor_arguments) else f"it was made with {given}"

    def _other_contracts(self, name: str) -> str:
        """A constructor's argument that is another address than the file gives the contract of that part."""
        links = LINKS[self.record.role].get(name, {})
        for label, given in zip(labels_of(name), self.record.contracts[name].constructor_arguments, strict=False):
            if label in links and str(given).lower() != self.record.addresses.get(links[label]):
                return f"its {label} is {given}, not the file's {links[label]} {self._address(links[label])}"
        return ""

    def _address(self, name: str) -> str:
        return self.record.addresses.get(name, "(which it lacks)")

    def _links(self, name: str) -> str:
        """What the contract itself answers; what it was bound to later is in the column of bindings."""
        wanted = wanted_links(self.record.role, name, self.record.addresses)
        wanted = {view: value for view, value in wanted.items() if VIEWS.get(name) != view}
        if name == "Consortium":
            wanted["consortiumId"] = self.record.consortium_id
        if name == "CheckpointAnchor" and self.other is not None:
            wanted["privateChainId"] = self.other.chain_id
        for view, right in wanted.items():
            found = named_by(self.chain, name, self.record.addresses[name], view)
            if found != right:
                return f"its {view} is {found}, not {right or 'in the file'}"
        return FINE if wanted else NONE

    def _other_settings(self, name: str) -> str:
        if self._description is None or name in MADE_BY:
            return ""
        addresses = dict.fromkeys(d.ORDER[self.record.role], "") | self.record.addresses
        wanted = d.as_json(d.constructor_arguments(name, self._description, addresses))
        given = self.record.contracts[name].constructor_arguments
        pairs = zip(labels_of(name), given, wanted, strict=False)
        other = [label for label, was, now in pairs if was != now]
        return f"the consortium file has other {', '.join(other)}" if other else ""

    def _binding(self, name: str) -> str:
        if name not in VIEWS:
            return NONE
        bound = bound_to(self.chain, name, self.record.addresses[name])
        if not any(isinstance(value, str) and int(value, 16) for value in bound):
            return UNBOUND
        addresses = dict.fromkeys(d.ORDER[self.record.role], "") | self.record.addresses
        wanted = self._pair() if name == "Consortium" else d.bindings(self.record.role, addresses)[name]
        if wanted is None:
            return f"bound to {bound}, and there is no file of the other chain"
        if bound != wanted:
            return f"bound to {bound}, not to {wanted}"
        return self._binding_transaction(name, bound)

    def _binding_transaction(self, name: str, bound: list[Any]) -> str:
        binding = self.record.bindings.get(name)
        if binding is None:  # as in files of earlier versions
            return FINE
        if not transaction_known(self.chain, binding.transaction):
            return f"the chain does not know transaction {binding.transaction}"
        sent = self.chain.transactions([Digest(binding.transaction)])[0]
        called = str(sent.get("to") or "").lower() == self.record.addresses[name]
        same = str(sent["input"]).lower() == bind_data(name, bound)
        return FINE if called and same else f"transaction {binding.transaction} did something else"

    def _pair(self) -> list[Any] | None:
        if self.other is None or "Consortium" not in self.other.contracts:
            return None
        sides = {record.role: record for record in (self.record, self.other)}
        return [
            item
            for role in ("public", "private")
            for item in (sides[role].chain_id, sides[role].addresses["Consortium"])
        ]


def code_difference(compiled: Compiled, code: bytes) -> str:
    """`ok`, or where runtime code on a chain differs from what the sources compile to, immutables apart."""
    places = [{"start": start, "length": length} for found in compiled.immutables.values() for start, length in found]
    plain, sources = d.masked(code, places), bytes.fromhex(compiled.runtime)
    if plain == sources:
        return FINE
    if len(plain) != len(sources):
        return f"other code: {len(plain)} bytes, not {len(sources)}"
    tail = int.from_bytes(sources[-2:], "big") + 2
    if plain[:-tail] == sources[:-tail]:
        return "other metadata hash: the same instructions from sources with other comments, names or settings"
    at = next(place for place, (here, there) in enumerate(zip(plain, sources, strict=True)) if here != there)
    return f"other code from byte {at} on"


def immutable_difference(compiled: Compiled, code: bytes, values: Mapping[str, bytes]) -> str:
    """Which immutables have other values than they should."""
    wrong = []
    for variable, places in compiled.immutables.items():
        found = {code[start : start + length] for start, length in places}
        if found != {values[variable]}:
            shown = " and ".join(sorted(_short(value) for value in found))
            wrong.append(f"{variable} is {shown}, not {_short(values[variable])}")
    return "; ".join(wrong)


def _short(word: bytes) -> str:
    return hex(int.from_bytes(word, "big"))


def _makes(name: str) -> list[str]:
    return [made for made, maker in MADE_BY.items() if maker == name]


def _missing(name: str) -> Verdict:
    return Verdict(name, "", MISSING, NONE, NONE, NONE, NONE)
