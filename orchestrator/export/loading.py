"""The model of a manifest in memory, for a try."""

from __future__ import annotations

import torch

from orchestrator.aggregation import FoldedModel
from orchestrator.cache import cache_folder
from orchestrator.compaction.opening import opener_of
from orchestrator.contribution import parse
from orchestrator.daemon.access import Access
from orchestrator.errors import DataError
from orchestrator.export.run import strategy_of
from orchestrator.export.selection import Chosen
from orchestrator.ledger.entities import LedgerState
from orchestrator.models import BaseModel, load_base, resolve


def folded_model(
    access: Access, state: LedgerState, chosen: Chosen, model: str, labels: int, *, threads: int | None = None
) -> BaseModel:
    """Load the base and fold the manifest's contributions into it.

    Args:
        model: the base by its name in the settings. labels: of a classifier.
        threads: of torch, as the experiment has them for daemons; None for as many as it takes.

    Raises:
        DataError: the configured model is not the task's base.
        ContentKeyDestroyed, KeystoreError, StorageError, EnvelopeError: a contribution cannot be opened.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    cache, rule = cache_folder(), chosen.task.base
    base = load_base(resolve(model, cache=cache), kind=rule.kind, labels=labels, cache=cache)
    if base.digest != rule.digest:
        raise DataError(
            f"model {model} has base digest {base.digest}, the task's is {rule.digest}",
            mend="configure the model that the task names, as with experiment=NAME or model.name=FOLDER",
        )
    opener = opener_of(access, state)
    FoldedModel(base.model, base.digest, strategy_of(chosen.task)).move(
        chosen.manifest.entries, lambda entry: parse(opener(entry))
    )
    return base
