"""What a PEFT adapter must say so that plain peft puts every part of it in its place, and nothing anywhere else.

peft finds modules by the endings of their names, so each name is compared with all of the model's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from torch import nn

from orchestrator.errors import ConfigurationError

TASK_TYPES = {"causal_lm": "CAUSAL_LM", "classifier": "SEQ_CLS"}
SAVED_BY_TASK_TYPE = {"causal_lm": (), "classifier": ("classifier", "score")}
"""Modules that peft replaces by itself for a task type, whether the adapter has them or not."""
MEND = "export with --format merged"


def check_adapted(shell: nn.Module, modules: Iterable[str]) -> None:
    """Refuse modules that peft would not adapt as the fold does.

    Raises:
        ConfigurationError: one is no linear layer, or its name is the ending of another's.
    """
    names = [name for name, _ in shell.named_modules()]
    for module in modules:
        kind = shell.get_submodule(module)
        if not isinstance(kind, nn.Linear):
            raise ConfigurationError(
                f"{module} is a {type(kind).__name__}, which peft adapts in another way", mend=MEND
            )
        others = [name for name in names if name.endswith(f".{module}")]
        if others:
            raise ConfigurationError(f"peft would adapt {others[0]} together with {module}", mend=MEND)


def saved_modules(
    shell: nn.Module, kind: str, head: Iterable[str], dense: Iterable[str], adapted: Iterable[str]
) -> tuple[str, ...]:
    """Modules that go into the adapter as a whole, for ``modules_to_save``.

    Args:
        head: parameters that no file of the base holds. dense: parameters that contributions change densely.
        adapted: modules with low-rank changes.

    Raises:
        ConfigurationError: peft cannot replace exactly these modules.
    """
    found = {_owner(shell, name) for name in (*head, *dense)}
    if kind == "classifier":
        found |= set(_outside_of_backbone(shell))
    chosen = tuple(sorted(name for name in found if not any(name.startswith(f"{other}.") for other in found)))
    _check_tied(shell, chosen)
    inside = [module for module in adapted for name in chosen if module == name or module.startswith(f"{name}.")]
    if inside:
        raise ConfigurationError(f"{inside[0]} has low-rank and dense changes, which peft cannot hold both", mend=MEND)
    wanted = (*chosen, *SAVED_BY_TASK_TYPE[kind])
    for name, _ in shell.named_modules():
        if name not in chosen and any(name.endswith(ending) for ending in wanted):
            raise ConfigurationError(f"peft would replace {name} together with {', '.join(chosen)}", mend=MEND)
    return chosen


def parameters_of(shell: nn.Module, modules: Sequence[str]) -> tuple[str, ...]:
    """All parameters of these modules."""
    return tuple(f"{module}.{name}" for module in modules for name, _ in shell.get_submodule(module).named_parameters())


def adapter_config(
    *, kind: str, rank: int, adapted: Iterable[str], saved: Sequence[str], base: str | None
) -> Mapping[str, object]:
    """``adapter_config.json``: α is the rank, so that the scale is 1 and the factors hold all of it."""
    return {
        "base_model_name_or_path": base,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "modules_to_save": list(saved) or None,
        "peft_type": "LORA",
        "r": rank,
        "target_modules": sorted(adapted),
        "task_type": TASK_TYPES[kind],
        "use_dora": False,
        "use_rslora": False,
    }


def _owner(shell: nn.Module, parameter: str) -> str:
    """The direct child of the model that holds a parameter of its head; else the parameter's own module."""
    top = parameter.partition(".")[0]
    backbone = getattr(shell, "base_model_prefix", "")
    return parameter.rpartition(".")[0] if top == backbone else top


def _outside_of_backbone(shell: nn.Module) -> list[str]:
    backbone = getattr(shell, "base_model_prefix", "")
    return [
        name
        for name, child in shell.named_children()
        if name != backbone and next(child.parameters(), None) is not None
    ]


def _check_tied(shell: nn.Module, modules: Sequence[str]) -> None:
    """A replaced module is a copy: what was tied to it would keep the old numbers."""
    tied: Mapping[str, str] = getattr(shell, "all_tied_weights_keys", None) or {}
    for target, source in tied.items():
        for module in modules:
            if target.startswith(f"{module}.") or source.startswith(f"{module}."):
                raise ConfigurationError(f"{module} shares its weights with another module", mend=MEND)
