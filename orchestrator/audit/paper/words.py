"""The report's sentences, by language. What the auditing program itself says stays in its own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from orchestrator.errors import ConfigurationError

LANGUAGES = ("en", "ja")


@dataclass(frozen=True)
class Words:
    """One language's sentences."""

    language: str
    texts: Mapping[str, Any]

    def say(self, key: str, **values: object) -> str:
        """One sentence with its values."""
        return str(self.texts[key]).format(**values)

    def items(self, key: str) -> tuple[str, ...]:
        """A list of sentences."""
        return tuple(self.texts[key])

    def question(self, check: str, title: str) -> str:
        """A check's question; its title where there is none."""
        return str(self.texts["checks"].get(check, title))


@cache
def words_of(language: str) -> Words:
    """The sentences of a language.

    Raises:
        ConfigurationError: there is none.
    """
    if language not in LANGUAGES:
        raise ConfigurationError(f"there is no report in {language!r}", mend=f"choose one of {', '.join(LANGUAGES)}")
    data = files("orchestrator.audit.paper").joinpath("words", f"{language}.json").read_text("utf-8")
    return Words(language, json.loads(data))
