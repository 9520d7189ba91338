"""Checks of both chains: reachable, the right ones, our contracts, one consortium, and the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.chain.contracts import PrivateContracts, PublicContracts, private_contracts, public_contracts
from orchestrator.chain.links import check_pair
from orchestrator.diagnosis.finding import Check, from_error
from orchestrator.errors import ChainError, ConfigurationError, EnvironmentMissing, LoranchorError
from orchestrator.settings import Settings, Side

if TYPE_CHECKING:
    from orchestrator.chain.connection import Connection

_CLOCK_SKEW = 60
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
            found[side] = contracts
    public, private = found.get("public"), found.get("private")
    if isinstance(public, PublicContracts) and isinstance(private, PrivateContracts):
        yield _pair(public, private)
        yield _consortium(settings, found)


def _connection(settings: Settings, side: Side) -> tuple[Connection | None, Check]:
    name = f"{side} chain"
    try:
        connection = settings.connection(side)
    except ConfigurationError as error:
        return None, from_error(name, error, "absent")
    except ChainError as error:  # the local network is down, which matters once something is deployed on it
        deployed = (settings.deployments / f"{settings.chain_id(side)}.json").exists()
        return None, from_error(name, error, "broken" if deployed else "absent")
    except LoranchorError as error:
        return None, from_error(name, error)
    try:
        height = connection.check()
    except LoranchorError as error:
        return None, from_error(name, error)
    return connection, Check(name, "ok", f"chain {connection.chain_id} at {connection.url}, block {height}")


def _clock(connection: Connection, side: Side) -> Check:
    name = f"{side} clock"
    try:
        behind = time.time() - connection.block(connection.block_number()).timestamp
    except LoranchorError as error:
        return from_error(name, error)
    found = f"newest block is {abs(behind):.0f} s {'old' if behind >= 0 else 'ahead'}"
    if abs(behind) > _CLOCK_SKEW:
        return Check(name, "warning", found, "check this machine's clock, and that the chain makes blocks")
    return Check(name, "ok", found)


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


def _pair(public: PublicContracts, private: PrivateContracts) -> Check:
    """The contracts of each chain name the other one."""
    try:
        check_pair(public.consortium, private.consortium, public.anchor)
    except LoranchorError as error:
        return from_error("pair", error)
    return Check("pair", "ok", "the contracts of both chains name each other")


def _consortium(settings: Settings, found: dict[Side, Contracts]) -> Check:
    """Both chains name the same consortium, and this organisation is in it with its present delegate."""
    organisation = settings.organisation
    try:
        public, private = found["public"].consortium, found["private"].consortium
        if public.consortium_id() != private.consortium_id():
            return Check(
                "consortium", "broken", "the two chains have different consortia", "check the deployment files"
            )
        if public.current() != private.current():
            found_out = "the two chains have different members, quorum or epoch"
            return Check("consortium", "warning", found_out, "`loranchor consortium show` says what mends it")
        members = private.members()
        present = f"{len(members)} members, quorum {private.quorum()}, epoch {private.epoch()}"
        if organisation is None:
            return Check("consortium", "ok", present)
        seat = next((member for member in members if member.organisation == organisation.name), None)
        if seat is None:
            return Check("consortium", "broken", f"{organisation.name} is not a member", "ask the members to add it")
        if seat.delegate != organisation.delegate:
            return Check(
                "consortium",
                "broken",
                f"the delegate of {organisation.name} is {seat.delegate}, this home has {organisation.delegate}",
                "rotate the delegate, or use the home that holds it",
            )
        return Check("consortium", "ok", f"{organisation.name} is one of {present}")
    except LoranchorError as error:
        return from_error("consortium", error)
