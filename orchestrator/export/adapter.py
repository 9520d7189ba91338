"""``--format peft``: the change of a manifest as one LoRA adapter, exact by concatenation or cut to a rank.

All modules get the same rank, filled up with zeros where they have less: ``rank_pattern`` would save those bytes, but
not every reader and not every function of peft takes it (docs/decisions/0048-exports.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from orchestrator.aggregation import Source, Stack, Strategy, ordered, stack_factors
from orchestrator.aggregation.accumulate import Tally, changed
from orchestrator.aggregation.entries import Entry
from orchestrator.aggregation.factors import peft_names
from orchestrator.aggregation.plan import Plan, Target, make_plan
from orchestrator.aggregation.shards import Planned, ShardWriter
from orchestrator.aggregation.strategies.stack import combined
from orchestrator.aggregation.strategy import WEIGHT_ONE, Block
from orchestrator.aggregation.terms import prove
from orchestrator.aggregation.tiles import Workers, add_scaled
from orchestrator.aggregation.truncation import truncate
from orchestrator.contribution import AdapterDelta
from orchestrator.errors import ConfigurationError, ProtocolError
from orchestrator.export.base import ExportBase
from orchestrator.export.heads import adapter_config, check_adapted, parameters_of, saved_modules
from orchestrator.files import write_json
from orchestrator.types import UpdateId

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class AdapterReport:
    """What was written.

    Attributes:
        rank: of every module. modules: how many. saved: modules that are in it as a whole.
        cut: whether the factors went through a singular value decomposition.
        error: ‖the fold's ΔW − the adapter's‖ / ‖the fold's ΔW‖ over the low-rank modules, from the cut.
        strategy_error: the same of the fold against the exact sum, as the strategy tells it.
    """

    rank: int
    modules: int
    saved: tuple[str, ...]
    cut: bool
    error: float = 0.0
    strategy_error: float = 0.0


def write_adapter(
    base: ExportBase,
    entries: Sequence[Entry],
    sources: Mapping[UpdateId, Source],
    folder: Path,
    *,
    strategy: Strategy,
    rank: int | None,
    hub_id: str | None,
) -> AdapterReport:
    """Write ``adapter_model.safetensors`` and ``adapter_config.json``.

    Args:
        strategy: the manifest's. rank: cut to it by the singular values; None for all that there is.
        hub_id: what the base is called on the Hugging Face hub, if it is there.

    Raises:
        ConfigurationError: plain peft could not hold this change rightly.
        ProtocolError: a contribution is not what was recorded, or does not fit.
    """
    outlines = [source.outline() for source in sources.values()]
    adapted = sorted({module for outline in outlines for module in outline.modules})
    if not adapted:
        raise ConfigurationError("no contribution has a low-rank change", mend="export with --format merged")
    _check_fits(base, outlines)
    check_adapted(base.shell, adapted)
    dense = sorted({name for outline in outlines for name in outline.dense})
    saved = saved_modules(base.shell, base.kind, base.head, dense, adapted)
    heads = {name: (f"base_model.model.{name}", base.value(name)) for name in parameters_of(base.shell, saved)}
    path = folder / WEIGHTS
    if rank is None and isinstance(strategy, Stack):
        made = stack_factors(base.stored.digest, entries, sources, path, even=True, heads=heads)
        report = AdapterReport(made.width, len(adapted), saved, False)
    else:
        report = _combined(base, entries, sources, path, strategy, rank, heads, saved)
    config = adapter_config(kind=base.kind, rank=report.rank, adapted=adapted, saved=saved, base=hub_id)
    write_json(folder / CONFIG, config)
    return report


def _check_fits(base: ExportBase, outlines: Sequence[AdapterDelta]) -> None:
    """Shapes of the changes and of the base; a plan of the fold compares the same and more."""
    for outline in outlines:
        for parameter, shape in changed(outline).items():
            name = base.stored.find(parameter)
            if name is None or base.stored.shape(name) != shape:
                raise ProtocolError(f"a contribution changes {parameter} as {shape}, which the base does not have")


def _combined(
    base: ExportBase,
    entries: Sequence[Entry],
    sources: Mapping[UpdateId, Source],
    path: Path,
    strategy: Strategy,
    rank: int | None,
    heads: Mapping[str, tuple[str, Tensor]],
    saved: tuple[str, ...],
) -> AdapterReport:
    """The products of the strategy module by module, cut where a rank is given; only what is kept stays in memory."""
    told, cuts, device = Tally(), Tally(), torch.device("cpu")
    with Workers(None, device) as workers:
        plan = make_plan(base.stored, ordered(entries), sources, strategy, device=device, threads=workers.threads)
        prove(sources.values(), workers)
        low_rank = [target for target in plan.targets.values() if target.has_low_rank]
        # a module to a thread: a decomposition's bits depend on how many threads it has itself
        tasks = [partial(_factors, plan, target, sources, rank) for target in low_rank]
        factors: dict[str, tuple[Tensor, Tensor]] = {}
        for target, (left, right, own, cut) in zip(low_rank, workers.ordered(tasks), strict=True):
            factors[target.module] = left, right
            told.add(own.figures)
            cuts.add(cut.figures)
    width = max(left.shape[1] for left, _ in factors.values())
    tensors = {name: _with_dense(plan, parameter, value, sources) for parameter, (name, value) in heads.items()}
    for module, (left, right) in factors.items():
        a, b = peft_names(module)
        tensors[a], tensors[b] = _padded(right, width, 0), _padded(left, width, 1)
    _write(path, tensors)
    return AdapterReport(width, len(factors), saved, rank is not None, cuts.relative_error, told.relative_error)


def _factors(
    plan: Plan, target: Target, sources: Mapping[UpdateId, Source], rank: int | None
) -> tuple[Tensor, Tensor, Tally, Tally]:
    """One module's factors, what the strategy told of them, and what the cut cost."""
    told, cuts = Tally(), Tally()
    left, right = _products(plan, target, sources, told)
    if rank is not None:
        cut = truncate(left, right, rank)
        cuts.add({"norm2": cut.norm2, "error2": cut.error2})
        left, right = cut.left, cut.right
    return left, right, told, cuts


def _products(plan: Plan, target: Target, sources: Mapping[UpdateId, Source], told: Tally) -> tuple[Tensor, Tensor]:
    """Left and right of all groups side by side."""
    lefts, rights = [], []
    for part in target.parts:
        outlines = {entry: sources[entry.update_id].outline().modules[target.module] for entry in part.low}
        loads = {entry: partial(sources[entry.update_id].low_rank, target.module) for entry in part.low}
        if outlines:
            blocks = [Block.of(entry, outline, loads[entry]) for entry, outline in outlines.items()]
            product = combined(plan.strategy, target.module, blocks)
            told.add(product.figures)
            lefts.append(product.left)
            rights.append(product.right)
    return torch.cat(lefts, dim=1), torch.cat(rights)


def _with_dense(plan: Plan, parameter: str, value: Tensor, sources: Mapping[UpdateId, Source]) -> Tensor:
    """The base's values and the sum of the dense changes, in the fold's order."""
    total = torch.zeros(value.shape)
    for target in plan.targets.values():
        if target.parameter == parameter:
            for entry in (entry for part in target.parts for entry in part.dense):
                part = sources[entry.update_id].dense(parameter, 0, value.numel())
                add_scaled(total.view(-1), part, entry.weight / WEIGHT_ONE)
    return total.add_(value)


def _padded(factor: Tensor, width: int, dimension: int) -> Tensor:
    missing = width - factor.shape[dimension]
    shape = (missing, factor.shape[1]) if dimension == 0 else (factor.shape[0], missing)
    return torch.cat([factor, torch.zeros(shape)], dim=dimension) if missing else factor


def _write(path: Path, tensors: Mapping[str, Tensor]) -> None:
    names = sorted(tensors)
    planned = [
        Planned(name, "F32", tuple(tensors[name].shape), tensors[name].numel() * tensors[name].itemsize)
        for name in names
    ]
    with ShardWriter(path, planned, {}) as writer:
        for name in names:
            writer.write(tensors[name].contiguous().view(-1).numpy().data)
