"""What an organisation declares of its data beyond words: a class, where they come from, why they may be used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from orchestrator.errors import ConfigurationError, StatementIncomplete
from orchestrator.ledger.data_statement import CLASSES
from orchestrator.ledger.data_statement import PERMISSIONS as MEMBERS

UNSTATED = "unstated"
"""How policies name data of no declared class."""
OF_PEOPLE = ("personal", "special-category")
NOT_PERSONAL = "not-personal"
BASES = (
    NOT_PERSONAL,
    "consent",
    "contract",
    "legal-obligation",
    "vital-interests",
    "public-task",
    "legitimate-interests",
)
"""Article 6 of the GDPR, and that the data are nobody's."""
_DAY = r"[0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"
COLLECTED = re.compile(rf"{_DAY}(?:/{_DAY})?")
"""ISO 8601: a year, month or day, or two with a stroke between."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """See the module; None is not stated.

    Attributes:
        sensitivity_class: one of :data:`CLASSES`. source: who gave the data. licence: under which they may be used.
        legal_basis: one of :data:`BASES`. collected: when. contact: whom to ask, such as a data protection officer.
    """

    sensitivity_class: str | None = None
    source: str | None = None
    licence: str | None = None
    legal_basis: str | None = None
    collected: str | None = None
    contact: str | None = None

    @classmethod
    def from_settings(cls, values: object) -> Self:
        """Read `data.statement`; nothing stated where it is None.

        Raises:
            ConfigurationError: an unknown key, or a value that cannot be one; names it.
        """
        if values is None:
            return cls()
        known = {"class", *MEMBERS}
        if not isinstance(values, Mapping) or values.keys() - known:
            strange = sorted(map(str, values.keys() - known))[0] if isinstance(values, Mapping) else repr(values)
            raise ConfigurationError(f"data.statement has {strange}", mend=f"it takes {', '.join(sorted(known))}")
        for name, value in values.items():
            if value is not None and not (isinstance(value, str) and value.strip()):
                raise ConfigurationError(f"data.statement.{name} is {value!r}", mend="give text in quotes, or null")
        found = cls(values.get("class"), **{name: values.get(name) for name in MEMBERS})
        if wrong := next(found.mistakes(), None):
            raise ConfigurationError(f"data.statement: {wrong}", mend="see docs/formats/data-statement.md")
        return found

    def mistakes(self) -> Iterator[str]:
        """A sentence for each thing stated that cannot be so."""
        if self.sensitivity_class is not None and self.sensitivity_class not in CLASSES:
            yield f"class is {self.sensitivity_class}, one of {', '.join(CLASSES)} is expected"
        if self.legal_basis is not None and self.legal_basis not in BASES:
            yield f"legal_basis is {self.legal_basis}, one of {', '.join(BASES)} is expected"
        if self.collected is not None and not COLLECTED.fullmatch(self.collected):
            yield f"collected is {self.collected}, a date or two as in 2010-05/2024-12-31 are expected"
        if self.sensitivity_class in OF_PEOPLE and self.legal_basis == NOT_PERSONAL:
            yield f"legal_basis is {NOT_PERSONAL}, the class is {self.sensitivity_class}"

    def lacks(self) -> list[str]:
        """Names of what is not stated."""
        names = {item.name for item in fields(self) if getattr(self, item.name) is None}
        return [name for name in ("class", *MEMBERS) if ("sensitivity_class" if name == "class" else name) in names]

    def check_complete(self) -> None:
        """Raises StatementIncomplete: something is not stated; names all of it."""
        if lacking := self.lacks():
            raise StatementIncomplete(
                f"the data statement lacks {', '.join(lacking)}",
                mend=f"set {', '.join(f'data.statement.{name}' for name in lacking)}",
            )

    def members(self) -> dict[str, Any]:
        """What of it a ``loranchor/data-statement`` holds; nothing where nothing was stated."""
        stated = {name: value for name in MEMBERS if (value := getattr(self, name)) is not None}
        found: dict[str, Any] = {} if self.sensitivity_class is None else {"sensitivity_class": self.sensitivity_class}
        return found | ({"permissions": stated} if stated else {})
