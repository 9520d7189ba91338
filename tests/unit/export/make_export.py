"""Bases on disk and contributions for them, for tests of exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from orchestrator.aggregation import FoldedModel
from orchestrator.aggregation.entries import AnyEntry
from orchestrator.contribution import AdapterDelta, LowRank
from orchestrator.export.base import ExportBase, open_base
from orchestrator.ledger.task import BaseModel as BaseRule
from orchestrator.models import BaseModel, load_base, resolve
from orchestrator.types import ZERO_DIGEST, UpdateId

TEXTS = ("Fellow citizens of the Senate and of the House,", "the state of the Union is sound; I liked it a lot!")


def bases(name: str, kind: Any, scratch: Path, labels: int = 2) -> tuple[BaseModel, ExportBase]:
    """A base in memory, and the same as an export opens it."""
    base = load_base(resolve(name), kind=kind, labels=labels)
    rule = BaseRule(base.digest, base.architecture, kind)
    return base, open_base(resolve(name), rule, labels=labels, cache=None, scratch=scratch)


def random_delta(
    base: BaseModel,
    seed: int,
    ranks: Sequence[int],
    *,
    endings: Sequence[str],
    dense: Sequence[str] = (),
    rslora: bool = False,
    size: float = 0.02,
) -> AdapterDelta:
    """Ranks go round over the modules in order; ``dense`` are parameters."""
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator) * size

    chosen = [n.removesuffix(".weight") for n in base.shapes if n.removesuffix(".weight").endswith(tuple(endings))]
    modules = {}
    for place, module in enumerate(chosen):
        outputs, inputs = base.shapes[f"{module}.weight"]
        rank = ranks[place % len(ranks)]
        modules[module] = LowRank(random(rank, inputs), random(outputs, rank) * 3, 16, rslora)
    return AdapterDelta(base.digest, ZERO_DIGEST, modules, {name: random(*base.shapes[name]) for name in dense})


def folded_logits(
    base: BaseModel, entries: Sequence[AnyEntry], deltas: Mapping[UpdateId, AdapterDelta], strategy: Any = None
) -> torch.Tensor:
    """What the fold says of the texts; the model is at its base again afterwards."""
    folded = FoldedModel(base.model, base.digest, strategy)
    folded.move(entries, lambda update: deltas[update])
    try:
        return logits(base.model, base.tokenizer)
    finally:
        folded.reset()


def logits(model: Any, tokenizer: Any) -> torch.Tensor:
    """Of :data:`TEXTS`, without what is padding."""
    batch = tokenizer(list(TEXTS), padding=True, return_tensors="pt")
    batch.pop("token_type_ids", None)
    with torch.no_grad():
        found = model.eval()(**batch).logits
    return found[batch["attention_mask"].bool()] if found.ndim == 3 else found


def plain_adapted(folder: Path, base_folder: Path, kind: str, labels: int = 2) -> Any:
    """The adapter on the plain base, as somebody without LoRAnchor loads them."""
    import warnings

    import peft
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    options: dict[str, Any] = {"num_labels": labels, "pad_token_id": 0} if kind == "classifier" else {}
    make: Any = {
        "classifier": transformers.AutoModelForSequenceClassification,
        "causal_lm": transformers.AutoModelForCausalLM,
    }[kind]
    plain = make.from_pretrained(base_folder, dtype=torch.float32, **options)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)
        return peft.PeftModel.from_pretrained(plain, folder)


def plain_merged(folder: Path, kind: str) -> tuple[Any, Any]:
    """Model and tokenizer of a merged export, loaded without any argument but the folder."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    make: Any = {
        "classifier": transformers.AutoModelForSequenceClassification,
        "causal_lm": transformers.AutoModelForCausalLM,
    }[kind]
    return make.from_pretrained(folder), transformers.AutoTokenizer.from_pretrained(folder)
