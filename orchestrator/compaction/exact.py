"""What covered contributions add up to, one module at a time: the exact sum as the fold of their manifest makes it.

Of the contributions no more than one module's factors are held at once; they are read, and decrypted, in parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import torch
from torch import Tensor

from orchestrator.aggregation import WEIGHT_ONE, Block, FoldEntry, Source, Strategy, ordered
from orchestrator.aggregation.accumulate import changed, widest
from orchestrator.aggregation.entries import Entry
from orchestrator.aggregation.strategies.stack import combined
from orchestrator.aggregation.strategy import grouped
from orchestrator.aggregation.tiles import add_scaled, flat_tiles
from orchestrator.errors import ProtocolError
from orchestrator.types import Digest, UpdateId


class ExactSum:
    """See the module.

    Args:
        base: digest that every contribution must name. entries: in any order. sources: proved ones, of all entries.

    Attributes:
        modules: (outputs, inputs) by name. dense: shapes by parameter name.

    Raises:
        ProtocolError: a contribution is for another base, or two do not fit together.
    """

    def __init__(
        self, base: Digest, entries: Iterable[Entry], sources: Mapping[UpdateId, Source], strategy: Strategy
    ) -> None:
        wanted = ordered(entries)
        self.base, self._strategy, self._sources = base, strategy, sources
        self._outlines = {entry.update_id: sources[entry.update_id].outline() for entry in wanted}
        shapes: dict[str, tuple[int, ...]] = {}
        for entry in wanted:
            outline = self._outlines[entry.update_id]
            if outline.base != base:
                raise ProtocolError(f"contribution {entry.update_id} was made for another base, {outline.base}")
            for name, shape in changed(outline).items():
                if shapes.setdefault(name, shape) != shape:
                    raise ProtocolError(f"contribution {entry.update_id} does not fit {name}")
        outlines = self._outlines.values()
        named = sorted({module for outline in outlines for module in outline.modules})
        self.modules = {name: _matrix(shapes[f"{name}.weight"]) for name in named}
        self.dense = {name: shapes[name] for name in sorted({name for outline in outlines for name in outline.dense})}
        self._groups = grouped(
            strategy, wanted, {update: widest(outline) for update, outline in self._outlines.items()}
        )

    def factors(self, module: str) -> tuple[Tensor, Tensor]:
        """``left @ right`` is what a module is changed by: the products of all groups side by side, fp32."""
        lefts, rights = [], []
        for group in self._groups:
            if blocks := [self._block(entry, module) for entry in group if self._has(entry, module)]:
                product = combined(self._strategy, module, blocks)
                lefts.append(product.left)
                rights.append(product.right)
        return torch.cat(lefts, dim=1), torch.cat(rights)

    def dense_sum(self, name: str) -> Tensor:
        """The weighted sum of a dense parameter's changes, in the order of the manifest, fp32."""
        total = torch.zeros(self.dense[name])
        flat = total.view(-1)
        for start, end in flat_tiles(flat.numel()):
            for group in self._groups:
                for entry in (entry for entry in group if name in self._outlines[entry.update_id].dense):
                    part = self._sources[entry.update_id].dense(name, start, end)
                    add_scaled(flat[start:end], part, entry.weight / WEIGHT_ONE)
        return total

    def _has(self, entry: FoldEntry, module: str) -> bool:
        return module in self._outlines[entry.update_id].modules

    def _block(self, entry: FoldEntry, module: str) -> Block:
        source = self._sources[entry.update_id]
        return Block.of(entry, self._outlines[entry.update_id].modules[module], partial(source.low_rank, module))


def _matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    return shape[0], shape[1]
