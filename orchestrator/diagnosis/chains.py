"""Checks of each chain: reachable, the right one, in step, with its history, and with our contracts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.chain.contracts import PrivateContracts, PublicContracts, private_contracts, public_contracts
from orchestrator.diagnosis.consortium import consortium
from orchestrator.diagnosis.finding import Check, from_error
from orchestrator.errors import ChainError, ConfigurationError, EnvironmentMissing, LoranchorError
from orchestrator.settings import Settings, Side

if TYPE_CHECKING:
    from orchestrator.chain.connection import Connection

CLOCK_SKEW = 60
STALE = 15 * 60
"""Seconds without a block after which something is broken, and not only slow."""
Contracts = PublicContracts | PrivateContracts


def chains(settings: Settings) -> Iterator[Check]:
    """Everything about both chains."""
    found: dict[Side, Contracts] = {}
    for side in ("public", "private"):
        connection, check = _connection(settings, side)
        yield check
        if connection is None:
            continue
        yield _clock(connection, side)
        contracts, check = _contracts(settings, connection, side)
        yield check
        if contracts is not None:
            yield _history(connection, contracts, side)
            found[side] = contracts
    public, private = found.get("public"), found.get("private")
    if isinstance(public, PublicContracts) and isinstance(private, PrivateContracts):
        yield from consortium(settings, public, private)


def _connection(settings: Settings, side: Side) -> tuple[Connection | None, Check]:
    name = f"{side} chain"
    try:
        connection = settings.connection(side)
    except ConfigurationError as error:
        return None, from_error(name, error, "absent")
    except LoranchorError as error:  # the local network is stopped
        return None, from_error(name, error)
    try:
        height = connection.check()
    except LoranchorError as error:
        return None, from_error(name, error)
    return connection, Check(name, "ok", f"chain {connection.chain_id} at {connection.url}, block {height}")


def _clock(connection: Connection, side: Side) -> Check:
    """The newest block is of now: else the node is behind, the chain stands still, or this clock is wrong."""
    name = f"{side} clock"
    try:
        behind = time.time() - connection.block(connection.block_number()).timestamp
        syncing = _syncing(connection)
    except LoranchorError as error:
        return from_error(name, error)
    if syncing:
        return Check(name, "broken", f"the node is not in step yet: {syncing}", "wait until it is, or use another node")
    if behind < -CLOCK_SKEW:
        told = f"newest block is {-behind:.0f} s ahead of this machine's clock"
        return Check(name, "broken", told, "set this machine's clock (chrony, systemd-timesyncd)")
    found = f"newest block is {max(behind, 0):.0f} s old"
    mend = "does the chain make blocks, does the node have peers, is this machine's clock right?"
    if behind > CLOCK_SKEW:
        return Check(name, "broken" if behind > STALE else "warning", found, mend)
    return Check(name, "ok", found)


def _syncing(connection: Connection) -> str:
    """How far a node has come that says it is behind; empty where it is not, or does not tell."""
    try:
        answer = connection.request("eth_syncing", [])
    except ChainError:
        return ""
    if not isinstance(answer, dict):
        return ""
    try:
        current, highest = (int(str(answer[key]), 16) for key in ("currentBlock", "highestBlock"))
    except (KeyError, ValueError):
        return "it does not say how far it is"
    return f"block {current} of {highest}"


def _contracts(settings: Settings, connection: Connection, side: Side) -> tuple[Contracts | None, Check]:
    name = f"{side} contracts"
    load = public_contracts if side == "public" else private_contracts
    try:
        contracts: Contracts = load(connection, settings.deployments)
    except EnvironmentMissing as error:
        return None, from_error(name, error, "absent")
    except LoranchorError as error:
        return None, from_error(name, error)
    return contracts, Check(
        name, "ok", f"{len(contracts.proxies)} contracts with the code of this version, which name each other"
    )


def _history(connection: Connection, contracts: Contracts, side: Side) -> Check:
    """The events since the deployment are all there: a daemon, or an auditor, reads them from the first block on."""
    name, first = f"{side} history", contracts.deployment.first_block
    try:
        connection.block(first)
        found = connection.logs([contracts.consortium.address], first, first)
    except LoranchorError as error:
        return Check(name, "broken", f"no events of block {first}: {error.message}", _ARCHIVE)
    if not found:
        return Check(name, "broken", f"the node has no events of block {first}, where the contracts began", _ARCHIVE)
    return Check(name, "ok", f"the node has the events since block {first}")


_ARCHIVE = "use a node that keeps all logs and receipts (no pruning of them)"
