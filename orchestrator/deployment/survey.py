"""What a run of a deployer would do, found without sending anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
        later: this run cannot do it yet.
    """

    what: str
    doing: str
    address: str = ""
    gas: int = 0
    later: bool = False

    @property
    def done(self) -> bool:
        return self.gas == 0


def survey(deployer: Deployer, gas: Callable[[str], int], *, pair: bool) -> list[Todo]:
    """Every step of this chain's deployment.

    Args:
        gas: of a step, from a rehearsal. pair: the other chain's Consortium is there, or will be by then.

    Raises:
        WrongChain, ConfigurationError: as for a run.
    """
    record = deployer.record
    return [*_contracts(deployer, gas), *_bindings(deployer, record, gas, pair=pair), *_funding(deployer)]


def _contracts(deployer: Deployer, gas: Callable[[str], int]) -> Iterator[Todo]:
    record = deployer.record
    nonce = deployer.chain.transaction_count(deployer.lane.account.address)
    for name in d.ORDER[deployer.role]:
        if name in record.contracts:
            deployer.check(name)
            yield Todo(name, "nothing: is there", record.addresses[name])
        else:
            yield Todo(name, "deploy", created_address(deployer.lane.account.address, nonce), gas(name))
            nonce += 1


def _bindings(
    deployer: Deployer, record: d.DeploymentRecord, gas: Callable[[str], int], *, pair: bool
) -> Iterator[Todo]:
    names = d.bindings(deployer.role, dict.fromkeys(d.ORDER[deployer.role], "") | record.addresses)
    for name in (*names, "Consortium"):
        what = f"{name}.bind"
        if name in record.contracts and deployer.is_bound(name):
            yield Todo(what, "nothing: is bound")
        elif name == "Consortium" and not pair:
            yield Todo(what, "bind, once the other chain is there", gas=gas(what), later=True)
        else:
            yield Todo(what, "bind", gas=gas(what))


def _funding(deployer: Deployer) -> Iterator[Todo]:
    if steps := deployer.funding():
        yield Todo("development funding", f"send to {len(steps)} keys of members", gas=TRANSFER * len(steps))
