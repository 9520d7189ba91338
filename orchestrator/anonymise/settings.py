"""What is taken out of texts, and what is put in its place: the settings `data.anonymise`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from orchestrator.errors import ConfigurationError

Operator = Literal["tag", "pseudonym", "drop"]
OPERATORS: tuple[Operator, ...] = ("tag", "pseudonym", "drop")
KINDS = ("email", "user_url", "ip", "mac", "iban", "card", "coin", "national_id", "birth_date", "phone")
"""Of two that fit the same letters, the first: what has check digits before what has only a numbering plan."""
REGIONS = ("US", "GB", "DE", "FR", "JP")


@dataclass(frozen=True, slots=True)
class Anonymisation:
    """See the module.

    Attributes:
        operator: ``tag`` puts the kind, ``pseudonym`` the kind and letters that only the key's holder can tell, the
            same for the same item; ``drop`` puts nothing.
        kinds: what is looked for. regions: whose phone numbers are known without their country code.
    """

    operator: Operator = "tag"
    kinds: tuple[str, ...] = KINDS
    regions: tuple[str, ...] = REGIONS

    @classmethod
    def from_settings(cls, values: object) -> Anonymisation | None:
        """Read `data.anonymise`; None where nothing is to be done.

        Raises:
            ConfigurationError: an unknown key, operator or kind, or regions that are none; names it.
        """
        if values is None:
            return None
        if not isinstance(values, Mapping) or (unknown := values.keys() - {"operator", "kinds", "regions"}):
            named = f"{sorted(map(str, unknown))}" if isinstance(values, Mapping) else repr(values)
            raise ConfigurationError(f"data.anonymise has {named}", mend="it takes operator, kinds and regions")
        operator = values.get("operator", "tag")
        if operator not in OPERATORS:
            raise _wrong("operator", operator, ", ".join(OPERATORS))
        kinds = _listed(values, "kinds", KINDS)
        if strange := sorted(set(kinds) - set(KINDS)):
            raise _wrong("kinds", strange[0], ", ".join(KINDS))
        regions = _listed(values, "regions", REGIONS)
        if any(len(region) != 2 or not region.isascii() or not region.isupper() for region in regions):
            raise _wrong("regions", list(regions), "countries in two capitals, such as [US,DE]")
        return cls(cast(Operator, operator), kinds, regions)


def _listed(values: Mapping[str, Any], name: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    value = values.get(name)
    if value is None:
        return usual
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise _wrong(name, value, "a list such as [a,b]")
    return tuple(dict.fromkeys(value))


def _wrong(name: str, value: object, choose: str) -> ConfigurationError:
    return ConfigurationError(f"data.anonymise.{name} is {value!r}", mend=f"choose from {choose}")
