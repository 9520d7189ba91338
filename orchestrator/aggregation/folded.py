"""A model in memory that is moved from one manifest to another, always from the pristine base."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from orchestrator.aggregation.accumulate import Accumulator, Opened, Stem, Tally, add_group, changed
from orchestrator.aggregation.entries import AnyEntry, FoldEntry, Opener, hardenings_of, ordered
from orchestrator.aggregation.noise import Noises
from orchestrator.aggregation.strategies import Stack
from orchestrator.aggregation.strategy import Strategy
from orchestrator.aggregation.tiles import Workers
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.ledger.hardenings import HardeningEntry
from orchestrator.types import Digest

Held = tuple[tuple[FoldEntry, ...], tuple[HardeningEntry, ...]]
"""What a model is folded from: contributions and noise."""


class FoldedModel:
    """Holds one base model's weights at ``fold(base, manifest)``.

    The model's own parameters are changed in place; of those that a fold ever touched a pristine copy is kept, and
    every fold starts from it. So dropping a contribution gives the same bits as never having had it.

    Args:
        model: a model in fp32, at its base weights now.
        base_digest: digest that every contribution must name.
        strategy: how a round's contributions are combined; exact stacking by default.
    """

    def __init__(self, model: Any, base_digest: Digest, strategy: Strategy | None = None) -> None:
        self.model = model
        self.base_digest = base_digest
        self.strategy: Strategy = strategy or Stack()
        self.entries: tuple[FoldEntry, ...] = ()
        self.noises = Noises()
        self.tally = Tally()
        self._stem: Stem | None = None
        self._parameters: dict[str, Tensor] = dict(model.named_parameters())
        self._pristine: dict[str, Tensor] = {}
        self._shapes = {name: tuple(parameter.shape) for name, parameter in self._parameters.items()}

    @property
    def touched(self) -> tuple[str, ...]:
        """Names of the parameters that some fold has changed."""
        return tuple(sorted(self._pristine))

    @property
    def pristine(self) -> Mapping[str, Tensor]:
        """What the parameters that some fold has changed are in the base."""
        return MappingProxyType(self._pristine)

    def remember(self, names: Iterable[str]) -> None:
        """Keep what some parameters are in the base, though no fold has changed them yet."""
        for name in names:
            self._keep(name)

    @property
    def held(self) -> Held:
        """What the weights are the fold of, compared with :func:`held_by` of a manifest's entries."""
        return self.entries, self.noises.entries

    def use(self, strategy: Strategy) -> bool:
        """Combine contributions by this strategy from now on.

        Returns:
            Whether it is another one than before; the weights are back at the base then.
        """
        if _about(strategy) == _about(self.strategy):
            return False
        self.reset()
        self.strategy = strategy
        return True

    def move(self, entries: Iterable[AnyEntry], opener: Opener) -> None:
        """Bring the weights to the fold of ``entries``: with ``stack`` base + Σ weight·scale·B·A + noise.

        If it fails, the weights stay as they were. Sums over all rounds but the last are kept, so that moving on to a
        manifest that begins with the same rounds opens only what comes after them.

        Args:
            entries: in any order. opener: called at most once a contribution, in the manifest's order.

        Raises:
            ProtocolError: a contribution is for another base, names an unknown parameter or does not fit.
        """
        given = tuple(entries)
        wanted, noises = ordered(given), Noises.of(given, self._shapes)
        stem = self._stem if self._stem is not None and self._stem.begins(wanted, self.strategy) else None
        adding = Accumulator(self.strategy, self.base_digest, self._zeros, self.device, stem=stem)
        adding.run(wanted, opener)
        with torch.no_grad():
            for name in noises.by_parameter:
                if name not in adding.sums:
                    adding.sums[name] = self._zeros(name)
                noises.add(adding.sums[name], name)
            for name, pristine in self._pristine.items():
                if name not in adding.sums:
                    self._parameters[name].copy_(pristine)
            for name in sorted(adding.sums):
                self._keep(name)
                torch.add(self._pristine[name], adding.sums[name], out=self._parameters[name])
        self.entries, self.noises, self.tally, self._stem = wanted, noises, adding.tally, adding.stem

    def reset(self) -> None:
        """Back to the base; no sum that held a contribution is kept."""
        self._stem = None
        self.move((), _no_contribution)

    @contextmanager
    def tried(self, change: Opened) -> Iterator[None]:
        """Within the block the weights hold ``change`` as well; after it they are what they were, bit for bit.

        Args:
            change: contributions with the weights to add, negative ones to take away, stacked exactly.
        """
        names = {name for _, delta in change for name in changed(delta)}
        before = {name: self._parameters[name].detach().clone() for name in names}
        try:
            with Workers(device=self.device) as workers:
                add_group(self._parameters, change, Stack(), workers, self.device)
            yield
        finally:
            with torch.no_grad():
                for name, tensor in before.items():
                    self._parameters[name].copy_(tensor)

    @property
    def device(self) -> torch.device:
        return next(iter(self._parameters.values())).device

    def _zeros(self, name: str) -> Tensor:
        parameter = self._parameters.get(name)
        if parameter is None:
            raise ProtocolError(f"a contribution changes {name}, which the model does not have")
        if parameter.dtype != torch.float32:
            raise ConfigurationError(f"{name} is {parameter.dtype}; a fold is kept in float32", mend="load in float32")
        return torch.zeros_like(parameter)

    def _keep(self, name: str) -> None:
        if name not in self._pristine:
            self._pristine[name] = self._parameters[name].detach().clone()


def held_by(entries: Iterable[AnyEntry]) -> Held:
    """What a model holds once it was moved to these entries."""
    given = tuple(entries)
    return ordered(given), hardenings_of(given)


def _about(strategy: Strategy) -> tuple[str, int, dict[str, int | str]]:
    return strategy.name, strategy.version, dict(strategy.settings)


def _no_contribution(update_id: str) -> Any:
    raise ProtocolError(f"the base has no contribution {update_id}")
