"""Load a base model so that every member holds the same bits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from orchestrator.errors import ConfigurationError, DataError
from orchestrator.models.base import BaseModel, Kind, tensors_digest
from orchestrator.models.digests import cached_digest
from orchestrator.models.seeded import seeded_tensor
from orchestrator.models.source import ModelSource
from orchestrator.models.tiny import byte_tokenizer, tiny_llama
from orchestrator.types import Digest

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model")
"""Files of which one makes a folder's tokenizer."""


def load_base(
    source: ModelSource,
    *,
    kind: Kind = "causal_lm",
    labels: int = 2,
    device: str = "cpu",
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
    cache: Path | None = None,
) -> BaseModel:
    """Load a base model, frozen.

    Args:
        source: from :func:`orchestrator.models.resolve`.
        kind: ``causal_lm`` or ``classifier``. labels: number of classes of a classifier.
        device: ``cpu`` or ``cuda``. dtype: what it is kept in; folding asks for float32.
        seed: of the parameters that no file holds: a classifier's head, all of a tiny model.
        cache: where the digests of large folders are remembered.

    Raises:
        ConfigurationError: the device is not there.
        DataError: the folder cannot be loaded as such a model.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigurationError(f"device {device} was asked for and there is no GPU", mend="set device=cpu")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if source.folder is None:
        model, tokenizer = tiny_llama(kind, labels, seed), byte_tokenizer()
        digest = tensors_digest(sorted(model.state_dict().items()))
    else:
        model, tokenizer, digest = _from_folder(source.folder, kind, labels, seed, cache)
    model.to(device=device, dtype=dtype).eval().requires_grad_(False)
    return BaseModel(model, tokenizer, digest, kind, type(model).__name__)


def _from_folder(folder: Path, kind: Kind, labels: int, seed: int, cache: Path | None) -> tuple[Any, Any, Digest]:
    import transformers

    if not any((folder / name).exists() for name in TOKENIZERS):  # the library would ask for packages instead
        raise DataError(f"{folder} holds no tokenizer", mend=f"put the model's own there, such as {TOKENIZERS[0]}")
    messages: Any = transformers.utils.logging
    messages.disable_progress_bar()
    verbosity = messages.get_verbosity()
    messages.set_verbosity_error()  # it warns of the head, which gets its values below
    classes = {
        "causal_lm": transformers.AutoModelForCausalLM,
        "classifier": transformers.AutoModelForSequenceClassification,
    }
    options: dict[str, Any] = {} if kind == "causal_lm" else {"num_labels": labels}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model, info = classes[kind].from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            **options,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise DataError(f"{folder} does not load as a {kind} model: {error}") from error
    finally:
        messages.set_verbosity(verbosity)
    head = _initialise(model, sorted(info["missing_keys"]), kind, seed, folder)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.config.pad_token_id = tokenizer.pad_token_id
    return model, tokenizer, cached_digest(folder, head, cache)


def _initialise(model: Any, missing: list[str], kind: Kind, seed: int, folder: Path) -> dict[str, Tensor]:
    if missing and kind == "causal_lm":
        raise DataError(f"{folder} lacks {missing[0]} and {len(missing) - 1} more tensors", mend="use a complete model")
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name in missing:
            parameters[name].copy_(seeded_tensor(seed, name, tuple(parameters[name].shape)))
    return {name: parameters[name].detach() for name in missing}
