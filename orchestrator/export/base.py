"""The base model as an export needs it: its files, its outline without numbers, its tokenizer; never in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from torch import Tensor, nn

from orchestrator.aggregation import StoredBase
from orchestrator.errors import DataError
from orchestrator.ledger.task import BaseModel as BaseRule
from orchestrator.models import ModelSource, load_base
from orchestrator.models.digests import cached_digest
from orchestrator.models.seeded import seeded_tensor

BASE_SEED = 0
"""Of the parameters that no file holds, as for every member's model."""
CLASSES: dict[str, Any] = {
    "causal_lm": transformers.AutoModelForCausalLM,
    "classifier": transformers.AutoModelForSequenceClassification,
}


@dataclass(frozen=True, slots=True)
class ExportBase:
    """A base that was compared with the task's digest.

    Attributes:
        stored: its tensors, those that no file holds as ``extra``. shell: the model on the ``meta`` device.
        config: of transformers, with the classes and the padding token that members train with.
        folder: where its files are; None for a model that is made in memory.
    """

    name: str
    kind: str
    architecture: str
    stored: StoredBase
    shell: nn.Module
    config: Any
    tokenizer: Any
    folder: Path | None

    @property
    def head(self) -> Mapping[str, Tensor]:
        """Parameters that no file of the base holds: plain transformers would fill them by chance."""
        return self.stored.extra

    def value(self, parameter: str) -> Tensor:
        """A parameter of the untouched base, fp32."""
        name = self.stored.find(parameter)
        if name is None:
            raise DataError(f"{self.name} has no parameter {parameter}")
        return self.stored.flat(name).float().view(self.stored.shape(name))


def open_base(source: ModelSource, rule: BaseRule, *, labels: int, cache: Path | None, scratch: Path) -> ExportBase:
    """Open a base by its files and check its digest.

    Args:
        rule: what the task says of it. labels: of a classifier.
        scratch: where the files of a model that is made in memory are written.

    Raises:
        DataError: the folder is no such model, or another one than the task's.
    """
    folder = source.folder or _written(source, rule, labels, scratch)
    config, tokenizer = _settings(folder, rule.kind, labels)
    with torch.device("meta"):
        shell = CLASSES[rule.kind].from_config(config)
    stored = StoredBase(folder, rule.digest)
    head = {
        name: seeded_tensor(BASE_SEED, name, tuple(parameter.shape))
        for name, parameter in shell.named_parameters()
        if stored.find(name) is None
    }
    # a tiny model's digest, over its state, was compared when it was made
    digest = rule.digest if source.folder is None else cached_digest(folder, head, cache)
    if digest != rule.digest:
        raise _another(source, digest, rule)
    return ExportBase(
        name=source.name,
        kind=rule.kind,
        architecture=type(shell).__name__,
        stored=StoredBase(folder, rule.digest, head),
        shell=shell,
        config=config,
        tokenizer=tokenizer,
        folder=source.folder,
    )


def _settings(folder: Path, kind: str, labels: int) -> tuple[Any, Any]:
    options: dict[str, Any] = {} if kind == "causal_lm" else {"num_labels": labels}
    try:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True, **options)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder} does not load as a {kind} model: {error}") from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    config.pad_token_id = tokenizer.pad_token_id
    return config, tokenizer


def _written(source: ModelSource, rule: BaseRule, labels: int, scratch: Path) -> Path:
    base = load_base(source, kind=rule.kind, labels=labels, seed=BASE_SEED)
    if base.digest != rule.digest:
        raise _another(source, base.digest, rule)
    messages: Any = transformers.utils.logging
    messages.disable_progress_bar()
    try:
        base.model.save_pretrained(scratch)
    except SafetensorError as error:
        raise OSError(str(error)) from error  # all that a model in memory can meet is the disk
    base.tokenizer.save_pretrained(scratch)
    return scratch


def _another(source: ModelSource, digest: str, rule: BaseRule) -> DataError:
    return DataError(
        f"model {source.name} has base digest {digest}, the task's is {rule.digest}",
        mend="configure the model that the task names, as with experiment=NAME or model.name=FOLDER",
    )
