"""From folders and settings to an evaluation's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from orchestrator.ledger.canonical import canonical_bytes
from orchestrator.unlearning.evaluation import folder, plots
from orchestrator.unlearning.evaluation.document import document_of
from orchestrator.unlearning.evaluation.findings import Findings
from orchestrator.unlearning.evaluation.measure import Progress, Suite, evaluate
from orchestrator.unlearning.evaluation.models import ModelSettings, load_models
from orchestrator.unlearning.evaluation.sets import load_sets
from orchestrator.unlearning.evaluation.settings import EvaluationSettings

DOCUMENT = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Done:
    """What was found, its document, and where that lies."""

    findings: Findings
    document: Mapping[str, Any]
    out: Path


def run(
    models: Mapping[str, str],
    settings: EvaluationSettings,
    base: ModelSettings,
    out: Path,
    *,
    with_plots: bool = True,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Done:
    """Load, measure, write; what is wrong with the arguments is told before anything is measured.

    Args:
        models: folders by role; see :func:`orchestrator.unlearning.evaluation.models.load_models`.
        base: of adapters. out: the folder to make. with_plots: needs matplotlib.

    Raises:
        ConfigurationError: the output is there already, or a setting has no meaning for these models and data.
        DataError: a model or a set cannot be used.
        DiskError: the output cannot be written.
        EnvironmentMissing: matplotlib is wanted and not there.
    """
    folder.check_free(out)
    if with_plots:
        plots.check_installed()
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    loaded = load_models(models, base, device=settings.device, cache=cache)
    sets = load_sets(settings, loaded.base.tokenizer, kind=loaded.base.kind, classes=loaded.classes)
    suite = Suite(loaded, sets, settings)
    findings = evaluate(suite, progress)
    document = document_of(suite, findings)
    files = {DOCUMENT: canonical_bytes(document) + b"\n"}
    if with_plots:
        files |= {"relearning.svg": plots.relearning_plot(findings), "lines.svg": plots.lines_plot(findings)}
    folder.write_folder(out, files)
    return Done(findings, document, out)
