"""The report of a weakness (``loranchor/vulnerability-report`` 1, docs/formats/disclosure.md)."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from orchestrator.errors import ConfigurationError, FormatError
from orchestrator.ledger.canonical import Document
from orchestrator.ledger.documents import CanonicalObject
from orchestrator.ledger.reader import Reader
from orchestrator.types import Digest

FORMAT = "loranchor/vulnerability-report"
SEVERITIES = ("low", "medium", "high", "critical")
LIMIT = 256 * 1024
"""Most bytes of a report; what is larger belongs on IPFS, named by the report."""
_LINE = 200
_MEND = "docs/disclosure.md has a report to begin with"
_AFFECTED = ("component", "manifest", "model")


@dataclass(frozen=True, slots=True)
class Report(CanonicalObject):
    """What a reporter says.

    Attributes:
        component, manifest, model: what is affected; one of them at least. ``manifest`` is a manifest's digest.
        severity: one of :data:`SEVERITIES`, as the reporter sees it.
        steps: how to see it happen. contact: where to answer; empty for none. credit: whom to thank; empty for nobody.
    """

    format: ClassVar[str] = FORMAT
    place: ClassVar[str] = "report"

    title: str
    severity: str
    component: str | None
    manifest: Digest | None
    model: str | None
    description: str
    steps: str
    contact: str
    credit: str

    def members(self) -> Document:
        affected = {name: getattr(self, name) for name in _AFFECTED}
        texts = ("title", "severity", "description", "steps", "contact", "credit")
        return {"affected": affected, **{name: getattr(self, name) for name in texts}}

    @classmethod
    def read(cls, reader: Reader) -> Report:
        affected = reader.inner("affected")
        found = cls(
            title=_line(reader, "title"),
            severity=reader.choice("severity", set(SEVERITIES)),
            component=_optional(affected, "component"),
            manifest=None if affected.take("manifest") is None else affected.digest("manifest"),
            model=_optional(affected, "model"),
            description=_text(reader, "description"),
            steps=_text(reader, "steps"),
            contact=_line(reader, "contact", empty=True),
            credit=_line(reader, "credit", empty=True),
        )
        affected.end()
        if not (found.component or found.manifest or found.model):
            reader.bad("affected", "names nothing: a component, a manifest or a model")
        if len(found.to_bytes()) > LIMIT:
            raise FormatError(f"the report has more than {LIMIT} bytes", mend="put what is large on IPFS and name it")
        return found


def read_report(path: Path) -> Report:
    """The report in a TOML file that a person wrote.

    Raises:
        ConfigurationError: there is no such file, it is no TOML, or a member is missing, unknown or malformed.
    """
    try:
        with path.open("rb") as file:
            values = tomllib.loads(file.read(4 * LIMIT).decode("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}", mend=_MEND) from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise ConfigurationError(f"{path} is not TOML: {error}", mend=_MEND) from error
    affected = values.get("affected")
    if isinstance(affected, dict):
        values["affected"] = dict.fromkeys(_AFFECTED) | affected
    document = {"contact": "", "credit": "", **values, "format": FORMAT, "version": 1}
    try:
        return Report.from_document(document)
    except FormatError as error:
        raise ConfigurationError(f"{path}: {error.message}", mend=error.mend or _MEND) from error


def _optional(reader: Reader, name: str) -> str | None:
    return None if reader.take(name) is None else _line(reader, name)


def _line(reader: Reader, name: str, *, empty: bool = False) -> str:
    value = reader.text(name, empty=empty)
    if len(value) > _LINE or any(unicodedata.category(char).startswith("C") for char in value):
        reader.bad(name, f"is not one line of at most {_LINE} printable characters")
    return value


def _text(reader: Reader, name: str) -> str:
    """Lines of printable characters: strangers' words are shown in maintainers' terminals."""
    value = reader.text(name)
    if any(unicodedata.category(char).startswith("C") and char not in "\n\t" for char in value):
        reader.bad(name, "holds a character that is not printed")
    return value
