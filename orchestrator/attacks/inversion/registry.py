"""The attacks on images by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from orchestrator.attacks.inversion.dlg import DeepLeakage
from orchestrator.attacks.inversion.from_update import FromUpdate
from orchestrator.attacks.inversion.ggl import GenerativeLeakage
from orchestrator.attacks.inversion.grnn import Regression
from orchestrator.attacks.inversion.head_leak import HeadLeak
from orchestrator.attacks.inversion.inverting_gradients import InvertingGradients
from orchestrator.attacks.inversion.knowledge import Knowledge
from orchestrator.attacks.inversion.protocol import Attack
from orchestrator.attacks.inversion.recursive import Recursive
from orchestrator.attacks.inversion.victim import ImageVictim
from orchestrator.errors import ConfigurationError

ATTACKS: Mapping[str, Callable[..., Attack[ImageVictim]]] = {
    "dlg": DeepLeakage,
    "idlg": partial(DeepLeakage, label="recovered"),
    "inverting-gradients": InvertingGradients,
    "grnn": Regression,
    "ggl": GenerativeLeakage,
    "head-leak": HeadLeak,
    "recursive": Recursive,
    "from-update": FromUpdate,
    "update-as-gradient": partial(FromUpdate, unrolled=False),
}
OF_UPDATES = ("from-update", "update-as-gradient")
"""Attacks on an update after several local steps; all others are on one gradient."""
WITH_DECODER = ("ggl",)
"""Attacks that take a ``decoder`` trained on other images."""


def attack_named(name: str, knowledge: Knowledge, **settings: Any) -> Attack[ImageVictim]:
    """The attack of that name.

    Args:
        settings: those of the attack's class; what is left out has its own default.

    Raises:
        ConfigurationError: no such attack, or it has no such setting.
    """
    if name not in ATTACKS:
        raise ConfigurationError(f"no attack {name!r} on images", mend=f"choose one of {', '.join(ATTACKS)}")
    try:
        return ATTACKS[name](knowledge, **settings)
    except TypeError as error:
        raise ConfigurationError(f"the attack {name} does not take these settings: {error}") from error
