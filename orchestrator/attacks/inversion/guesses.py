"""What an attacker puts in the place of a lock that it does not know: fixed values, a key to be found, or γ and β.

A guess names the tensors that have to be found together with the images, says how to start them, and makes γ and β of
them. Attacks treat them as they treat pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import torch
from torch import Tensor

from orchestrator.privacy.keylock.layer import KEY_LENGTH, Lockable, LockedConv, Locks

Sought = Mapping[str, Tensor]
"""What has to be found besides the images, by name."""


class Guess(Protocol):
    """How an attacker stands to a lock."""

    def start(self, generator: torch.Generator) -> dict[str, Tensor]:
        """First values of what has to be found, float64; empty where nothing has."""
        ...

    def locks(self, sought: Sought) -> Locks:
        """γ and β of every locked layer; none for a network without a lock."""
        ...


class Nothing:
    """There is no lock."""

    def start(self, generator: torch.Generator) -> dict[str, Tensor]:
        return {}

    def locks(self, sought: Sought) -> Locks:
        return ()


class Known:
    """γ and β are known."""

    def __init__(self, locks: Locks) -> None:
        self._locks = tuple((scale.detach(), shift.detach()) for scale, shift in locks)

    def start(self, generator: torch.Generator) -> dict[str, Tensor]:
        return {}

    def locks(self, sought: Sought) -> Locks:
        return self._locks


class KeySought:
    """The lock's weights are at hand, the member's own or others; the key starts where keys are drawn from."""

    def __init__(self, locks_of: Callable[[Tensor], Locks]) -> None:
        self._locks_of = locks_of

    def start(self, generator: torch.Generator) -> dict[str, Tensor]:
        return {"key": torch.rand(KEY_LENGTH, generator=generator, dtype=torch.float64)}

    def locks(self, sought: Sought) -> Locks:
        return self._locks_of(sought["key"])


class FreeLocks:
    """γ and β of every layer are found themselves. They start around 1/2 and 0, as a lock is not to kill its layer."""

    def __init__(self, layers: list[LockedConv]) -> None:
        self._channels = [layer.scale_fc.out_features for layer in layers]

    def start(self, generator: torch.Generator) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for place, channels in enumerate(self._channels):
            noise = torch.randn(2, channels, generator=generator, dtype=torch.float64)
            found[f"scale {place}"] = 0.5 + 0.1 * noise[0]
            found[f"shift {place}"] = 0.1 * noise[1]
        return found

    def locks(self, sought: Sought) -> Locks:
        return tuple((sought[f"scale {place}"], sought[f"shift {place}"]) for place in range(len(self._channels)))


def redraw(model: Lockable, seed: int) -> None:
    """Give all locks of a network other weights, in place: whoever does not know a lock draws its own."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in model.locked_layers():
            for linear in (layer.scale_fc, layer.shift_fc):
                bound = linear.in_features**-0.5  # as PyTorch draws them
                for parameter in linear.parameters():
                    parameter.copy_(torch.rand(parameter.shape, generator=generator) * 2 * bound - bound)
