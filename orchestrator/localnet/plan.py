"""Decide what shall run and on which ports, before anything is started."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import ConfigurationError
from orchestrator.ledger.words import ORGANISATION
from orchestrator.localnet import nodes
from orchestrator.localnet.ports import PortPicker
from orchestrator.localnet.state import Chain, Network, StorageNode

CHAINS = {"public": ("anvil", 31337), "private": ("ganache", 1337)}


def check_names(organisations: Sequence[str]) -> None:
    """Raises:
    ConfigurationError: a name that the contracts do not take, one given twice, or none.
    """
    for name in organisations:
        if not ORGANISATION.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} cannot be an organisation's name",
                mend="use a lower-case letter, then up to 30 of a-z, 0-9 and -",
            )
    if not organisations or len(set(organisations)) != len(organisations):
        raise ConfigurationError(
            f"organisations must be given and differ, not {', '.join(organisations) or 'none'}",
            mend="such as --organisations aurora,borealis",
        )


def planned(former: Network | None, organisations: Sequence[str], forced: dict[str, int | None]) -> Network:
    """What shall run: nodes that live keep their ports, the others get theirs."""
    chains, storage = (former.chains, former.storage) if former else ({}, {})
    with PortPicker() as ports:
        planned_chains = {name: _planned_chain(name, chains.get(name), forced[name], ports) for name in CHAINS}
        alive = [name for name, node in storage.items() if nodes.runs(node)]
        names = list(dict.fromkeys([*organisations, *alive]))
        planned_storage = {name: _planned_storage(name, storage.get(name), ports) for name in names}
    return Network(planned_chains, planned_storage)


def _planned_chain(name: str, former: Chain | None, forced: int | None, ports: PortPicker) -> Chain:
    kind, chain_id = CHAINS[name]
    option = f"--{name}-port"
    if former is not None and nodes.runs(former):
        if forced not in (None, former.port):
            raise ConfigurationError(
                f"the {name} chain runs on port {former.port}, not {forced}",
                mend=f"run `loranchor network down` first, or leave {option} out",
            )
        return former
    port = ports.pick(forced=forced, former=former.port if former else None, option=option)
    return Chain(name, kind, chain_id, port)


def _planned_storage(name: str, former: StorageNode | None, ports: PortPicker) -> StorageNode:
    if former is None:
        return StorageNode(name, nodes.storage_kind(), ports.pick(), ports.pick())
    if nodes.runs(former):
        return former
    # the repository of one kind is not the other's: the kind stays with the data
    api, swarm = ports.pick(former=former.api_port), ports.pick(former=former.swarm_port)
    return StorageNode(name, former.kind, api, swarm, former.peer_id)
