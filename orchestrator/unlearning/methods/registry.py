"""The registry of methods."""

from __future__ import annotations

from orchestrator.errors import ConfigurationError
from orchestrator.unlearning.methods import (
    attenuation,
    cbft,
    circuit_breakers,
    finetune,
    gradient_ascent,
    l1,
    neggrad_plus,
    npo,
    random_relabel,
    scrub,
    ssd,
    tar,
    weight_distance,
    weight_distortion,
    weight_dropout,
)
from orchestrator.unlearning.methods.recipe import Recipe
from orchestrator.unlearning.subject import Method

_METHODS: dict[str, Recipe] = {
    module.METHOD.name: module.METHOD
    for module in (
        attenuation,
        cbft,
        circuit_breakers,
        finetune,
        gradient_ascent,
        l1,
        neggrad_plus,
        npo,
        random_relabel,
        scrub,
        ssd,
        tar,
        weight_distance,
        weight_distortion,
        weight_dropout,
    )
}


def methods() -> tuple[str, ...]:
    """Names of the methods there are, sorted."""
    return tuple(sorted(_METHODS))


def method_named(name: str, **settings: float) -> Method:
    """A method with some of its settings changed.

    Raises:
        ConfigurationError: there is no such method or setting, or a value is out of bounds.
    """
    if name not in _METHODS:
        raise ConfigurationError(f"unknown unlearning method {name!r}", mend=f"choose one of {', '.join(methods())}")
    return _METHODS[name].with_settings(**settings)
