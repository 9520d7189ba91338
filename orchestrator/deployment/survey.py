"""What a run of a deployer would do, found without sending anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator import deployment as d
from orchestrator.deployment.addresses import created_address
from orchestrator.deployment.deployer import Deployer

TRANSFER = 21_000


@dataclass(frozen=True)
class Todo:
    """One step of a deployment.

    Attributes:
        doing: in words; `nothing: …` where it is done.
        address: of the contract, which is known before it lies there; empty for other steps.
        gas: what it would use; 0 where it is done.
    """

    what: str
    doing: str
    address: str
    gas: int

    @property
    def done(self) -> bool:
        return self.gas == 0


def survey(deployer: Deployer, gas: Mapping[str, int], *, pair: bool) -> list[Todo]:
    """Every step of this chain's deployment.

    Args:
        gas: of each step, from a rehearsal. pair: the other chain's Consortium is there, or will be by then.

    Raises:
        WrongChain, ConfigurationError: as for a run.
    """
    record, found = deployer.record, []
    addresses = dict.fromkeys(d.ORDER[deployer.role], "") | record.addresses
    nonce = deployer.chain.transaction_count(deployer.lane.account.address)
    for name in d.ORDER[deployer.role]:
        if name in record.contracts:
            deployer.check(name)
            found.append(Todo(name, "nothing: is there", addresses[name], 0))
        else:
            addresses[name] = created_address(deployer.lane.account.address, nonce)
            nonce += 1
            found.append(Todo(name, "deploy", addresses[name], gas[name]))
    for name in (*d.bindings(deployer.role, addresses), "Consortium"):
        what = f"{name}.bind"
        if name in record.contracts and deployer.is_bound(name):
            found.append(Todo(what, "nothing: is bound", "", 0))
        elif name == "Consortium" and not pair:
            found.append(Todo(what, "bind, once the other chain is there", "", gas[what]))
        else:
            found.append(Todo(what, "bind", "", gas[what]))
    return [*found, *_funding(deployer)]


def _funding(deployer: Deployer) -> list[Todo]:
    steps = deployer.funding()
    what = "development funding"
    return [Todo(what, f"send to {len(steps)} keys of members", "", TRANSFER * len(steps))] if steps else []
