"""The sums of ``ffa`` as integers, and one digest of them: what members of any hardware can compare."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from orchestrator.aggregation.entries import Entry, Opener
from orchestrator.aggregation.fixed_point import weighted_sum
from orchestrator.aggregation.strategies.ffa import WEIGHT_BITS, Ffa
from orchestrator.contribution import AdapterDelta, ContributionRefused, Reason, integers
from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.types import Digest

FORMAT = "loranchor/ffa-sums"

MOST = (1 << 63) - 1
"""What an int64 holds."""

Sums = dict[str, Tensor]
"""int64 in units of 2**-(32 + fraction_bits), by tensor: ``low_rank.<module>.b`` or ``dense.<parameter>``."""


def ffa_sums(strategy: Ffa, entries: Iterable[Entry], opener: Opener, device: str = "cpu") -> Sums:
    """Sums over all rounds of a manifest, low-rank parts by the strategy's rule and dense ones weighted.

    Args:
        entries: in any order. opener: called once each.

    Raises:
        ContributionRefused: a number is off the grid, or the rounds are so many that a sum might not fit.
    """
    sums: Sums = {}
    most: dict[str, int] = {}
    held: dict[tuple[int, str], tuple[list[Tensor], list[int]]] = {}
    for entry in entries:
        for name, units in _units(strategy, opener(entry.update_id)).items():
            units = units.to(device)
            most[name] = most.get(name, 0) + entry.weight * (int(units.abs().max()) if units.numel() else 0)
            _check_room(name, most[name])
            if strategy.rule == "mean" or name.startswith("dense."):
                _add(sums, name, weighted_sum([units], [entry.weight]))
            else:
                parts, weights = held.setdefault((entry.round, name), ([], []))
                parts.append(units)
                weights.append(entry.weight)
    for (_, name), (parts, weights) in held.items():
        _add(sums, name, strategy.summed(parts, weights))
    return sums


def sums_digest(strategy: Ffa, base: Digest, sums: Mapping[str, Tensor]) -> Digest:
    """SHA-256 of a canonical header and of the integers, 8 bytes each, little-endian, by name."""
    header = {
        "format": FORMAT,
        "version": 1,
        "base": base,
        "settings": dict(strategy.settings),
        "unit_bits": WEIGHT_BITS + strategy.fraction_bits,
        "tensors": [[name, list(sums[name].shape)] for name in sorted(sums)],
    }
    found = hashlib.sha256(canonical_bytes(header))
    for name in sorted(sums):
        found.update(sums[name].cpu().contiguous().numpy().astype("<i8", copy=False).tobytes())
    return Digest("0x" + found.hexdigest())


def _check_room(name: str, most: int) -> None:
    """A bound that no order of the entries changes; an int64 itself would go over without a word."""
    if most > MOST:
        raise ContributionRefused(Reason.OVERFLOW, f"sums of {name!r} over this many rounds may not fit into 64 bits")


def _units(strategy: Ffa, delta: AdapterDelta) -> dict[str, Tensor]:
    found = {f"low_rank.{name}.b": strategy.units(name, low) for name, low in delta.modules.items()}
    bits = strategy.fraction_bits
    return found | {f"dense.{name}": integers(name, tensor, bits) for name, tensor in delta.dense.items()}


def _add(sums: Sums, name: str, part: Tensor) -> None:
    sums[name] = torch.add(sums[name], part) if name in sums else part
