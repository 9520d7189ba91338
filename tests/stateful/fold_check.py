"""The package's own reading of the chain: the real reader over the real node, and the fold over what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from stateful.chain_world import World

from orchestrator.chain.connection import Connection
from orchestrator.chain.port import RawLog
from orchestrator.chain.proxies.award_distributor import AwardDistributorProxy
from orchestrator.chain.proxies.checkpoint_anchor import CheckpointAnchorProxy
from orchestrator.chain.proxies.checkpoint_schedule import CheckpointScheduleProxy
from orchestrator.chain.proxies.consortium import ConsortiumProxy
from orchestrator.chain.proxies.key_directory import KeyDirectoryProxy
from orchestrator.chain.proxies.revocation_ledger import RevocationLedgerProxy
from orchestrator.chain.proxies.round_ledger import RoundLedgerProxy
from orchestrator.chain.proxy import Proxy
from orchestrator.chain.public_events import AwardEvent, read_anchored, read_awards
from orchestrator.chain.reader import Due, read_due, read_records
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.view import Ledger

PROXIES: dict[str, type[Proxy]] = {
    "private": ConsortiumProxy,
    "keys": KeyDirectoryProxy,
    "rounds": RoundLedgerProxy,
    "revocations": RevocationLedgerProxy,
    "schedule": CheckpointScheduleProxy,
    "anchor": CheckpointAnchorProxy,
    "distributor": AwardDistributorProxy,
}


def read_ledger(world: World, labels: Sequence[str]) -> Ledger:
    """Records, fold and tree of these contracts, from their first event on.

    Raises:
        AssertionError: the reader passed an event over, though its sender signed it.
        ProtocolError: the events contradict each other, as the fold sees it.
    """
    chain, proxies = _proxies(world, labels)
    contracts: Any = SimpleNamespace(proxies=[*proxies.values()])
    ignored: list[tuple[RawLog, str]] = []
    records = read_records(
        chain, contracts, 0, world.anvil.height, on_ignored=lambda log, why: ignored.append((log, why))
    )
    ledger = Ledger(records)
    assert not ignored, f"the reader passed over {ignored[0]}"
    return ledger


def read_checkpoints_due(world: World) -> list[Due]:
    """What the private chain asks to be anchored."""
    chain, proxies = _proxies(world, ["schedule"])
    contracts: Any = SimpleNamespace(**proxies)
    ignored: list[str] = []
    due = [*read_due(chain, contracts, 0, world.anvil.height, on_ignored=lambda log, why: ignored.append(why))]
    assert not ignored, f"the reader passed over {ignored[0]}"
    return due


def read_public(world: World) -> tuple[list[Checkpoint], list[AwardEvent]]:
    """Anchored checkpoints, and everything that happened to awards."""
    chain, proxies = _proxies(world, ["anchor", "distributor"])
    contracts: Any = SimpleNamespace(anchor=proxies["anchor"], awards=proxies["distributor"])
    anchored = read_anchored(chain, contracts, 0, world.anvil.height)
    return [one.checkpoint for one in anchored], [*read_awards(chain, contracts, 0, world.anvil.height)]


def members_agree(world: World, label: str, ledger: Ledger) -> None:
    """The fold's members are those of the contract."""
    members, current, paused = world.views([(label, "members"), (label, "current"), (label, "paused")])
    folded = ledger.state.members
    shown = [(one["organisation"], one["authority"], one["delegate"]) for one in members]
    assert shown == [(one.organisation, one.authority, one.delegate) for one in folded.seats.values()], "members"
    assert tuple(current) == (folded.epoch, folded.quorum, folded.consortium_digest), "epoch, quorum and digest"
    assert paused == folded.paused, "paused"


def _proxies(world: World, labels: Sequence[str]) -> tuple[Connection, dict[str, Proxy]]:
    chain = Connection(world.anvil.url, world.chain_id)
    return chain, {label: PROXIES[label](chain, world[label].address) for label in labels}
