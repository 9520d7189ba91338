"""What a model card may tell of where a model comes from.

What is on the private chain is the members' own business: by default only counts leave it, and names where asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.compaction.document import UNIT
from orchestrator.export.record import BILLION
from orchestrator.export.selection import Chosen
from orchestrator.ledger.checkpoint import Checkpoint
from orchestrator.ledger.entities import LedgerState
from orchestrator.types import MILLION, Address, Digest


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the public chain names the manifest."""

    sequence: int
    chain_id: int
    address: Address


@dataclass(frozen=True, slots=True)
class Facts:
    """See the module.

    Attributes:
        organisations: contributions of each, the most first; names are empty unless they may be told.
        epsilon: the largest ε that was recorded for one of the contributions, None without differential privacy.
        anchor: the last anchored checkpoint that names the manifest, if any does.
        compacted: how many of the contributions one object stands for. deviation: how far members found it off.
        noises: standard deviations of the hardenings' noise on the adapted weights.
    """

    consortium: Digest
    manifest: Digest
    base: Digest
    strategy: str
    lineage: str
    contributions: int
    rounds: int
    organisations: tuple[tuple[str, int], ...]
    privacy: str
    epsilon: float | None
    anchor: Anchor | None
    compacted: int = 0
    deviation: float = 0.0
    noises: tuple[float, ...] = ()


def facts_of(
    state: LedgerState,
    chosen: Chosen,
    *,
    consortium: Digest,
    anchored: Sequence[Checkpoint],
    chain_id: int,
    address: Address,
    names: bool,
) -> Facts:
    """Gather what is told of a manifest.

    Args:
        anchored: all checkpoints on the public chain, in order. chain_id, address: of the contract that has them.
    """
    manifest, task = chosen.manifest, chosen.task
    counts = Counter(str(entry.organisation) for entry in manifest.originals)
    ranking = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    last = max((item.sequence for item in anchored if item.manifest_digest == manifest.digest), default=None)
    spent = max((state.updates[update_id].epsilon for update_id in manifest.updates), default=0)
    return Facts(
        consortium=consortium,
        manifest=manifest.digest,
        base=manifest.base,
        strategy=manifest.strategy,
        lineage=task.lineage,
        contributions=len(manifest.originals),
        rounds=len({entry.round for entry in manifest.originals}),
        organisations=tuple((name if names else "", count) for name, count in ranking),
        privacy=task.privacy.policy,
        epsilon=spent / MILLION if spent else None,
        anchor=None if last is None else Anchor(last, chain_id, address),
        compacted=len(manifest.covered),
        deviation=manifest.compaction.deviation / UNIT if manifest.compaction else 0.0,
        noises=tuple(entry.sigma_nano / BILLION for entry in manifest.hardenings),
    )
