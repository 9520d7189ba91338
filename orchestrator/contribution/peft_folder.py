"""An adapter that plain PEFT has saved, as a delta: for members who train with tools of their own.

Only what ΔW = scale·B·A says in full is read. Whatever else a configuration asks for would be lost without a word in a
merge, so it is refused with its reason; a setting that this version does not know, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from orchestrator.contribution.check import Shapes, _check_finite
from orchestrator.contribution.codec import _PICKLES, Limits
from orchestrator.contribution.delta import AdapterDelta, LowRank
from orchestrator.contribution.refusal import ContributionRefused, Reason
from orchestrator.contribution.rules import ends_with
from orchestrator.errors import FormatError
from orchestrator.ledger.canonical import SAFE_INTEGER, check_nesting
from orchestrator.types import Digest

CONFIG, WEIGHTS, PICKLE = "adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"
PREFIX = "base_model.model."
MOST_CONFIG = 1 << 20

KEEP_THE_BASE = (True, False, "gaussian", "orthogonal", "eva")
"""Initialisations that leave the base model as it was; PiSSA, OLoRA, CorDA, LoftQ and LoRA-GA subtract from it."""
SAYS_NOTHING = frozenset(
    {
        "alpha_pattern",
        "auto_mapping",
        "base_model_name_or_path",
        "ensure_weight_tying",
        "exclude_modules",
        "inference_mode",
        "init_lora_weights",
        "layers_pattern",
        "layers_to_transform",
        "lora_alpha",
        "lora_dropout",
        "megatron_core",
        "modules_to_save",
        "peft_type",
        "peft_version",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "revision",
        "target_modules",
        "task_type",
        "use_rslora",
    }
)
"""Settings that are read below, or that change nothing in what the tensors say."""
REFUSED: Mapping[str, tuple[Reason, str]] = {
    "use_dora": (Reason.DORA, "DoRA also scales the base's columns, which no sum of ΔW can express"),
    "lora_bias": (Reason.BIAS, "it adds a bias to B"),
    "fan_in_fan_out": (Reason.UNSUPPORTED, "its modules keep their weights transposed"),
    "layer_replication": (Reason.UNSUPPORTED, "it runs layers of the base more than once"),
    "trainable_token_indices": (Reason.UNSUPPORTED, "it retrains single tokens of an embedding"),
    "target_parameters": (Reason.UNSUPPORTED, "it adapts parameters that are no modules"),
}

Values = Callable[[str], Tensor]
"""A parameter of the base model by name."""


def read_peft_folder(
    path: Path,
    *,
    base: Digest,
    parent_manifest: Digest,
    shapes: Shapes,
    values: Values | None = None,
    limits: Limits | None = None,
) -> AdapterDelta:
    """Read ``adapter_config.json`` and ``adapter_model.safetensors``.

    PEFT does not record which weights an adapter was trained on, so the caller says it: the base, folded to the parent.

    Args:
        shapes: of the base model's parameters.
        values: of the model it was trained on; where given, ``modules_to_save`` become dense changes.

    Raises:
        ContributionRefused: it cannot be added rightly; the reason says why.
    """
    config = _config(path)
    _check_config(config, dense=values is not None)
    tensors = _tensors(path, limits or Limits())
    modules: dict[str, LowRank] = {}
    for name in sorted({key.partition(".lora_")[0] for key in tensors if ".lora_" in key}):
        modules[name] = _module(name, tensors, config, shapes)
    dense = {name: _dense(name, tensor, values, shapes) for name, tensor in tensors.items()}
    if not modules and not dense:
        raise ContributionRefused(Reason.EMPTY, f"{WEIGHTS} holds no tensors")
    return AdapterDelta(base, parent_manifest, modules, dense)


def _config(path: Path) -> dict[str, Any]:
    try:
        with (path / CONFIG).open("rb") as file:
            text = file.read(MOST_CONFIG + 1)
        found = None
        if len(text) <= MOST_CONFIG:
            check_nesting(text, CONFIG)
            found = json.loads(text)
    except OSError as error:
        raise ContributionRefused(Reason.WRONG_FORMAT, f"{path} has no readable {CONFIG}") from error
    except (ValueError, FormatError) as error:
        raise ContributionRefused(Reason.WRONG_FORMAT, f"{CONFIG} is not JSON") from error
    if not isinstance(found, dict):
        raise ContributionRefused(Reason.WRONG_FORMAT, f"{CONFIG} is not a JSON object of at most {MOST_CONFIG} bytes")
    return found


def _check_config(config: Mapping[str, Any], *, dense: bool) -> None:
    if config.get("peft_type") != "LORA":
        raise ContributionRefused(Reason.UNSUPPORTED, f"a {config.get('peft_type')!r} adapter is not LoRA")
    if config.get("bias", "none") != "none":
        raise ContributionRefused(Reason.BIAS, f"it trained biases of the base (bias={config['bias']!r})")
    start = config.get("init_lora_weights", True)
    if not any(start is known or start == known for known in KEEP_THE_BASE):
        raise ContributionRefused(
            Reason.CHANGES_BASE,
            f"init_lora_weights={start!r} takes its start out of the base, which is another base then",
        )
    if config.get("modules_to_save") and not dense:
        raise ContributionRefused(
            Reason.MODULES_TO_SAVE,
            f"it holds whole modules ({config['modules_to_save']}), and no base to compare them with",
        )
    if type(config.get("use_rslora", False)) is not bool:
        raise ContributionRefused(Reason.BAD_SCALE, f"use_rslora is {config['use_rslora']!r}, neither true nor false")
    for key, value in config.items():
        if not value or value == "none" or key in SAYS_NOTHING or (key == "eva_config" and start == "eva"):
            continue
        reason, why = REFUSED.get(key, (Reason.UNSUPPORTED, "a merge would lose what it means"))
        raise ContributionRefused(reason, f"{CONFIG} sets {key}: {why}")


def _tensors(path: Path, limits: Limits) -> dict[str, Tensor]:
    """By name, without PEFT's prefix."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        size = (path / WEIGHTS).stat().st_size
        if size > limits.max_bytes:
            raise ContributionRefused(Reason.TOO_LARGE, f"{size} bytes, at most {limits.max_bytes} are read")
        data = (path / WEIGHTS).read_bytes()
    except OSError as error:
        what = f"{PICKLE} is a pickle, which could run code" if (path / PICKLE).exists() else f"there is no {WEIGHTS}"
        raise ContributionRefused(Reason.NOT_SAFETENSORS, f"{what}; it is not opened") from error
    if data.startswith(_PICKLES) and data[8:9] != b"{":
        raise ContributionRefused(Reason.NOT_SAFETENSORS, "this is a pickle, which could run code; it is not opened")
    try:
        found = load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ContributionRefused(Reason.NOT_SAFETENSORS, f"{WEIGHTS} is damaged: {error}") from error
    if len(found) > limits.max_tensors:
        raise ContributionRefused(Reason.TOO_LARGE, f"{len(found)} tensors, at most {limits.max_tensors} are read")
    plain = {name.removeprefix(PREFIX): _numbers(name, tensor) for name, tensor in found.items()}
    if len(plain) < len(found):
        twice = min(name for name in plain if name in found and f"{PREFIX}{name}" in found)
        raise ContributionRefused(Reason.WRONG_FORMAT, f"{WEIGHTS} holds {twice!r} with and without {PREFIX!r}")
    return plain


def _numbers(name: str, tensor: Tensor) -> Tensor:
    if tensor.dtype == torch.float16:
        tensor = tensor.float()  # exact
    if tensor.dtype not in (torch.float32, torch.bfloat16):
        raise ContributionRefused(Reason.WRONG_FORMAT, f"{name} is {tensor.dtype}; a delta is float32 or bfloat16")
    _check_finite(name, tensor)
    return tensor


def _module(name: str, tensors: dict[str, Tensor], config: Mapping[str, Any], shapes: Shapes) -> LowRank:
    """Takes the module's tensors out of ``tensors``."""
    own = {key: tensors.pop(key) for key in sorted(tensors) if key.startswith(f"{name}.lora_")}
    a, b = own.pop(f"{name}.lora_A.weight", None), own.pop(f"{name}.lora_B.weight", None)
    for key in own:
        reason = Reason.DORA if "magnitude" in key else Reason.BIAS if key.endswith("bias") else Reason.UNSUPPORTED
        raise ContributionRefused(reason, f"tensor {key!r} is no part of scale·B·A")
    if f"{name}.weight" not in shapes:
        raise ContributionRefused(Reason.BAD_MODULE, f"the base model has no module {name!r}")
    if a is None or b is None or a.ndim != 2 or b.ndim != 2 or a.shape[0] != b.shape[1]:
        raise ContributionRefused(Reason.BAD_SHAPE, f"module {name!r} has no pair of matrices that fit together")
    if (b.shape[0], a.shape[1]) != tuple(shapes[f"{name}.weight"]):
        raise ContributionRefused(
            Reason.BAD_SHAPE,
            f"{name!r} would change a matrix of {(b.shape[0], a.shape[1])}, it is {tuple(shapes[f'{name}.weight'])}",
        )
    rank, alpha = (_whole(name, key, config) for key in ("r", "lora_alpha"))
    if rank != a.shape[0]:
        raise ContributionRefused(Reason.BAD_RANK, f"{name!r} has rank {a.shape[0]}, {CONFIG} says {rank}")
    return LowRank(a.contiguous(), b.contiguous(), alpha, config.get("use_rslora") is True)


def _whole(name: str, key: str, config: Mapping[str, Any]) -> int:
    """``r`` or ``lora_alpha`` of a module, its pattern's value where one names it."""
    reason = Reason.BAD_RANK if key == "r" else Reason.BAD_SCALE
    value = config.get(key, 8)
    named = config.get("rank_pattern" if key == "r" else "alpha_pattern") or {}
    if not isinstance(named, dict):
        raise ContributionRefused(reason, f"{key} has patterns {named!r}, which are no JSON object")
    for pattern, other in named.items():
        # peft takes it for a regular expression, in which a dot is any character
        plain = re.fullmatch(r"[\w.]+", pattern) is not None
        if not plain or (re.fullmatch(rf"(.*\.)?({pattern})", name) is not None) != ends_with(name, pattern):
            raise ContributionRefused(reason, f"pattern {pattern!r} is no plain name of modules")
        if ends_with(name, pattern):
            value = other
            break
    whole = type(value) in (int, float) and 1 <= value <= SAFE_INTEGER and value == int(value)  # false for NaN
    if not whole:
        raise ContributionRefused(
            reason, f"{key} of {name!r} is {repr(value)[:40]}, not a whole number from 1 to 2^53 - 1"
        )
    return int(value)


def _dense(name: str, tensor: Tensor, values: Values | None, shapes: Shapes) -> Tensor:
    """What a saved module adds to the base's."""
    if values is None:
        reason = Reason.BIAS if name.endswith(".bias") else Reason.MODULES_TO_SAVE
        raise ContributionRefused(reason, f"{name!r} is a whole parameter, and there is no base to compare it with")
    if name not in shapes:
        raise ContributionRefused(Reason.BAD_MODULE, f"the base model has no parameter {name!r}")
    if tuple(tensor.shape) != tuple(shapes[name]):
        raise ContributionRefused(
            Reason.BAD_SHAPE, f"{name!r} has shape {tuple(tensor.shape)}, the parameter {tuple(shapes[name])}"
        )
    return (tensor.float() - values(name).detach().float().cpu()).contiguous()
