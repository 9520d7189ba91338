"""The privacy part of a task: policies by name, alone or joined with ``+``, and the settings that members agree on.

What a policy does is in :mod:`orchestrator.privacy`, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from orchestrator.ledger.methods import Declared, OneOf, Setting, Whole
from orchestrator.ledger.reader import Reader
from orchestrator.types import MILLION

NANO = 1_000_000_000
NONE = "none"

PRIVACY: Declared = {
    NONE: {},
    "dp": {
        "unit": OneOf(("example", "member")),
        "clip_nano": Whole(1, MILLION * NANO),
        "noise_nano": Whole(NANO // 10, 1000 * NANO),
        "rate_nano": Whole(1, NANO),
        "accountant": OneOf(("prv", "rdp")),
        "generator": OneOf(("secure", "torch")),
    },
    "keylock": {"strength_millionths": Whole(1, 10 * MILLION), "shift_millionths": Whole(0, 10 * MILLION)},
    "secagg": {"clip": Whole(1, (1 << 23) - 1)},
}
"""Settings of each policy, a member of ``privacy`` by the policy's name; a policy without settings has no member.

``dp``: the L2 norm that a gradient (or a member's whole change) is clipped to, the noise as a multiple of it, and the
chance of a sample to be in a step, all in 1e-9. ``secagg``: the largest size of a number, in steps of the task's grid.
``keylock``: standard deviations of members' scales and shifts.
"""

BOUNDED = frozenset({"dp"})
"""Policies that promise differential privacy: the task has a cap on ε and a δ, of which a task without has none."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PrivacyRules:
    """Privacy policy of the task; ``epsilon_cap`` in millionths, ``delta_inverse`` is 1/δ. Both 0 without DP.

    Attributes:
        policy: a name, or several in alphabetical order with ``+`` between them.
        settings: of each of them that has any, by its name.
    """

    policy: str
    epsilon_cap: int
    delta_inverse: int
    settings: Mapping[str, Mapping[str, Setting]] = field(default_factory=lambda: _NOTHING)

    @property
    def names(self) -> tuple[str, ...]:
        """The policies by themselves."""
        return tuple(self.policy.split("+"))

    @property
    def bounded(self) -> bool:
        """Whether they promise differential privacy."""
        return not BOUNDED.isdisjoint(self.names)


def read_privacy(reader: Reader) -> PrivacyRules:
    """Reads the privacy part of a task.

    Raises:
        FormatError: there is no such policy or combination, a setting is missing, unknown or out of bounds, or the
            task promises differential privacy without a cap and a δ.
    """
    names = _names(reader)
    settings = {name: _settings(reader.inner(name), PRIVACY[name]) for name in names if PRIVACY[name]}
    bounded = not BOUNDED.isdisjoint(names)
    rules = PrivacyRules(
        policy="+".join(names),
        epsilon_cap=reader.integer("epsilon_cap", least=int(bounded)),
        delta_inverse=reader.integer("delta_inverse", least=2 * bounded),
        settings=MappingProxyType(settings),
    )
    reader.end()
    if settings.get("dp", {}).get("unit") == "member" and settings["dp"]["rate_nano"] != NANO:
        reader.bad("dp", f"has unit member, which is in every training: rate_nano must be {NANO}")
    return rules


def _names(reader: Reader) -> tuple[str, ...]:
    text = reader.text("policy")
    names = tuple(text.split("+"))
    if unknown := [name for name in names if name not in PRIVACY]:
        reader.bad("policy", f"is {text!r}; there is no {unknown[0]!r} among {', '.join(sorted(PRIVACY))}")
    if list(names) != sorted(set(names)) or (NONE in names and len(names) > 1):
        reader.bad("policy", f"is {text!r}; names joined with + stand in alphabetical order, once each, without none")
    return names


def _settings(reader: Reader, declared: Mapping[str, Whole | OneOf]) -> Mapping[str, Setting]:
    found = {name: kind.read(reader, name) for name, kind in declared.items()}
    reader.end()
    return MappingProxyType(found)
