"""``--format merged``: the whole model as plain transformers loads it, folded file by file."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from orchestrator.aggregation import FoldReport, Source, Strategy, fold_folder
from orchestrator.aggregation.entries import AnyEntry
from orchestrator.export.base import ExportBase
from orchestrator.types import UpdateId

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
COPIED = ("generation_config.json",)


@dataclass(frozen=True, slots=True)
class MergedReport:
    """What was written.

    Attributes:
        changed: how many tensors differ from the base's. made: weight files this call wrote; others were there.
        rounding: the most that a number differs from the fold's for being written in a smaller type.
        strategy_error: of the fold against the exact sum, see ``Tally.relative_error``.
    """

    dtype: str
    changed: int
    made: int
    rounding: float
    strategy_error: float


def write_merged(
    base: ExportBase,
    entries: Sequence[AnyEntry],
    sources: Mapping[UpdateId, Source],
    folder: Path,
    *,
    strategy: Strategy,
    dtype: str = "fp32",
) -> MergedReport:
    """Write weights, configuration and tokenizer; goes on where a fold in ``folder`` was broken off.

    Args:
        dtype: ``fp32``, with tensors that nobody changed in the type they had, which loses nothing; or ``bf16``.

    Raises:
        ProtocolError: a contribution is not what was recorded, or does not fit.
    """
    report: FoldReport = fold_folder(
        base.stored,
        entries,
        sources,
        folder,
        strategy=strategy,
        dtype=DTYPES[dtype] if dtype != "fp32" else None,
        shapes={name: tuple(parameter.shape) for name, parameter in base.shell.named_parameters()},
    )
    _write_settings(base, folder, dtype)
    return MergedReport(
        dtype, len(report.changed), report.made, report.tally.figures.get("rounding", 0.0), report.tally.relative_error
    )


def _write_settings(base: ExportBase, folder: Path, dtype: str) -> None:
    """The base's, but for class, type and where it came from, which would be a path of this machine."""
    config = copy.deepcopy(base.config)
    config.architectures, config.dtype, config.name_or_path = [base.architecture], DTYPES[dtype], ""
    config.save_pretrained(folder)
    base.tokenizer.save_pretrained(folder)
    for name in COPIED:
        if base.folder is not None and (base.folder / name).is_file():
            shutil.copyfile(base.folder / name, folder / name)
